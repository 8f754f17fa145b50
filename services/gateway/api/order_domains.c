#include "api/order_domains.h"

#include <string.h>

#include "api/emails.h"
#include "api/orders.h"
#include "api/orders.sql.h"
#include "api/proving.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "http.h"
#include "ledger/policy.h"
#include "message/field.h"

static bool no_order(struct call *call)
{
    return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
}

static bool pending(struct call *call, const OrderDcv *dcv)
{
    return strcmp(dcv->status, "pending") == 0 ||
           fault_set(&call->fault, FAULT_ORDER_STATE, "order_id",
                     "names an order that is %s, not pending", dcv->status);
}

/* Mails have values of their own, and what is mailed is not looked for. */
static bool looked_for(struct call *call, const OrderDcv *dcv, enum fault_code otherwise)
{
    return dcv->dcv_method != DCV_METHOD__VALUE__EMAIL ||
           fault_set(&call->fault, otherwise, "dcv_method",
                     "is email: each mail has its own value");
}

/* ---- method and random value */

static bool method_allowed(struct call *call, const OrderDcv *order, DcvMethod__Value method)
{
    const struct policy *policy;
    const Product *p;
    return policy_now(&policy, &call->fault) &&
           proving_offered(call, p = policy_product(policy, order->product_name_id), method) &&
           proving_takes(call, method, order->wildcard) &&
           (method != DCV_METHOD__VALUE__EMAIL || emails_allowed(call, p->rule_scope));
}

static bool dcv_read(struct call *call, int64_t order_id, OrderDcv *out)
{
    OrderId in = ORDER_ID__INIT;
    bool found = false;
    in.order_id = order_id;
    actor_fill(call, &in.base);
    return store_maybe(store_mine(), &call->arena, &sql_order_dcv_job, &in.base, &out->base, &found,
                       &call->fault) &&
           (found || no_order(call));
}

static bool proved(struct call *call, const OrderDcv *dcv)
{
    return dcv->has_dcv_method || fault_set(&call->fault, FAULT_DCV_METHOD, "order_id",
                                            "the names of this product are not proved");
}

static void change_fill(struct call *call, int64_t order_id, DcvMethodChange *change)
{
    char *value = arena_alloc(&call->arena, RANDOM_VALUE_LENGTH + 1);
    random_text(value, RANDOM_VALUE_LENGTH);
    actor_fill(call, &change->base);
    change->order_id = order_id;
    change->random_value = value;
}

static void value_answer(struct call *call, OrderDcv *dcv, DcvRandomValue_Closure answer)
{
    DcvRandomValue out = DCV_RANDOM_VALUE__INIT;
    static char none[] = "";
    bool mailed = dcv->dcv_method == DCV_METHOD__VALUE__EMAIL;
    out.dcv_random_value = mailed ? none : dcv->random_value;
    out.expiration_date = dcv->expires_at;
    answer(&out, call);
}

static void order_domains_set_method(OrderDomains_Service *self, const DcvMethodRequest *in,
                                     DcvRandomValue_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    DcvMethodChange change = DCV_METHOD_CHANGE__INIT;
    OrderDcv before = ORDER_DCV__INIT, after = ORDER_DCV__INIT;
    bool found = false;
    change_fill(call, in->order_id, &change);
    change.has_dcv_method = true;
    change.dcv_method = in->dcv_method;
    if (!dcv_read(call, in->order_id, &before) || !proved(call, &before) ||
        !pending(call, &before) || !method_allowed(call, &before, in->dcv_method) ||
        !store_maybe(store_mine(), &call->arena, &sql_order_dcv_method, &change.base, &after.base,
                     &found, &call->fault) ||
        !(found || no_order(call)) || !(after.changed || pending(call, &after))) {
        call_fail(call);
        return;
    }
    if (after.has_job_id)
        job_hint(gateway.run->bus, "dcv", after.job_id, call->traceparent);
    value_answer(call, &after, answer);
}

static void order_domains_random_value(OrderDomains_Service *self, const DcvValueRequest *in,
                                       DcvRandomValue_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    DcvMethodChange change = DCV_METHOD_CHANGE__INIT;
    OrderDcv before = ORDER_DCV__INIT, out = ORDER_DCV__INIT;
    bool found = false;
    change_fill(call, in->order_id, &change);
    if (dcv_read(call, in->order_id, &before) && proved(call, &before) &&
        looked_for(call, &before, FAULT_DCV_METHOD) &&
        store_maybe(store_mine(), &call->arena, &sql_order_dcv_value, &change.base, &out.base,
                    &found, &call->fault) &&
        (found || no_order(call)) && pending(call, &out))
        value_answer(call, &out, answer);
    else
        call_fail(call);
}

/* With method email there is no value to tell: the documented answer is empty. */
static bool value_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)call;
    if (*((const DcvRandomValue *)answer)->dcv_random_value)
        return false;
    out->type = NULL;
    return true;
}

/* ---- check now */

struct checking {
    struct call *call;
    const CheckDcvRequest *in;
    struct bus_call dcv, issue;
};

static bool asked(const CheckDcvRequest *in, const char *name)
{
    for (size_t i = 0; i < in->n_dns_names_validations; i++)
        if (strcasecmp(in->dns_names_validations[i], name) == 0)
            return true;
    return in->n_dns_names_validations == 0;
}

static bool names_read(struct call *call, const CheckDcvRequest *in, OrderId *id,
                       CheckDcvAnswer *out, bool *all)
{
    struct rows rows;
    if (!store_all(store_mine(), &call->arena, &sql_order_dcv_names, &id->base, &rows,
                   &call->fault))
        return false;
    out->dns_name_validations = arena_array(&call->arena, DnsNameValidation *, rows.count);
    *all = true;
    for (size_t i = 0; i < rows.count; i++) {
        DnsNameValidation *v = (DnsNameValidation *)rows.items[i];
        *all = *all && strcmp(v->status, "approved") == 0;
        if (asked(in, v->dns_name))
            out->dns_name_validations[out->n_dns_name_validations++] = v;
    }
    return true;
}

static bool state_read(struct call *call, OrderId *id, CheckDcvAnswer *out)
{
    struct rows rows;
    const ProtobufCMessage *in = &id->base;
    if (!store_set(store_mine(), &call->arena, &sql_order_state, &in, 1, &rows, &call->fault))
        return false;
    if (rows.count == 0)
        return no_order(call);
    const OrderBefore *o = (const OrderBefore *)rows.items[0];
    out->order_status = o->status;
    out->has_certificate_id = o->has_certificate_id;
    out->certificate_id = o->certificate_id;
    return true;
}

/* What was seen may be longer than a fault can be. */
static bool missing_fault(struct call *call, enum fault_code code, const DnsNameValidation *v)
{
    static const char more[] = "... (in full: blockers of the order)";
    const int room = (int)sizeof call->fault.detail - 1;
    const char *field = "dns_names_validations";
    if (!v->seen)
        return fault_set(&call->fault, code, field, "%s is being looked for: ask again",
                         v->dns_name);
    if (strlen(v->seen) <= (size_t)room)
        return fault_set(&call->fault, code, field, "%s", v->seen);
    return fault_set(&call->fault, code, field, "%.*s%s", room - (int)sizeof more + 1, v->seen,
                     more);
}

/* With some methods a check that does not find all it was asked for is an error. */
static bool missing_told(struct call *call, const CheckDcvAnswer *out, DcvMethod__Value method)
{
    for (size_t i = 0; i < out->n_dns_name_validations; i++) {
        const DnsNameValidation *v = out->dns_name_validations[i];
        if (strcmp(v->status, "approved") == 0)
            continue;
        return !proving_check_fails(method) || missing_fault(call, proving_missing(method), v);
    }
    return true;
}

/* The order as it stands after the round: read on a worker, at the deadline or when it is over. */
static void order_domains_checked(OrderDomains_Service *self, const CheckDcvRequest *in,
                                  CheckDcvAnswer_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    CheckDcvAnswer out = CHECK_DCV_ANSWER__INIT;
    OrderDcv dcv = ORDER_DCV__INIT;
    OrderId id = ORDER_ID__INIT;
    bool all = false;
    id.order_id = in->order_id;
    actor_fill(call, &id.base);
    if (!state_read(call, &id, &out) || !names_read(call, in, &id, &out, &all) ||
        !(all || dcv_read(call, in->order_id, &dcv)) ||
        !(all || missing_told(call, &out, dcv.dcv_method))) {
        call_fail(call);
        return;
    }
    out.dcv_status = all ? "valid" : "pending";
    answer(&out, call);
}

static void check_over(struct checking *c)
{
    http_late(c->call);
}

static void issued(const JobOutcome *outcome, void *data)
{
    (void)outcome;
    struct bus_call *bus = data;
    check_over(bus->context);
}

/* The round may have left an issue job; the certificate is part of the answer if it comes in time.
 */
static void checked(const JobOutcome *outcome, void *data)
{
    struct bus_call *bus = data;
    struct checking *c = bus->context;
    if (outcome && outcome->has_next_job_id) {
        job_run(gateway.run->bus, outcome->next_lane, outcome->next_job_id, issued, &c->issue);
        return;
    }
    check_over(c);
}

static bool is_among(const CheckDcvAnswer *all, const char *name)
{
    for (size_t i = 0; i < all->n_dns_name_validations; i++)
        if (strcasecmp(all->dns_name_validations[i]->dns_name, name) == 0)
            return true;
    return false;
}

/* Only names of the order can be asked for. */
static bool names_known(struct call *call, const CheckDcvRequest *in)
{
    static const CheckDcvRequest every = CHECK_DCV_REQUEST__INIT;
    CheckDcvAnswer all = CHECK_DCV_ANSWER__INIT;
    OrderId id = ORDER_ID__INIT;
    bool proved;
    id.order_id = in->order_id;
    actor_fill(call, &id.base);
    if (in->n_dns_names_validations == 0)
        return true;
    if (!names_read(call, &every, &id, &all, &proved))
        return false;
    for (size_t i = 0; i < in->n_dns_names_validations; i++)
        if (!is_among(&all, in->dns_names_validations[i]))
            return fault_set(&call->fault, FAULT_INVALID, "dns_names_validations",
                             "%.120s is no name of this order", in->dns_names_validations[i]);
    return true;
}

static bool job_find(struct call *call, int64_t order_id, int64_t *job_id)
{
    OrderDcv dcv = ORDER_DCV__INIT;
    OrderId id = ORDER_ID__INIT;
    JobId job = JOB_ID__INIT;
    bool found = false;
    if (!dcv_read(call, order_id, &dcv) || !proved(call, &dcv) || !pending(call, &dcv) ||
        !looked_for(call, &dcv, FAULT_DNS_METHOD))
        return false;
    *job_id = dcv.job_id;
    if (dcv.has_job_id)
        return true;
    id.order_id = order_id;
    actor_fill(call, &id.base);
    bool ok = store_maybe(store_mine(), &call->arena, &sql_order_dcv_wake, &id.base, &job.base,
                          &found, &call->fault);
    *job_id = found ? job.id : 0;
    return ok;
}

static void order_domains_check(OrderDomains_Service *self, const CheckDcvRequest *in,
                                CheckDcvAnswer_Closure answer, void *data)
{
    struct call *call = data;
    struct checking *c = arena_new(&call->arena, struct checking);
    int64_t job_id = 0;
    if (!job_find(call, in->order_id, &job_id) || !names_known(call, in)) {
        call_fail(call);
        return;
    }
    if (!job_id) { /* somebody else's round is under way: the state is all there is */
        order_domains_checked(self, in, answer, data);
        return;
    }
    *c = (struct checking){ .call = call, .in = in };
    c->dcv = (struct bus_call){ .actor = call->actor, .deadline = call->deadline, .context = c };
    memcpy(c->dcv.traceparent, call->traceparent, sizeof c->dcv.traceparent);
    c->issue = c->dcv;
    job_run(gateway.run->bus, "dcv", job_id, checked, &c->dcv);
}

OrderDomains_Service order_domains_service = ORDER_DOMAINS__INIT(order_domains_);

// clang-format off
const struct route order_domain_routes[] = {
    { PUT, "/order/certificate/{order_id}/dcv-method",       WORKER, RPC(order_domains_service, "SetMethod"),   "order:update", 200,
      "Change the method of domain control validation of a pending order", .shape = value_shape, .flags = ROUTE_JSON },
    { PUT, "/order/certificate/{order_id}/dcv-random-value", WORKER, RPC(order_domains_service, "RandomValue"), "order:update", 200,
      "The order's random value; a new one when it has expired" },
    { PUT, "/order/certificate/{order_id}/check-dcv",        AWAIT,  RPC(order_domains_service, "Check"),       "order:update", 200,
      "Check domain control now", .late = RPC(order_domains_service, "Checked"), .flags = ROUTE_LATE_FAULTS | ROUTE_NULL_BODY },
    { 0 },
};
// clang-format on
