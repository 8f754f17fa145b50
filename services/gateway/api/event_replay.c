/* Deliveries that are made again: one of the log, or all that failed. Each is put back as it was at
 * first, with a job; its messages have the id they had, by which receivers know them. */
#include <string.h>

#include "api/event_replay.sql.h"
#include "api/orders.h"
#include "api/webhooks.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "statement.h"

/* A statement's, and a call's, which a worker does: more of them are another call. */
enum { REPLAY_STEP = 500, REPLAY_CALL = 10000 };

/* The notifier ends what is to be sent to a webhook that is switched off. */
static bool webhook_listens(struct call *call, int64_t webhook_id)
{
    WebhookRow row = WEBHOOK_ROW__INIT;
    return webhook_find(call, webhook_id, &row) &&
           (strcmp(row.status, "active") == 0 ||
            fault_set(&call->fault, FAULT_WEBHOOK_INACTIVE, "webhook_id",
                      "is %s: activate it, then send again", row.status));
}

static bool entry_replay(struct call *call, const ReplayOne *in, ReplayedOne *out)
{
    bool found = false;
    if (!statement_maybe(call, &sql_delivery_replay, &in->base, &out->base, &found))
        return false;
    if (!found)
        return fault_set(&call->fault, FAULT_NOT_FOUND, "entry_id", "the log has no such entry");
    return out->has_delivery_id ||
           fault_set(&call->fault, FAULT_INVALID, "entry_id",
                     "is a test or a challenge, or of an event that is not kept any more");
}

void webhook_settings_replay(WebhookSettingsApi_Service *self, const ReplayOne *in,
                             Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    ReplayedOne out = REPLAYED_ONE__INIT;
    Nothing nothing = NOTHING__INIT;
    if (!webhook_listens(call, in->webhook_id) || !entry_replay(call, in, &out)) {
        call_fail(call);
        return;
    }
    if (out.has_job_id)
        job_hint(gateway.run->bus, "deliver", out.job_id, call->traceparent);
    answer(&nothing, call);
}

/* ---- all that failed */

static void step_begin(const ReplayFailed *in, ReplayStep *out)
{
    out->webhook_id = in->webhook_id;
    out->failed_since = in->failed_since;
    out->room = REPLAY_STEP;
}

static bool failed_replay(struct call *call, ReplayStep *step, Replayed *out)
{
    Replayed did = REPLAYED__INIT;
    do {
        step->before = out->replayed;
        if (!statement_one(call, &sql_deliveries_replay, &step->base, &did.base))
            return false;
        out->replayed += did.replayed;
    } while (did.replayed == REPLAY_STEP && out->replayed < REPLAY_CALL);
    out->has_more = true;
    out->more = did.replayed == REPLAY_STEP;
    return true;
}

void webhook_settings_replay_all(WebhookSettingsApi_Service *self, const ReplayFailed *in,
                                 Replayed_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    ReplayStep step = REPLAY_STEP__INIT;
    Replayed out = REPLAYED__INIT;
    step_begin(in, &step);
    if (webhook_listens(call, in->webhook_id) && failed_replay(call, &step, &out))
        answer(&out, call);
    else
        call_fail(call);
}
