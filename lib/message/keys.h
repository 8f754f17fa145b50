/* keys - the keys that open objects have used, to refuse one that comes twice. A stack: an object
 * marks where its keys begin, and releases them at its end. */
#ifndef MESSAGE_KEYS_H
#define MESSAGE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct key;

struct keys {
    struct arena *arena;
    struct key *items;
    size_t count, room;
};

void keys_init(struct keys *k, struct arena *a);
size_t keys_mark(const struct keys *k);
void keys_release(struct keys *k, size_t mark);

/* False if the key is there since `mark`. Compares with each of them, so objects must be bounded.
 * `text` is kept, and must be readable for 8 bytes past its end. */
bool keys_add(struct keys *k, size_t mark, const char *text, size_t length);

#endif
