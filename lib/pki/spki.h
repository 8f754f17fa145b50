/* spki - whose key is it? The SHA-256 of the SubjectPublicKeyInfo names a key, whatever it came in.
 *
 * For operators: this reads with OpenSSL's decoders, more than customers may send.
 */
#ifndef PKI_SPKI_H
#define PKI_SPKI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "pki/digest.h"

/* The key in a text with armour: of a private key, a public key, a request or a certificate, the first
 * of these that is there. As a request would have it: RSA with NULL, an uncompressed point on a named
 * curve. Faults are FAULT_INVALID on `field`. */
bool spki_of(struct arena *a, const char *text, struct bytes *out, struct fault *f,
             const char *field);
bool spki_sha256_of(struct arena *a, const char *text, uint8_t out[SHA256_SIZE], struct fault *f,
                    const char *field);

#endif
