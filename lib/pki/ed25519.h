/* ed25519 - signatures over texts of ours (RFC 8032), with keys in PEM files as openssl writes them:
 * PKCS #8 (RFC 8410) for who signs, SubjectPublicKeyInfo for who checks.
 */
#ifndef PKI_ED25519_H
#define PKI_ED25519_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum { ED25519_SIZE = 64 };

/* A new pair as PEM; the private text is the caller's to wipe. */
void ed25519_make(struct arena *a, char **private_pem, char **public_pem);

/* FAULT_INVALID when the text is no such key. */
bool ed25519_sign(const char *private_pem, struct bytes text, uint8_t out[ED25519_SIZE],
                  struct fault *f);

struct ed25519_key;

/* The public half, from a file. NULL with FAULT_INVALID on `path`. Lives as long as the process. */
struct ed25519_key *ed25519_load(const char *path, struct fault *f);
void ed25519_free(struct ed25519_key *key); /* NULL allowed */

/* Any thread. */
bool ed25519_verify(const struct ed25519_key *key, struct bytes text, struct bytes signature);

#endif
