/* ca - one certification authority: its certificate as far as issuing needs it, and its key. */
#ifndef X509_CA_H
#define X509_CA_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"
#include "pki/key.h"
#include "token/token.h"

struct ca {
    struct arena arena;
    const char *name;     /* {ca} in URLs: its id */
    struct bytes der;     /* the certificate */
    struct bytes subject; /* whole Name: the issuer of what it signs, byte for byte (BR 7.1.4.1) */
    struct bytes key_id;  /* its subjectKeyIdentifier */
    struct instant not_before, not_after;
    struct key public;
    struct evp_pkey_st *verifier;
    const struct token_key *key; /* NULL: the token does not have it */
};

/* NULL with FAULT_INVALID unless `der` is a CA certificate with a subjectKeyIdentifier, and for
 * that `key` if there is one. Copies what it needs; safe to use from any thread. */
struct ca *ca_new(const char *name, struct bytes der, const struct token_key *key, struct fault *f);
void ca_free(struct ca *ca); /* NULL allowed */

#endif
