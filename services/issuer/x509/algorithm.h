/* algorithm - the signature algorithms that we sign with, by their exact bytes (TLS BR 7.1.3.2). */
#ifndef X509_ALGORITHM_H
#define X509_ALGORITHM_H

#include "base/text.h"
#include "token/token.h"

struct sign_algorithm {
    const char *key_kind;  /* of the signing key, as token_key_kind has it */
    const char *hash_name; /* "sha256", as orders have it */
    enum token_hash hash;
    struct bytes der; /* the whole AlgorithmIdentifier */
};

/* A curve has one hash (TLS BR 7.1.3.2.2) whatever was asked for; RSA takes the one that was.
 * NULL when there is none. */
const struct sign_algorithm *sign_algorithm_find(const char *key_kind, const char *hash_name);

#endif
