/* heap - what is due first: a binary heap of ticks, for whatever has a deadline.
 *
 *     heap_add(&h, &work->due, tick_after(seconds(20)));
 *     while ((due = heap_due(&h, tick_now()))) {
 *         heap_remove(&h, due);
 *         give_up(WHOLE_OF(due, struct work, due));
 *     }
 *
 * To add, to move and to remove an item costs O(log n) steps, to ask for the first O(1); of those that
 * are due at the same tick any may be the first.
 *
 * Items belong to the caller, stand within what has the deadline, and stay where they are as long as they
 * are in a heap. The heap owns one array of pointers to them, which grows and shrinks: never more than
 * four times as many as there are items, and 64. A heap and an item of zeros are empty and outside.
 *
 * There is no lock: one thread at a time, or all of them under the caller's.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/whole.h"

struct heap_item {
    struct tick at; /* to be read; changed by heap_move() alone */
    size_t place;   /* the heap's own; 0: in none */
};

struct heap {
    size_t count; /* items in it */
    /* The heap's own. */
    struct heap_item **items;
    size_t room;
};

/* Of an item that is in no heap. */
void heap_add(struct heap *h, struct heap_item *item, struct tick at);
/* Of an item that is in this heap: it is due sooner or later than it was. */
void heap_move(struct heap *h, struct heap_item *item, struct tick at);
/* Does nothing to an item that is in no heap. */
void heap_remove(struct heap *h, struct heap_item *item);

/* The one that is due before all others; NULL: the heap is empty. */
struct heap_item *heap_first(const struct heap *h);
/* The same if it is due at `now` or was before; else NULL. */
struct heap_item *heap_due(const struct heap *h, struct tick now);
/* How long a poll() may wait for the first, in milliseconds and `most` at the most. Rounded up: to wake
 * before it is due would be for nothing. */
int heap_wait_ms(const struct heap *h, int most);

/* Frees the array, which is empty: the items are not the heap's. */
void heap_free(struct heap *h);

static inline bool heap_holds(const struct heap_item *item)
{
    return item->place != 0;
}

#endif
