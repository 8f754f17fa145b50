/* evp - OpenSSL objects that are fetched once and shared by all threads. For lib/pki and the
 * issuer.
 *
 * EVP_sha256() and its like are looked up anew by each operation, under a lock; what these
 * functions return is ready. The first call of any of them fetches everything.
 */
#ifndef PKI_EVP_H
#define PKI_EVP_H

#include <openssl/evp.h>

#include "base/cleanup.h"

const EVP_MD *evp_sha1(void);
const EVP_MD *evp_sha256(void);
const EVP_MD *evp_sha384(void);
const EVP_MD *evp_sha512(void);
const EVP_CIPHER *evp_aes_256_gcm(void);

/* A MAC context with HMAC-SHA-256 chosen and no key: duplicate it, never use it. */
const EVP_MAC_CTX *evp_hmac_sha256(void);

AUTO_FREE(EVP_MD_CTX, EVP_MD_CTX_free);
AUTO_FREE(EVP_MAC_CTX, EVP_MAC_CTX_free);
AUTO_FREE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free);
AUTO_FREE(EVP_PKEY, EVP_PKEY_free);
AUTO_FREE(EVP_PKEY_CTX, EVP_PKEY_CTX_free);

/* What cannot fail but with memory out or a broken libcrypto: says so and aborts. */
void evp_must(int ok, const char *what);

#endif
