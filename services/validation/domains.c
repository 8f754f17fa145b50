#include "domains.h"

#include <string.h>

#include "base/log.h"
#include "domains.sql.h"
#include "emails.h"
#include "gate.h"
#include "message/field.h"
#include "round.h"
#include "testing/point.h"
#include "validation.h"

static bool orders_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    OrderIds in = ORDER_IDS__INIT;
    in.ids = arena_array(batch->arena, int64_t, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        in.ids[in.n_ids++] = batch->items[i]->job->subject;
    in.now = instant_of(batch->arena, clock_now());
    return store_all(store_mine(), batch->arena, &sql_order_open, &in.base, rows, f);
}

static const OpenOrder *order_find(const struct rows *rows, int64_t order_id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const OpenOrder *)rows->items[i])->order_id == order_id)
            return (const OpenOrder *)rows->items[i];
    return NULL;
}

/* A policy that does not say how often to look is a fault of ours: it is reported, not guessed. */
static bool cadence_of(const OpenOrder *order, struct cadence *out, struct fault *f)
{
    return (order->cadence && cadence_read(order->cadence, out)) ||
           fault_set(f, FAULT_INTERNAL, "dcv.poll", "no rule says when order %lld is checked",
                     (long long)order->order_id);
}

static void item_run(struct lane_item *item, const OpenOrder *order)
{
    struct cadence cadence;
    struct fault f = { 0 };
    if (!order || strcmp(order->status, "pending") != 0)
        lane_end(item, JOB_OUTCOME__RESULT__DONE);
    else if (order->dcv_method == DCV_METHOD__VALUE__EMAIL)
        emails_round(item, order);
    else if (!cadence_of(order, &cadence, &f))
        lane_fail(item, &f);
    else if (!gate_enter())
        lane_again(item, clock_now(), false);
    else
        round_begin(item, (const OpenOrder *)message_copy(&item->arena, &order->base), &cadence);
}

void domains_run(struct lane_batch *batch)
{
    struct rows rows = { 0 };
    struct fault f = { 0 };
    TEST_POINT("validation.dcv.claimed");
    bool read = orders_read(batch, &rows, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        if (read)
            item_run(item, order_find(&rows, item->job->subject));
        else
            lane_fail(item, &f);
    }
}
