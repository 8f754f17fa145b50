#include "round_end.h"

#include "gate.h"
#include "validation.h"

enum { BEYOND_PAUSE_S = 3600, LEAST_S = 2, ANSWER_MARGIN_S = 1 };

/* ---- when */

struct tick round_end_deadline(const struct lane_item *item)
{
    struct tick his = validation_deadline(item->waiter, seconds(ANSWER_MARGIN_S));
    struct tick least = tick_after(seconds(LEAST_S));

    return his.us > least.us ? his : least;
}

bool round_end_due(const struct lane_item *item, const struct round_due *due, struct instant now,
                   struct instant *next)
{
    struct instant soon = instant_add(now, lane_pause(item->job->attempt + 1));

    if (gate_is_cut() && due->failed) {
        *next = now; /* another process may have it at once */
        return true;
    }
    if (!cadence_next(due->cadence, due->from, now, next)) {
        if (!due->beyond)
            return false;
        *next = instant_add(now, seconds(BEYOND_PAUSE_S));
    }
    if (due->failed && instant_before(soon, *next))
        *next = soon;
    return true;
}

/* ---- what follows */

void round_end_tell(struct lane_item *item, const RoundAdvanced *to)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;

    outcome.result = to->waiting ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__DONE;
    if (to->has_job_id) {
        outcome.has_next_job_id = true;
        outcome.next_job_id = to->job_id;
        outcome.next_lane = to->lane;
        /* Who waits for this job is told of the next one and runs it. */
        if (validation.run && !item->waiter)
            job_hint(validation.run->bus, to->lane, to->job_id, item->job->traceparent);
    }
    lane_finish(item, &outcome);
}

static void committed(struct commit *commit, const struct rows *rows, const struct fault *f)
{
    struct round_end *e = commit->context;
    const RoundAdvanced *to = !f && rows->count ? (const RoundAdvanced *)rows->items[0] : NULL;

    e->over(e, to);
    if (f)
        lane_fail(e->item, f); /* what took effect all the same has moved the job on */
    else if (to)
        round_end_tell(e->item, to);
    else
        lane_gone(e->item);
    gate_leave();
}

void round_end_commit(struct round_end *e)
{
    struct fault f = { 0 };

    e->commit = (struct commit){
        .sql = e->sql, .in = e->in, .key = "job_epoch", .done = committed, .context = e
    };
    if (!committer_put(validation.committer, &e->commit, &f))
        committed(&e->commit, NULL, &f);
}

void round_end_put_back(struct lane_item *item, struct duration pause)
{
    lane_again(item, instant_add(clock_now(), pause), false);
    gate_leave();
}
