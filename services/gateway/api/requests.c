#include "api/requests.h"

#include <string.h>

#include "api/orders.h"
#include "api/requests.sql.h"
#include "api/text_rules.h"
#include "base/log.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "statement.h"

static const struct text_rule decision_text_rules[] = {
    { "processor_comment", TEXT_LINES, 1024 },
    { 0 },
};

static const struct decision {
    const char *status;
    const struct sql *sql;
    const char *orders[2]; /* whose requests have been so decided, whoever has done it */
} decisions[] = {
    { "approved", &sql_request_approve, { "pending", "issued" } },
    { "rejected", &sql_request_reject, { "rejected" } },
};

/* In any case. NULL with a fault for others. */
static const struct decision *decision_find(struct call *call, const char *status)
{
    for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++)
        if (strcasecmp(decisions[i].status, status) == 0)
            return &decisions[i];
    fault_set(&call->fault, FAULT_INVALID, "status", "takes approved or rejected");
    return NULL;
}

static bool is_so(const struct decision *to, const ChangeResult *r)
{
    for (size_t i = 0; i < sizeof to->orders / sizeof *to->orders; i++)
        if (to->orders[i] && strcmp(to->orders[i], r->status) == 0)
            return true;
    return false;
}

/* Why nothing is left to decide, by the status of the order. */
static const char *settled(const char *status)
{
    static const struct {
        const char *status, *why;
    } rows[] = {
        { "pending", "the request is approved" },
        { "issued", "the request is approved and the certificate issued" },
        { "revoked", "the request is approved and the certificate revoked" },
        { "rejected", "the request is rejected" },
        { "canceled", "the order is canceled" },
        { "expired", "the order has expired" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].status, status) == 0)
            return rows[i].why;
    return "the order does not wait for approval";
}

static bool decided(struct call *call, const struct decision *to, const ChangeResult *r, bool found)
{
    if (!found)
        return fault_set(&call->fault, FAULT_NO_REQUEST, "request_id", "there is no such request");
    if (r->frozen)
        return fault_set(&call->fault, FAULT_CONFLICT, "status",
                         "cannot be set: the certificate is being issued at this moment");
    return r->changed || is_so(to, r) ||
           fault_set(&call->fault, FAULT_REQUEST_STATE, "status", "cannot be set: %s",
                     settled(r->status));
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
    const struct decision *to = decision_find(call, in->status);
    if (!to || !texts_good(call, &in->base, decision_text_rules, "") ||
        !statement_maybe(call, to->sql, &change.base, &result.base, &found) ||
        !decided(call, to, &result, found)) {
        call_fail(call);
        return;
    }
    if (result.changed)
        log_info("request decided", LOG_INT("order_id", result.order_id),
                 LOG_INT("request_id", in->request_id), LOG_TEXT("status", to->status));
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
