/* crew - a queue and the threads that empty it, in batches of one kind.
 *
 * A run costs much before its first item (a statement, a claim), so a thread leaves what comes to
 * one that is at work, which takes all of it next: another begins only when nobody works, when as
 * many wait as the first of them says, or when nothing was begun for 10 ms. Then whoever works is
 * stuck, and what came behind must not wait for that.
 *
 * Where nobody is at work, who comes after a run of several is given `pause` to be joined by as many
 * again: the fewer runs, the less of the machine goes to their beginnings (adr 0041). Who comes after one
 * alone is taken at once.
 *
 * Those who ask take turns by weight (start-time fair queueing, Goyal et al. 1996): who has put much
 * waits behind his own, and who comes with little goes next, however much of others waits.
 *
 * All functions from any thread, but start, stop and free. `run` is called without a lock.
 */
#ifndef BASE_CREW_H
#define BASE_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum { CREW_BATCH_MAX = 32, CREW_WEIGHT_MAX = 256 };

/* What a run saves for each that joins it is worth to nearly all who commit. */
#define CREW_PAUSE milliseconds(2)

struct crew;

/* Within what is queued. A run has items of the same kind, which have the same `batch` and `gather`. */
struct crew_item {
    const void *kind;
    int batch;     /* items a run takes at the most, up to CREW_BATCH_MAX */
    int gather;    /* while a thread runs, another begins when so many wait; 0: at once */
    int weight;    /* several run together up to CREW_WEIGHT_MAX in all; 0: it has none */
    int64_t asker; /* an id, whose turns it takes; 0: behind all that wait */
    int64_t turn;  /* this and the next are the crew's */
    struct crew_item *next;
};

struct crew_options {
    int threads;
    int room;              /* items that may wait; 0: any number */
    struct duration pause; /* for company; 0: none is waited for */
    void *context;
    /* What a thread has for itself, such as a connection: made and ended on it. May be NULL. */
    void *(*enter)(void *context);
    void (*leave)(void *mine);
    /* Each item is in one run, those of one asker in the order they came. */
    void (*run)(void *context, void *mine, struct crew_item **items, size_t count);
};

/* Returns when all threads have entered. */
struct crew *crew_start(const struct crew_options *options);

/* False when there is no room, or after crew_stop(). */
bool crew_put(struct crew *c, struct crew_item *item);

/* Shows what waits, the next first, under the crew's lock: `see` calls nothing of the crew. */
void crew_see(struct crew *c, void (*see)(const struct crew_item *item, void *context),
              void *context);

/* Takes nothing more, ends with what is queued; a second call does nothing. */
void crew_stop(struct crew *c);
void crew_free(struct crew *c); /* stops first, if need be; NULL allowed */

/* Runs so far: sizes[n] had n items. */
void crew_sizes(struct crew *c, uint64_t sizes[CREW_BATCH_MAX + 1]);

#endif
