#include "deadlines.h"

#include <stdlib.h>

static bool earlier(const struct deadline *a, const struct deadline *b)
{
    return a->at.us < b->at.us;
}

static void put(struct deadlines *d, size_t place, struct deadline *of)
{
    d->items[place] = of;
    of->place = place;
}

static void rise(struct deadlines *d, struct deadline *of)
{
    size_t place = of->place;

    while (place > 0 && earlier(of, d->items[(place - 1) / 2])) {
        put(d, place, d->items[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(d, place, of);
}

static void sink(struct deadlines *d, struct deadline *of)
{
    size_t place = of->place;
    size_t below;

    for (; (below = 2 * place + 1) < d->count; place = below) {
        if (below + 1 < d->count && earlier(d->items[below + 1], d->items[below]))
            below++;
        if (!earlier(d->items[below], of))
            break;
        put(d, place, d->items[below]);
    }
    put(d, place, of);
}

void deadlines_add(struct deadlines *d, struct deadline *of)
{
    if (d->count == d->room) {
        d->room = d->room ? 2 * d->room : 64;
        d->items = reallocarray(d->items, d->room, sizeof(void *));
    }
    put(d, d->count++, of);
    rise(d, of);
}

void deadlines_remove(struct deadlines *d, struct deadline *of)
{
    struct deadline *last = d->items[--d->count];
    size_t place = of->place;

    of->place = DEADLINES_NOWHERE;
    if (last == of)
        return;
    put(d, place, last);
    rise(d, last);
    sink(d, last);
}

struct deadline *deadlines_first(const struct deadlines *d)
{
    return d->count ? d->items[0] : NULL;
}
