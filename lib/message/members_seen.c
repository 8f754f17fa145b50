#include "message/members_seen.h"

#include <string.h>

#include "message/plan.h"

struct member_seen {
    uint64_t hash;
    const char *text;
    size_t length;
};

void members_seen_init(struct members_seen *k, struct arena *a)
{
    *k = (struct members_seen){ .arena = a };
}

size_t members_seen_mark(const struct members_seen *k)
{
    return k->count;
}

void members_seen_release(struct members_seen *k, size_t mark)
{
    k->count = mark;
}

static void make_room(struct members_seen *k)
{
    if (k->count < k->room)
        return;
    k->room = k->room ? k->room * 2 : 16;
    struct member_seen *items = arena_array(k->arena, struct member_seen, k->room);
    if (k->count)
        memcpy(items, k->items, k->count * sizeof *items);
    k->items = items;
}

bool members_seen_add(struct members_seen *k, size_t mark, const char *text, size_t length)
{
    struct member_seen key = { key_hash(text, length), text, length };

    for (size_t i = mark; i < k->count; i++) {
        const struct member_seen *other = &k->items[i];
        if (other->hash == key.hash && other->length == length &&
            memcmp(other->text, text, length) == 0)
            return false;
    }
    make_room(k);
    k->items[k->count++] = key;
    return true;
}
