/* lane_poll - what lane.c, which takes and runs, lane_poll.c, which looks for what is due, and
 * lane_join.c share. Nobody else includes this. */
#ifndef LEDGER_LANE_POLL_H
#define LEDGER_LANE_POLL_H

#include <pthread.h>

#include "ledger/lane.h"
#include "store/committer.h"

enum { LANES_MAX = 16 };

LIST_HEAD(lane_items, lane_item);

struct lanes {
    struct lanes_options options;
    struct crew *crew;
    pthread_t poller;
    struct committer *committer;

    pthread_mutex_t lock;      /* of everything below */
    pthread_cond_t idle;       /* something was finished, or stopping */
    int under_way[LANES_MAX];  /* jobs */
    int weight[LANES_MAX];     /* of them */
    bool saturated[LANES_MAX]; /* the last poll found more than there was room for: poll again as
                                  soon as there is some */
    bool claimed[LANES_MAX];   /* some that left since then had been claimed; what was handed back
                                  instead would be found again at once */
    bool outage[LANES_MAX]; /* something was unavailable to a job, and none has gone well since */
    bool over[LANES_MAX];   /* one has: the poller wakes the others */
    struct tick wake_at[LANES_MAX]; /* and not before */
    struct lane_items items;        /* under way, in no order */
    uint64_t rounds;
    int total;
    bool draining, stopping;
};

int lane_index(const struct lanes *l, const struct lane *lane);

/* What each job of a lane weighs before anybody knows better. */
static inline int lane_weight(const struct lane *lane)
{
    return lane->weight ? lane->weight : 1;
}

struct lane_item *lane_item_new(struct lanes *l, const struct lane *lane, int64_t id, bool alone);

/* False: there is no room for it; it is gone, and who waits for it is the caller's. */
bool lane_item_put(struct lanes *l, struct lane_item *item);

/* The thread. */
void *lanes_poller(void *data);

/* A lane whose last poll found more than it had room for, and that gets on and has room again: with
 * it the poller wakes up. Under the lock. */
bool lanes_hungry(const struct lanes *l);

#endif
