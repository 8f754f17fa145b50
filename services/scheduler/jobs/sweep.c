/* Idempotency keys whose time is over, in small transactions; then what is kept for a while. */
#include "base/log.h"
#include "common.pb-c.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/sweep.sql.h"

enum { ROWS_A_STEP = 5000 };

static bool keys_sweep(struct cadence_call *call, struct fault *f)
{
    SweepStep in = SWEEP_STEP__INIT;
    Instant now = INSTANT__INIT;
    int64_t swept = 0;
    bool found = true;
    now.us = call->now.us;
    in.now = &now;
    in.account_id = INT64_MIN;
    in.idem_key.data = (uint8_t[]){ 0 };
    in.room = ROWS_A_STEP;
    while (found) {
        SweptStep step = SWEPT_STEP__INIT;
        if (!store_maybe(call->store, call->arena, &sql_sweep_step, &in.base, &step.base, &found,
                         f))
            return false;
        swept += step.swept;
        in.account_id = step.account_id;
        in.idem_key = step.idem_key;
    }
    if (swept)
        log_info("idempotency keys swept", LOG_INT("count", swept));
    return true;
}

bool sweep_run(struct cadence_call *call, struct fault *f)
{
    return keys_sweep(call, f) && retention_run(call, f);
}
