#define OPENSSL_SUPPRESS_DEPRECATED /* the block function alone has no other name */
#include "sha1.h"

#include <assert.h>
#include <endian.h>
#include <openssl/sha.h>
#include <string.h>

void sha1_short(const uint8_t *in, size_t size, uint8_t out[SHA1_SIZE])
{
    uint8_t padded[128] = { 0 };
    size_t blocks = size < 56 ? 1 : 2;
    uint64_t bits = htobe64(size * 8);
    SHA_CTX ctx;

    assert(size <= SHA1_SHORT_MAX);
    memcpy(padded, in, size);
    padded[size] = 0x80;
    memcpy(padded + blocks * 64 - 8, &bits, 8);
    SHA1_Init(&ctx);
    for (size_t i = 0; i < blocks; i++)
        SHA1_Transform(&ctx, padded + i * 64);
    const uint32_t words[] = { htobe32(ctx.h0), htobe32(ctx.h1), htobe32(ctx.h2), htobe32(ctx.h3),
                               htobe32(ctx.h4) };
    memcpy(out, words, SHA1_SIZE);
}
