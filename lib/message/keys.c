#include "message/keys.h"

#include <string.h>

#include "message/plan.h"

struct key {
    uint64_t hash;
    const char *text;
    size_t length;
};

void keys_init(struct keys *k, struct arena *a)
{
    *k = (struct keys){ .arena = a };
}

size_t keys_mark(const struct keys *k)
{
    return k->count;
}

void keys_release(struct keys *k, size_t mark)
{
    k->count = mark;
}

static void make_room(struct keys *k)
{
    if (k->count < k->room)
        return;
    k->room = k->room ? k->room * 2 : 16;
    struct key *items = arena_array(k->arena, struct key, k->room);
    if (k->count)
        memcpy(items, k->items, k->count * sizeof *items);
    k->items = items;
}

bool keys_add(struct keys *k, size_t mark, const char *text, size_t length)
{
    struct key key = { key_hash(text, length), text, length };

    for (size_t i = mark; i < k->count; i++) {
        const struct key *other = &k->items[i];
        if (other->hash == key.hash && other->length == length &&
            memcmp(other->text, text, length) == 0)
            return false;
    }
    make_room(k);
    k->items[k->count++] = key;
    return true;
}
