#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

enum { ROOM_LEAST = 64 };

/* Places count from 1, as in the books: those below place p are 2p and 2p + 1. */
static struct heap_item **at_place(const struct heap *h, size_t place)
{
    return &h->items[place - 1];
}

static bool sooner(const struct heap_item *a, const struct heap_item *b)
{
    return a->at.us < b->at.us;
}

static void put(struct heap *h, size_t place, struct heap_item *item)
{
    *at_place(h, place) = item;
    item->place = place;
}

static void rise(struct heap *h, struct heap_item *item)
{
    size_t place = item->place;

    for (; place > 1 && sooner(item, *at_place(h, place / 2)); place /= 2)
        put(h, place, *at_place(h, place / 2));
    put(h, place, item);
}

static size_t sooner_below(const struct heap *h, size_t place)
{
    size_t left = 2 * place, right = left + 1;

    return right <= h->count && sooner(*at_place(h, right), *at_place(h, left)) ? right : left;
}

static void sink(struct heap *h, struct heap_item *item)
{
    size_t place = item->place;

    for (size_t below; 2 * place <= h->count; place = below) {
        below = sooner_below(h, place);
        if (!sooner(*at_place(h, below), item))
            break;
        put(h, place, *at_place(h, below));
    }
    put(h, place, item);
}

/* One of the two does nothing. */
static void settle(struct heap *h, struct heap_item *item)
{
    rise(h, item);
    sink(h, item);
}

/* By halves and doubles, and not at one border: what comes and goes there would copy the array each time. */
static void resize(struct heap *h)
{
    size_t room = h->room;

    if (h->count == room)
        room = room ? 2 * room : ROOM_LEAST;
    else if (room > ROOM_LEAST && h->count < room / 4)
        room /= 2;
    if (room == h->room)
        return;
    h->items = reallocarray(h->items, room, sizeof *h->items);
    h->room = room;
}

void heap_add(struct heap *h, struct heap_item *item, struct tick at)
{
    assert(!heap_holds(item));
    resize(h);
    item->at = at;
    put(h, ++h->count, item);
    rise(h, item);
}

void heap_move(struct heap *h, struct heap_item *item, struct tick at)
{
    assert(heap_holds(item));
    item->at = at;
    settle(h, item);
}

void heap_remove(struct heap *h, struct heap_item *item)
{
    size_t place = item->place;
    struct heap_item *last;

    if (!heap_holds(item))
        return;
    last = *at_place(h, h->count--);
    item->place = 0;
    if (last != item) {
        put(h, place, last);
        settle(h, last);
    }
    resize(h);
}

struct heap_item *heap_first(const struct heap *h)
{
    return h->count ? *at_place(h, 1) : NULL;
}

struct heap_item *heap_due(const struct heap *h, struct tick now)
{
    struct heap_item *first = heap_first(h);

    return first && first->at.us <= now.us ? first : NULL;
}

int heap_wait_ms(const struct heap *h, int most)
{
    const struct heap_item *first = heap_first(h);
    int64_t left = first ? (tick_left(first->at).us + 999) / 1000 : most;

    return left < most ? (int)left : most;
}

void heap_free(struct heap *h)
{
    assert(h->count == 0);
    free(h->items);
    *h = (struct heap){ 0 };
}
