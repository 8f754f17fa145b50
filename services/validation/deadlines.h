/* deadlines - what must end next: a binary heap of what others own. */
#ifndef VALIDATION_DEADLINES_H
#define VALIDATION_DEADLINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* The place of what is not among them. */
#define DEADLINES_NOWHERE SIZE_MAX

/* Within what has to end; `at` does not change while it is among them. */
struct deadline {
    struct tick at;
    size_t place;
};

struct deadlines {
    struct deadline **items;
    size_t count, room;
};

void deadlines_add(struct deadlines *d, struct deadline *of);
void deadlines_remove(struct deadlines *d, struct deadline *of);

/* NULL: there is none. */
struct deadline *deadlines_first(const struct deadlines *d);

#endif
