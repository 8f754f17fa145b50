/* csr_make - makes keys and certificate requests, as a client does: for tests, load and the
 * demonstration. The authority itself never makes a subscriber's key (TLS BR 6.1.1.3).
 */
#ifndef PKI_CSR_MAKE_H
#define PKI_CSR_MAKE_H

#include "base/arena.h"
#include "base/text.h"

struct evp_pkey_st;

/* "P-256", "P-384", "P-521", "secp256k1", "Ed25519", or an RSA size such as "2048". Ends the
 * process for anything else. The caller frees it with csr_make_key_free(). */
struct evp_pkey_st *csr_make_key(const char *kind);
void csr_make_key_free(struct evp_pkey_st *key);

/* The SubjectPublicKeyInfo of a key. */
struct bytes csr_make_spki(struct arena *a, struct evp_pkey_st *key);

/* A request for these names, the first one as common name and all as subjectAltName; signed with
 * SHA-256, RSA by PKCS #1 v1.5. `count` may be 0. */
struct bytes csr_make(struct arena *a, struct evp_pkey_st *key, const char *const *names,
                      size_t count);

/* Its parts, for requests that are not so well made. `algorithm` and `info` are whole values;
 * `hash` is OpenSSL's name, or NULL for Ed25519; `salt` < 0 means no PSS. */
struct bytes csr_make_info(struct arena *a, struct bytes spki, const char *const *names,
                           size_t count);
struct bytes csr_make_signed(struct arena *a, struct evp_pkey_st *key, struct bytes info,
                             struct bytes algorithm, const char *hash, int salt);

#endif
