/* key - finding and making keys in a token. */
#ifndef TOKEN_KEY_H
#define TOKEN_KEY_H

#include "token/connection.h"

/* One kind of key that a certificate authority may have here (BR 6.1.5), and how PKCS#11 and X.509
 * spell it. */
struct key_kind {
    const char *name;
    CK_KEY_TYPE type;
    CK_ULONG bits;
    struct bytes curve;     /* CKA_EC_PARAMS: the named curve's OID; RSA: empty */
    struct bytes algorithm; /* AlgorithmIdentifier of the public key, DER (BR 7.1.3.1) */
};

const struct key_kind *key_kind_find(const char *name); /* NULL if there is none */

struct token_key {
    size_t index; /* into session.keys */
    const char *label;
    const struct key_kind *kind;
    struct bytes public; /* SubjectPublicKeyInfo */
};

/* What a caller asked for wrongly (no such key) is told in `f` with CKR_OK; else `f` is left alone.
 */

/* Fills in kind and public half of the key with this label; memory is taken from `a`. */
CK_RV key_find(struct session *s, struct arena *a, const char *label, struct token_key *out,
               struct fault *f);

/* `copyable`: the token may be asked for copies of it in sessions. */
CK_RV key_make(struct session *s, const char *label, const struct key_kind *kind, bool copyable,
               struct fault *f);

/* The private key's handle in this session, remembered there. `copy`: of a copy in the session. */
CK_RV key_handle(struct session *s, const struct token_key *key, bool copy,
                 CK_OBJECT_HANDLE *handle, struct fault *f);

#endif
