/* turns - who of many that wait goes next, so that nobody starves the others.
 *
 *     turns_put(t, &work->turn, "account 900", "example.com");
 *     while ((next = turns_next(t)))
 *         begin(next);                         // and later turns_done(t, next)
 *
 * What waits has two keys: whose it is (the asker) and where it leads (the place). Askers take turns,
 * and the places of an asker take turns as well; those of one asker for one place go in the order they
 * came. No more than `most` are under way in all, `most_asker` of one asker, `most_place` to one place,
 * whoever asks: what cannot go for the sake of its place is stepped over, and is the first to go when
 * there is room again (the model is the queue manager of Postfix, qmgr_peer.c).
 *
 * Numbers are of weight, which is 1 unless an item says more: whoever is below a limit may take one item
 * more, whatever its weight, so that nothing is too heavy to go; a limit of 0 is none. A step costs
 * O(log n) of the keys known, which are those that something waits for or is under way to.
 *
 * Items are the caller's and stay where they are until they are done or dropped; keys are copied, up to
 * TURNS_KEY_SIZE: what is longer is told apart by its beginning. There is no lock: one thread at a time.
 */
#ifndef BASE_TURNS_H
#define BASE_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

/* A host's name with its port has room in it. */
enum { TURNS_KEY_SIZE = 320 };

struct turns_options {
    int most, most_asker, most_place; /* under way */
    int waiting_asker, waiting_place; /* under way or waiting */
};

struct turns_item {
    int weight; /* 0: 1 */
    /* The queue's own. */
    TAILQ_ENTRY(turns_item) link;
    struct turns_asker *asker;
    struct turns_place *place;
    struct turns_line *line; /* while it waits */
};

struct turns;

struct turns *turns_new(const struct turns_options *options);
/* Nothing waits and nothing is under way any more. NULL allowed. */
void turns_free(struct turns *t);

enum turns_taken {
    TURNS_TAKEN,
    TURNS_ASKER_FULL, /* too much of this asker's waits: not taken */
    TURNS_PLACE_FULL
};

/* Waits from now on. */
enum turns_taken turns_put(struct turns *t, struct turns_item *item, const char *asker,
                           const char *place);

/* Whose turn it is: under way from now on. NULL: nobody who waits may go. */
struct turns_item *turns_next(struct turns *t);

/* What was under way is over. */
void turns_done(struct turns *t, struct turns_item *item);

/* What waits goes away. */
void turns_drop(struct turns *t, struct turns_item *item);

static inline bool turns_waits(const struct turns_item *item)
{
    return item->line != NULL;
}

#endif
