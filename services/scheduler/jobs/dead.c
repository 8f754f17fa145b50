/* Jobs that were given up: each is a task for an operator, told at least once. What holds up an order
 * is tried again by itself after a while. */
#include "base/log.h"
#include "common.pb-c.h"
#include "job.pb-c.h"
#include "message/convert.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/dead.sql.h"

enum { DEAD_A_RUN = 100 };

static bool dead_tell(struct cadence_call *call, struct fault *f)
{
    DeadQuery in = DEAD_QUERY__INIT;
    DeadReport told = DEAD_REPORT__INIT;
    Instant now = INSTANT__INIT;
    struct rows rows;
    in.room = DEAD_A_RUN;
    if (!store_all(call->store, call->arena, &sql_dead_unreported, &in.base, &rows, f))
        return false;
    told.ids = arena_array(call->arena, int64_t, rows.count + 1);
    for (size_t i = 0; i < rows.count; i++) {
        const JobRow *job = (const JobRow *)rows.items[i];
        log_error("operator: a job was given up (chancery jobs --dead)", LOG_INT("job_id", job->id),
                  LOG_TEXT("lane", job->lane), LOG_INT("subject", job->subject),
                  LOG_TEXT("story", job->story));
        told.ids[told.n_ids++] = job->id;
    }
    now.us = call->now.us;
    told.now = &now;
    call->more = rows.count == DEAD_A_RUN;
    return rows.count == 0 ||
           store_run(call->store, call->arena, &sql_dead_report, &told.base, NULL, f);
}

static bool dead_raise(struct cadence_call *call, struct fault *f)
{
    DeadQuery in = DEAD_QUERY__INIT;
    struct rows rows;
    in.room = DEAD_A_RUN;
    in.now = instant_message(call->arena, call->now);
    if (!store_all(call->store, call->arena, &sql_dead_raise, &in.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const JobRow *job = (const JobRow *)rows.items[i];
        log_warn("a job that was given up is tried again", LOG_INT("job_id", job->id),
                 LOG_TEXT("lane", job->lane), LOG_INT("subject", job->subject));
    }
    call->more = call->more || rows.count == DEAD_A_RUN;
    return true;
}

bool dead_run(struct cadence_call *call, struct fault *f)
{
    return dead_tell(call, f) && dead_raise(call, f);
}
