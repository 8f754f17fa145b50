/* identifier - one thing that a certificate is about, and of which kind it is: what is proved, and what
 * stands in subjectAltName (RFC 5280 4.2.1.6). */
#ifndef PKI_IDENTIFIER_H
#define PKI_IDENTIFIER_H

#include <stddef.h>

#include "base/arena.h"

enum identifier_kind {
    IDENTIFIER_DNS = 'd',  /* dNSName: a host, lower case, A-labels, with a wildcard or not */
    IDENTIFIER_IP = 'i',   /* iPAddress, in any spelling of it */
    IDENTIFIER_EMAIL = 'e' /* rfc822Name */
};

struct identifier {
    enum identifier_kind kind;
    const char *value;
};

/* Where names are kept as text alone, this and nothing else decides what they are. */
enum identifier_kind identifier_guess(const char *text);
struct identifier *identifiers_guess(struct arena *a, char *const *texts, size_t count);

#endif
