/* curve_keys - the folder of CURVE keys. SERVICE.pub of every service, SERVICE.key of one's own; while a
 * key is being changed also SERVICE.old.pub and SERVICE.old.key. Each holds one key as Z85 text.
 * Files are read when they are needed, so a changed folder counts at once. */
#ifndef BUS_CURVE_KEYS_H
#define BUS_CURVE_KEYS_H

#include <stdbool.h>

#include "base/fault.h"

enum { KEY_TEXT_SIZE = 41, SERVICE_NAME_SIZE = 32, KEYS_EACH = 2 };

struct key_pair {
    char public[KEY_TEXT_SIZE], secret[KEY_TEXT_SIZE];
};

/* The pairs of `service`, the newest first. 0 and a fault when SERVICE.key is missing, damaged or
 * not guarded (base/secret_file.h). */
int curve_keys_read_own(const char *folder, const char *service, struct key_pair out[KEYS_EACH],
                        struct fault *f);

/* The public keys of `service`, the newest first. 0 and a fault when SERVICE.pub is missing. */
int curve_keys_read_public(const char *folder, const char *service,
                           char out[KEYS_EACH][KEY_TEXT_SIZE], struct fault *f);

/* Whose public key is it? False if nobody's. */
bool curve_keys_find_owner(const char *folder, const char *public, char owner[SERVICE_NAME_SIZE]);

#endif
