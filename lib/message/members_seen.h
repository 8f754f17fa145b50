/* members_seen - the keys that open objects have used, to refuse one that comes twice. A stack: an object
 * marks where its keys begin, and releases them at its end. */
#ifndef MESSAGE_MEMBERS_SEEN_H
#define MESSAGE_MEMBERS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct member_seen;

struct members_seen {
    struct arena *arena;
    struct member_seen *items;
    size_t count, room;
};

void members_seen_init(struct members_seen *k, struct arena *a);
size_t members_seen_mark(const struct members_seen *k);
void members_seen_release(struct members_seen *k, size_t mark);

/* False if the key is there since `mark`. Compares with each of them, so objects must be bounded.
 * `text` is kept, and must be readable for 8 bytes past its end. */
bool members_seen_add(struct members_seen *k, size_t mark, const char *text, size_t length);

#endif
