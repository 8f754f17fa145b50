#include "ledger/lane_join.h"

#include <stdlib.h>

#include "ledger/lane_poll.h"

struct lane_waiter {
    struct call *call;
    struct lane_waiter *next;
};

void lane_enter(struct lane_item *item)
{
    struct lanes *l = item->lanes;
    pthread_mutex_lock(&l->lock);
    LIST_INSERT_HEAD(&l->items, item, beside);
    pthread_mutex_unlock(&l->lock);
}

static struct lane_item *another(const struct lanes *l, const struct lane_item *of)
{
    for (struct lane_item *item = LIST_FIRST(&l->items); item; item = LIST_NEXT(item, beside))
        if (item->job_id == of->job_id && item->lane == of->lane)
            return item;
    return NULL;
}

static void waiter_add(struct lane_item *to, struct call *call)
{
    struct lane_waiter *w = calloc(1, sizeof *w);
    *w = (struct lane_waiter){ call, to->joined };
    to->joined = w;
}

static void waiters_move(struct lane_item *from, struct lane_item *to)
{
    struct lane_waiter **last = &to->joined;
    if (from->waiter)
        waiter_add(to, from->waiter);
    while (*last)
        last = &(*last)->next;
    *last = from->joined;
    from->waiter = NULL;
    from->joined = NULL;
}

void lane_leave(struct lane_item *item, JobOutcome__Result result)
{
    struct lanes *l = item->lanes;
    pthread_mutex_lock(&l->lock);
    LIST_REMOVE(item, beside);
    struct lane_item *other = result == JOB_OUTCOME__RESULT__GONE ? another(l, item) : NULL;
    if (other)
        waiters_move(item, other);
    pthread_mutex_unlock(&l->lock);
}

void lane_answer(struct lane_item *item, const JobOutcome *outcome)
{
    if (item->waiter)
        call_answer(&outcome->base, item->waiter);
    for (struct lane_waiter *w = item->joined, *next; w; w = next) {
        next = w->next;
        call_answer(&outcome->base, w->call);
        free(w);
    }
}

void lane_turn_away(struct lane_item *item)
{
    JobOutcome waiting = JOB_OUTCOME__INIT;
    waiting.result = JOB_OUTCOME__RESULT__WAITING;
    item->waiter = NULL;
    lane_leave(item, waiting.result);
    lane_answer(item, &waiting);
}
