/* deadlines - which look-up must be answered next: a binary heap of what others own. */
#ifndef VALIDATION_DEADLINES_H
#define VALIDATION_DEADLINES_H

#include "resolver.h"

struct deadlines {
    struct resolver_ask **items;
    size_t count, room;
};

void deadlines_add(struct deadlines *d, struct resolver_ask *ask);
void deadlines_remove(struct deadlines *d, struct resolver_ask *ask);

/* NULL: there is none. */
struct resolver_ask *deadlines_first(const struct deadlines *d);

#endif
