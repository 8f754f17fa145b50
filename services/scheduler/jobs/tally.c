/* How many orders each account has, and which of them are not issued: what lists of orders would
 * else have to count every time (db/migrations/0006_order.sql). */
#include "common.pb-c.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/tally.sql.h"

enum { ACCOUNTS_A_STEP = 100, ORDERS_A_STEP = 10000, OPEN_A_STEP = 1000, STEPS = 100 };

/* No call takes as long, by far, and the clocks of two hosts may differ by a minute: what was placed
 * before is committed. */
#define SETTLED_AFTER seconds(15 * 60)

/* Stops after many steps, so that the job's lease lasts. */
static bool count_orders(struct cadence_call *call, struct fault *f)
{
    TallyStep in = TALLY_STEP__INIT;
    Instant until = INSTANT__INIT;
    bool found = true;
    until.us = call->now.us - SETTLED_AFTER.us;
    in.account_id = 0;
    in.accounts = ACCOUNTS_A_STEP;
    in.orders = ORDERS_A_STEP;
    in.until = &until;
    for (int steps = 0; found && steps < STEPS; steps++) {
        TalliedStep step = TALLIED_STEP__INIT;
        if (!store_maybe(call->store, call->arena, &sql_tally_step, &in.base, &step.base, &found,
                         f))
            return false;
        if (step.most < ORDERS_A_STEP)
            in.account_id = step.account_id;
    }
    call->more = found;
    return true;
}

static bool settle(struct cadence_call *call, struct fault *f)
{
    SettleStep in = SETTLE_STEP__INIT;
    bool found = true;
    in.room = OPEN_A_STEP;
    while (found) {
        SettledStep step = SETTLED_STEP__INIT;
        if (!store_maybe(call->store, call->arena, &sql_tally_settle, &in.base, &step.base, &found,
                         f))
            return false;
        in.order_id = step.order_id;
    }
    return true;
}

bool tally_run(struct cadence_call *call, struct fault *f)
{
    return count_orders(call, f) && settle(call, f);
}
