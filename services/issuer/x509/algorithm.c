#include "x509/algorithm.h"

#include <string.h>

// clang-format off
#define BYTES(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
#define ECDSA(last)    BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last)
#define RSA(last)      BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00")
#define RSA_ROWS(kind)                                      \
    { kind,   "sha256", TOKEN_SHA256, RSA("\x0b") },        \
    { kind,   "sha384", TOKEN_SHA384, RSA("\x0c") },        \
    { kind,   "sha512", TOKEN_SHA512, RSA("\x0d") }

static const struct sign_algorithm algorithms[] = {
    { "p256", NULL,     TOKEN_SHA256, ECDSA("\x02") },
    { "p384", NULL,     TOKEN_SHA384, ECDSA("\x03") },
    RSA_ROWS("rsa2048"),
    RSA_ROWS("rsa3072"),
    RSA_ROWS("rsa4096"),
};
// clang-format on

const struct sign_algorithm *sign_algorithm_find(const char *key_kind, const char *hash_name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (strcmp(algorithms[i].key_kind, key_kind) == 0 &&
            (!algorithms[i].hash_name || strcmp(algorithms[i].hash_name, hash_name) == 0))
            return &algorithms[i];
    return NULL;
}
