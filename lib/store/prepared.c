#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/connection.h"

/* The slot that holds `sql`, or the free one where it belongs. */
static size_t slot_of(const struct prepared *p, const struct sql *sql)
{
    size_t mask = p->room - 1, at = ((uintptr_t)sql >> 4) * 0x9E3779B1u & mask;

    while (p->slots[at] && p->slots[at] != sql)
        at = (at + 1) & mask;
    return at;
}

bool prepared_has(const struct prepared *p, const struct sql *sql)
{
    return p->room && p->slots[slot_of(p, sql)];
}

static void grow(struct prepared *p)
{
    struct prepared bigger = { .room = p->room ? p->room * 2 : 128, .count = p->count };

    bigger.slots = calloc(bigger.room, sizeof(const struct sql *));
    for (size_t i = 0; i < p->room; i++)
        if (p->slots[i])
            bigger.slots[slot_of(&bigger, p->slots[i])] = p->slots[i];
    free(p->slots);
    *p = bigger;
}

void prepared_add(struct prepared *p, const struct sql *sql)
{
    if (prepared_has(p, sql))
        return;
    if (p->count * 2 >= p->room)
        grow(p);
    p->slots[slot_of(p, sql)] = sql;
    p->count++;
}

void prepared_clear(struct prepared *p)
{
    free(p->slots);
    *p = (struct prepared){ 0 };
}
