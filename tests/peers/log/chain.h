/* chain - a chain of certificates as it is submitted, whether it leads to a root that is known, and what is logged of it. By
 * OpenSSL's own X.509 alone. */
#ifndef PEERS_LOG_CHAIN_H
#define PEERS_LOG_CHAIN_H

#include <openssl/x509.h>

#include "tests/peers/log/bytes.h"

enum { CHAIN_MAX = 8 };
enum { PLAIN, PRECERTIFICATE }; /* LogEntryType */

struct chain {
    X509 *all[CHAIN_MAX];
    size_t count;
    X509 *root; /* that it leads to */
};

/* PEM; read anew while it has none. Once, at first. */
void roots_are_in(const char *file);
size_t roots_list(X509 *const **out);

bool chain_read(struct arena *a, const char *json, struct chain *out);
bool chain_leads_to_a_root(struct chain *c);
bool chain_is_poisoned(const struct chain *c);
void chain_free(struct chain *c);

struct bytes chain_logged(struct arena *a, const struct chain *c, int type);
struct bytes chain_extra(struct arena *a, const struct chain *c, int type);
struct bytes der_of(struct arena *a, X509 *x);

#endif
