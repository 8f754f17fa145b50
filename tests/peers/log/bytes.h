/* bytes - bytes as TLS writes them (RFC 5246 4), and their SHA-256. */
#ifndef PEERS_LOG_BYTES_H
#define PEERS_LOG_BYTES_H

#include <openssl/sha.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

struct hash {
    uint8_t bytes[SHA256_DIGEST_LENGTH];
};

static inline void add_number(struct text *t, uint64_t n, int size)
{
    for (int i = size - 1; i >= 0; i--)
        text_add_char(t, (char)(n >> (8 * i)));
}

static inline void add_opaque(struct text *t, struct bytes b, int length_size)
{
    add_number(t, b.size, length_size);
    text_add_bytes(t, b.data, b.size);
}

static inline struct bytes bytes_of(const struct text *t)
{
    return (struct bytes){ (const uint8_t *)t->data, t->length };
}

static inline struct hash hash_of(struct bytes b)
{
    struct hash h;

    SHA256(b.data, b.size, h.bytes);
    return h;
}

static inline bool hash_is(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

#endif
