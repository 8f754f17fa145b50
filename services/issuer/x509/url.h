/* url - the URLs that stand in certificates, from templates in profiles. */
#ifndef X509_URL_H
#define X509_URL_H

#include "base/arena.h"

/* "http://{status}/ocsp/{ca}" with both filled in; NULL for NULL. */
char *url_fill(struct arena *a, const char *template, const char *status, const char *ca);

/* The same with {shard}, which is each certificate's own. */
char *url_fill_shard(struct arena *a, const char *template, unsigned shard);

#endif
