/* Orders that wait: those that have waited too long expire, and so do those whose certificate cannot be
 * made any more. One that waits for us, with no job that would do it, goes on, and that is told: the rules of a
 * new day ask for less, or a job was lost. */
#include "base/log.h"
#include "message/convert.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/expire.sql.h"
#include "testing/point.h"

enum { ORDERS_A_STEP = 500, STEPS_A_RUN = 100 };

/* One step of the walk: a page of orders, and what is to become of them. */
struct expire_step {
    struct cadence_call *call;
    struct arena *a;
    Instant now;
    OrdersExpired over;
    RequestsIdle idle;
};

static void orders_sort(struct expire_step *s, const struct rows *rows)
{
    s->over.order_ids = arena_array(s->a, int64_t, rows->count + 1);
    s->idle.request_ids = arena_array(s->a, int64_t, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        const WaitingOrder *order = (const WaitingOrder *)rows->items[i];
        if (order->over)
            s->over.order_ids[s->over.n_order_ids++] = order->order_id;
        else if (order->idle)
            s->idle.request_ids[s->idle.n_request_ids++] = order->request_id;
    }
}

static bool orders_expire(struct expire_step *s, OrdersExpired *in, struct fault *f)
{
    struct rows rows = { 0 };
    TEST_POINT("scheduler.expire.before");
    bool ok = store_all(s->call->store, s->a, &sql_expire_orders, &in->base, &rows, f);
    TEST_POINT("scheduler.expire.committed");
    for (size_t i = 0; ok && i < rows.count; i++) {
        log_context("", ((const ExpiredOrder *)rows.items[i])->order_id);
        log_info("order expired");
    }
    log_context("", 0);
    return ok;
}

/* One that is locked for long, or that cannot be changed, does not hold up the others. */
static bool each_alone(struct expire_step *s, struct fault *f)
{
    for (size_t i = 0; i < s->over.n_order_ids; i++) {
        OrdersExpired one = s->over;
        one.order_ids = &s->over.order_ids[i];
        one.n_order_ids = 1;
        if (orders_expire(s, &one, f))
            continue;
        if (f->code == FAULT_UNAVAILABLE)
            return false;
        log_warn("an order could not expire, and will be tried again",
                 LOG_INT("order_id", s->over.order_ids[i]), LOG_FAULT(f));
    }
    return true;
}

static bool over_end(struct expire_step *s, struct fault *f)
{
    return s->over.n_order_ids == 0 || orders_expire(s, &s->over, f) ||
           (f->code != FAULT_UNAVAILABLE && each_alone(s, f));
}

static bool idle_advance(struct expire_step *s, struct fault *f)
{
    struct rows rows = { 0 };
    if (s->idle.n_request_ids == 0)
        return true;
    if (!store_all(s->call->store, s->a, &sql_expire_advance, &s->idle.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const RequestStep *step = (const RequestStep *)rows.items[i];
        log_warn("a request waited for us and had no job", LOG_INT("request_id", step->request_id),
                 LOG_TEXT("lane", step->lane));
    }
    return true;
}

/* `*last` is where the walk stands; 0 at its end. */
static bool step_walk(struct expire_step *s, int64_t *last, struct fault *f)
{
    WaitingStep in = WAITING_STEP__INIT;
    struct rows rows = { 0 };
    in.order_id = *last;
    in.room = ORDERS_A_STEP;
    in.now = &s->now;
    if (!store_all(s->call->store, s->a, &sql_expire_page, &in.base, &rows, f))
        return false;
    *last = rows.count < ORDERS_A_STEP
                ? 0
                : ((const WaitingOrder *)rows.items[rows.count - 1])->order_id;
    orders_sort(s, &rows);
    return over_end(s, f) && idle_advance(s, f);
}

/* Where the last run stopped early. It is only this process's: another begins anew. */
static int64_t walked;

bool expire_run(struct cadence_call *call, struct fault *f)
{
    bool ok = true;
    for (int i = 0; ok && i < STEPS_A_RUN && (i == 0 || walked); i++) {
        struct arena a;
        struct expire_step s = { .call = call, .a = &a };
        arena_init(&a);
        instant__init(&s.now);
        orders_expired__init(&s.over);
        requests_idle__init(&s.idle);
        s.now.us = call->now.us;
        s.over.now = s.idle.now = &s.now;
        ok = step_walk(&s, &walked, f);
        arena_free(&a);
    }
    call->more = ok && walked;
    return ok;
}
