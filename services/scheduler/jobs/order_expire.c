#include "jobs/order_expire.h"

#include "base/log.h"
#include "common.pb-c.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/order_expire.sql.h"
#include "testing/point.h"

static const OrderExpired *expired_of(const struct rows *rows, int64_t job_id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const OrderExpired *)rows->items[i])->job_id == job_id)
            return (const OrderExpired *)rows->items[i];
    return NULL;
}

/* Without a row: a certificate is under way (or somebody else holds the job, which lane_again()
 * finds out). */
static void item_settle(struct lane_item *item, const OrderExpired *row, struct instant now)
{
    if (!row) {
        lane_again(item, instant_add(now, seconds(60)), true);
        return;
    }
    log_context(item->job->traceparent, row->order_id);
    if (row->expired)
        log_info("order expired");
    log_context("", 0);
    lane_finish_result(item, JOB_OUTCOME__RESULT__DONE);
}

static bool expire(struct lane_batch *batch, struct instant at, struct rows *rows, struct fault *f)
{
    struct arena *a = batch->arena;
    const ProtobufCMessage **in = arena_array(a, const ProtobufCMessage *, batch->count);
    OrderExpiry *orders = arena_array(a, OrderExpiry, batch->count);
    Instant now = INSTANT__INIT;
    now.us = at.us;
    for (size_t i = 0; i < batch->count; i++) {
        const Job *job = batch->items[i]->job;
        order_expiry__init(&orders[i]);
        orders[i].job_id = job->id;
        orders[i].epoch = job->epoch;
        orders[i].order_id = job->subject;
        orders[i].now = &now;
        in[i] = &orders[i].base;
    }
    TEST_POINT("scheduler.expire.before");
    bool ok = store_set(store_mine(), a, &sql_order_expire, in, batch->count, rows, f);
    TEST_POINT("scheduler.expire.committed");
    return ok;
}

/* A bad one falls out alone. */
static void each_alone(struct lane_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_batch one = *batch;
        one.items = &batch->items[i];
        one.count = 1;
        order_expire_run(&one);
    }
}

void order_expire_run(struct lane_batch *batch)
{
    struct instant now = clock_now();
    struct rows rows = { 0 };
    struct fault f = { 0 };
    bool ok = expire(batch, now, &rows, &f);
    if (!ok && batch->count > 1 && f.code != FAULT_UNAVAILABLE) {
        each_alone(batch);
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (ok)
            item_settle(batch->items[i], expired_of(&rows, batch->items[i]->job_id), now);
        else
            lane_fail(batch->items[i], &f);
    }
}
