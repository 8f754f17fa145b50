/* seal - small secrets at rest: what the API must show again is stored encrypted (AES-256-GCM) with
 * a key that is in a file and not in the database.
 *
 * Sealed bytes: version 1, four bytes that name the key (the first of its SHA-256), a nonce of 12,
 * the ciphertext, a tag of 16. The additional data tie a secret to its place, such as
 * "account.auth_key|17": moved to another row it does not open.
 *
 * Nonces are random; one key is good for 2^32 secrets (NIST SP 800-38D 8.3).
 */
#ifndef PKI_SEAL_H
#define PKI_SEAL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

/* What sealed secrets are tied to: printf forms with the id (long long) of their row. */
#define AUTH_KEY_AAD       "account.auth_key|%lld"
#define WEBHOOK_SECRET_AAD "webhook.secret|%lld"

struct seal_key;

/* From a file with 32 bytes in hexadecimal or padded base64. To rotate, the file is renamed
 * PATH.old and a new one put in its place: what the old key sealed still opens, what is sealed uses
 * the new one. NULL if a file cannot be read or is anything else; the fault is FAULT_INVALID on
 * `path`. */
struct seal_key *seal_key_load(const char *path, struct fault *f);
/* Wipes it. NULL allowed. */
void seal_key_free(struct seal_key *key);

struct bytes seal(struct arena *a, const struct seal_key *key, struct bytes aad,
                  struct bytes plain);

/* False if it was not sealed with one of the keys, for this `aad`, or was changed since; the fault
 * is FAULT_INTERNAL. `plain` is followed by a NUL that its size does not count. */
bool unseal(struct arena *a, const struct seal_key *key, struct bytes aad, struct bytes sealed,
            struct bytes *plain, struct fault *f);

/* What all begins with that the new key seals: SEAL_PREFIX bytes, that name the key. */
enum { SEAL_PREFIX = 5 };
struct bytes seal_prefix(struct arena *a, const struct seal_key *key);

/* Whether anything that begins so can be opened with one of the keys, and whether that is the new one. */
enum seal_age { SEAL_UNKNOWN, SEAL_OLD, SEAL_NEW };
enum seal_age seal_age(const struct seal_key *key, struct bytes prefix);

#endif
