#include "deadlines.h"

#include <stdlib.h>

static bool earlier(const struct resolver_ask *a, const struct resolver_ask *b)
{
    return a->deadline.us < b->deadline.us;
}

static void put(struct deadlines *d, size_t place, struct resolver_ask *ask)
{
    d->items[place] = ask;
    ask->place = place;
}

static void rise(struct deadlines *d, struct resolver_ask *ask)
{
    size_t place = ask->place;

    while (place > 0 && earlier(ask, d->items[(place - 1) / 2])) {
        put(d, place, d->items[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(d, place, ask);
}

static void sink(struct deadlines *d, struct resolver_ask *ask)
{
    size_t place = ask->place;
    size_t below;

    for (; (below = 2 * place + 1) < d->count; place = below) {
        if (below + 1 < d->count && earlier(d->items[below + 1], d->items[below]))
            below++;
        if (!earlier(d->items[below], ask))
            break;
        put(d, place, d->items[below]);
    }
    put(d, place, ask);
}

void deadlines_add(struct deadlines *d, struct resolver_ask *ask)
{
    if (d->count == d->room) {
        d->room = d->room ? 2 * d->room : 64;
        d->items = reallocarray(d->items, d->room, sizeof(void *));
        if (!d->items)
            abort();
    }
    put(d, d->count++, ask);
    rise(d, ask);
}

void deadlines_remove(struct deadlines *d, struct resolver_ask *ask)
{
    struct resolver_ask *last = d->items[--d->count];

    if (last == ask)
        return;
    put(d, ask->place, last);
    rise(d, last);
    sink(d, last);
}

struct resolver_ask *deadlines_first(const struct deadlines *d)
{
    return d->count ? d->items[0] : NULL;
}
