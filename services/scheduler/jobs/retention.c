/* What nobody asks for any more: events with their deliveries, and the log of what was sent. In small
 * transactions, and only so many a run: it goes on at once when there is more. */
#include "base/log.h"
#include "common.pb-c.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/retention.sql.h"

enum { ROWS_A_STEP = 1000, STEPS_A_RUN = 50 };

static const struct kept {
    const struct sql *sql;
    const char *what;
} kept[] = {
    { &sql_retention_events, "events swept" },
    { &sql_retention_attempts, "entries of the event log swept" },
};

/* A few rows may stand out of order: what is young is passed over until a step finds nothing old. */
static bool kept_sweep(struct cadence_call *call, const struct kept *k, struct fault *f)
{
    RetentionStep in = RETENTION_STEP__INIT;
    RetentionSwept step = RETENTION_SWEPT__INIT;
    Instant before = INSTANT__INIT;
    int64_t swept = 0;
    int steps = 0;
    before.us = call->now.us - scheduler.keep_events.us;
    in.before = &before;
    in.room = ROWS_A_STEP;
    do {
        if (!store_one(call->store, call->arena, k->sql, &in.base, &step.base, f))
            return false;
        swept += step.swept;
    } while (step.swept > 0 && ++steps < STEPS_A_RUN);
    call->more = call->more || step.swept > 0;
    if (swept)
        log_info(k->what, LOG_INT("count", swept));
    return true;
}

bool retention_run(struct cadence_call *call, struct fault *f)
{
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!kept_sweep(call, &kept[i], f))
            return false;
    return true;
}
