/* digest - hashes for everybody, without OpenSSL's headers.
 *
 * All functions are thread safe and cannot fail: a libcrypto that lost its hashes, like memory
 * that is out, ends the process.
 */
#ifndef PKI_DIGEST_H
#define PKI_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { SHA1_SIZE = 20, SHA256_SIZE = 32, SHA384_SIZE = 48, SHA512_SIZE = 64 };

/* SHA-1 only for what is named by it: thumbprints, key identifiers, OCSP's CertID. */
void digest_sha1(struct bytes in, uint8_t out[SHA1_SIZE]);
void digest_sha256(struct bytes in, uint8_t out[SHA256_SIZE]);
void digest_sha384(struct bytes in, uint8_t out[SHA384_SIZE]);
void digest_sha512(struct bytes in, uint8_t out[SHA512_SIZE]);

/* RFC 2104; a key of any length, also none. */
void hmac_sha256(struct bytes key, struct bytes message, uint8_t out[SHA256_SIZE]);

/* SHA-256 in pieces. digest_end() makes it ready for the next message. */
struct digest;
struct digest *digest_new(void);
void digest_add(struct digest *d, struct bytes piece);
void digest_end(struct digest *d, uint8_t out[SHA256_SIZE]);
void digest_free(struct digest *d); /* NULL allowed */

#endif
