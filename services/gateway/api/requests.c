#include "api/requests.h"

#include <string.h>

#include "api/orders.h"
#include "api/orders.sql.h"
#include "api/text_rules.h"
#include "base/log.h"
#include "common.pb-c.h"
#include "gateway.h"

static const struct text_rule decision_text_rules[] = {
    { "processor_comment", TEXT_LINES, 1024 },
    { 0 },
};

static bool acceptable(struct call *call, const RequestStatusChange *in)
{
    if (strcmp(in->status, "approved") != 0 && strcmp(in->status, "rejected") != 0)
        return fault_set(&call->fault, FAULT_INVALID, "status", "takes approved or rejected");
    return texts_good(call, &in->base, decision_text_rules, "");
}

static bool decided(struct call *call, const ChangeResult *r, bool found)
{
    if (!found)
        return fault_set(&call->fault, FAULT_NO_REQUEST, "request_id", "there is no such request");
    if (r->frozen)
        return fault_set(&call->fault, FAULT_CONFLICT, "status",
                         "the certificate is being issued at this moment");
    return r->changed ||
           fault_set(&call->fault, FAULT_REQUEST_STATE, "status",
                     "a request that is %s, of an order that has ended, cannot be changed",
                     r->status);
}

static void requests_set_status(Requests_Service *self, const RequestStatusChange *in,
                                Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    RequestStatusChange change = *in;
    ChangeResult result = CHANGE_RESULT__INIT;
    Nothing nothing = NOTHING__INIT;
    bool found = false;
    actor_fill(call, &change.base);
    if (!acceptable(call, in) ||
        !store_maybe(store_mine(), &call->arena, &sql_request_decide, &change.base, &result.base,
                     &found, &call->fault) ||
        !decided(call, &result, found)) {
        call_fail(call);
        return;
    }
    log_info("request decided", LOG_INT("order_id", result.order_id),
             LOG_INT("request_id", in->request_id), LOG_TEXT("status", in->status));
    if (result.has_job_id)
        job_hint(gateway.run->bus, result.lane, result.job_id, call->traceparent);
    answer(&nothing, call);
}

Requests_Service requests_service = REQUESTS__INIT(requests_);

// clang-format off
const struct route request_routes[] = {
    { PUT, "/request/{request_id}/status", WORKER, RPC(requests_service, "SetStatus"), "request:approve", 204,
      "Approve or reject a request" },
    { 0 },
};
// clang-format on
