/* committer - set statements, batched across callers (base/crew.h): takes whatever is queued, 1 to
 * `most` items of one statement, never waits for more. Items share a statement up to 256 rows in all
 * (CREW_WEIGHT_MAX; those of their lists count, too), so that one that brings thousands has a
 * statement of its own, and accounts take turns by rows, so that many such delay only each other.
 * A batch that fails is tried item by item, so that a bad one falls out alone, one that takes too
 * long as well; after a lost connection nothing is tried again (the outcome is unknown) and every
 * item gets FAULT_UNAVAILABLE; nor when the statement took effect and only its answer cannot be read.
 *
 * An item of a batch that took too long never shares a statement again, and the batches after it are
 * half as big: a database that is slow with many is asked with fewer before anybody is refused. Each
 * full batch that is well makes them one bigger.
 */
#ifndef STORE_COMMITTER_H
#define STORE_COMMITTER_H

#include "base/crew.h"
#include "store/store.h"

struct committer;

struct commit {
    const struct sql *sql;      /* a set statement */
    const ProtobufCMessage *in; /* borrowed until `done` was called */
    const Caller *caller;       /* who asks, likewise; NULL: nobody */
    /* Rows of the answer belong to the input whose `key` member (an int64 of that name on both
     * sides) is the same. Called once, on a committer thread, whose connection store_mine() is:
     * `rows` (maybe none, gone afterwards), or a fault. */
    const char *key;
    int64_t account_id; /* whose turn it takes, by rows (base/crew.h); 0: behind all that wait */
    void (*done)(struct commit *c, const struct rows *rows, const struct fault *f);
    void *context;
    struct crew_item item; /* the committer's */
};

/* `threads` connections work side by side. */
struct committer *committer_start(const struct store_options *options, int threads, int most);

/* False (FAULT_UNAVAILABLE, `done` is not called) when the queue is full or closed, or while our
 * clock is not trusted: what is committed is dated by it. */
bool committer_put(struct committer *m, struct commit *c, struct fault *f);

/* Finishes what is queued; nothing more is taken. NULL allowed. */
void committer_close(struct committer *m);
/* Once nobody puts any more. Closes first, if that was not done. NULL allowed. */
void committer_free(struct committer *m);

/* Batch sizes so far: sizes[n] counts the batches of n items. */
void committer_sizes(struct committer *m, uint64_t sizes[33]);

#endif
