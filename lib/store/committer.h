/* committer - set statements, batched across callers: takes whatever is queued, 1 to `most` items
 * of one statement, never waits for more. A batch that fails is tried item by item, so that a bad
 * one falls out alone; after a lost connection nothing is tried again (the outcome is unknown) and
 * every item gets FAULT_UNAVAILABLE.
 */
#ifndef STORE_COMMITTER_H
#define STORE_COMMITTER_H

#include "store/store.h"

struct committer;

struct commit {
    const struct sql *sql;      /* a set statement */
    const ProtobufCMessage *in; /* borrowed until `done` was called */
    /* Rows of the answer belong to the input whose `key` member (an int64 of that name on both
     * sides) is the same. Called once, on a committer thread, whose connection store_mine() is:
     * `rows` (maybe none, gone afterwards), or a fault. */
    const char *key;
    void (*done)(struct commit *c, const struct rows *rows, const struct fault *f);
    void *context;
    struct commit *next; /* the committer's */
};

/* `threads` connections work side by side. */
struct committer *committer_start(const struct store_options *options, int threads, int most);

/* False (FAULT_UNAVAILABLE, `done` is not called) when the queue is full or draining. */
bool committer_put(struct committer *m, struct commit *c, struct fault *f);

/* Finishes what is queued, then frees. */
void committer_stop(struct committer *m);

/* Batch sizes so far: sizes[n] counts the batches of n items. */
void committer_sizes(struct committer *m, uint64_t sizes[33]);

#endif
