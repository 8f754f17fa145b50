#include "api/order_domains.h"

#include <string.h>

#include "api/caa_advice.h"
#include "api/course.h"
#include "api/dcv_advice.h"
#include "api/emails.h"
#include "api/order_domains.sql.h"
#include "api/orders.sql.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "http.h"
#include "ledger/policy.h"
#include "message/field.h"
#include "pki/name.h"
#include "statement.h"

static bool no_order(struct call *call)
{
    return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
}

static bool is_pending(const OrderDcv *dcv)
{
    return strcmp(dcv->status, "pending") == 0;
}

static bool pending(struct call *call, const OrderDcv *dcv)
{
    return is_pending(dcv) || fault_set(&call->fault, FAULT_ORDER_STATE, "order_id",
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
           dcv_advice_offered(call, p = policy_product(policy, order->product_name_id), method) &&
           dcv_advice_permitted(call, policy, p, method, clock_now()) &&
           dcv_advice_takes(call, method, order->wildcard) &&
           (method != DCV_METHOD__VALUE__EMAIL || emails_allowed(call, p->rule_scope));
}

static bool dcv_read(struct call *call, int64_t order_id, OrderDcv *out)
{
    OrderId in = ORDER_ID__INIT;
    bool found = false;
    in.order_id = order_id;
    return statement_maybe(call, &sql_order_dcv, &in.base, &out->base, &found) &&
           (found || no_order(call));
}

static bool proved(struct call *call, const OrderDcv *dcv)
{
    return dcv->has_dcv_method || fault_set(&call->fault, FAULT_DCV_METHOD, "order_id",
                                            "its names are not proved, or by a method that is "
                                            "not known here yet");
}

/* Mailed values are told to nobody, and an order whose names were proved before it has none. */
static void value_answer(struct call *call, OrderDcv *dcv, DcvRandomValue_Closure answer)
{
    DcvRandomValue out = DCV_RANDOM_VALUE__INIT;
    static char none[] = "";
    bool mailed = dcv->dcv_method == DCV_METHOD__VALUE__EMAIL;
    out.dcv_random_value = mailed || !dcv->random_value ? none : dcv->random_value;
    out.expiration_date = dcv->expires_at;
    answer(&out, call);
}

/* An order that is issued is the best of answers: it keeps the value that it had, if it had one. */
static bool settled(struct call *call, const OrderDcv *dcv)
{
    return strcmp(dcv->status, "issued") == 0 || pending(call, dcv);
}

/* The value by which an order that waits is proved, a new one if the old has expired. */
static bool value_read(struct call *call, int64_t order_id, OrderDcv *out)
{
    DcvMethodChange change = DCV_METHOD_CHANGE__INIT;
    bool found = false;
    change.order_id = order_id;
    return statement_maybe(call, &sql_order_dcv_value, &change.base, &out->base, &found) &&
           (found || no_order(call)) &&
           (is_pending(out) || (dcv_read(call, order_id, out) && settled(call, out)));
}

/* What is asked for is so already: nothing begins anew, neither the cadence nor the mails. */
static bool method_keep(struct call *call, const DcvMethodRequest *in, OrderDcv *after)
{
    return in->dcv_method == DCV_METHOD__VALUE__EMAIL || value_read(call, in->order_id, after);
}

static bool method_change(struct call *call, const DcvMethodRequest *in, OrderDcv *after)
{
    DcvMethodChange change = DCV_METHOD_CHANGE__INIT;
    bool found = false;
    change.order_id = in->order_id;
    change.has_dcv_method = true;
    change.dcv_method = in->dcv_method;
    return statement_maybe(call, &sql_order_dcv_method, &change.base, &after->base, &found) &&
           (found || no_order(call)) && (after->changed || pending(call, after));
}

static bool method_set(struct call *call, const DcvMethodRequest *in, OrderDcv *after)
{
    OrderDcv before = ORDER_DCV__INIT;
    if (!dcv_read(call, in->order_id, &before) || !proved(call, &before))
        return false;
    bool same = before.dcv_method == in->dcv_method;
    *after = before;
    if (same && !is_pending(&before))
        return true;
    return pending(call, &before) && method_allowed(call, &before, in->dcv_method) &&
           (same ? method_keep(call, in, after) : method_change(call, in, after));
}

static void order_domains_set_method(OrderDomains_Service *self, const DcvMethodRequest *in,
                                     DcvRandomValue_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    OrderDcv after = ORDER_DCV__INIT;
    if (!method_set(call, in, &after)) {
        call_fail(call);
        return;
    }
    if (after.has_job_id)
        job_hint(gateway.run->bus, after.lane, after.job_id, call->traceparent);
    value_answer(call, &after, answer);
}

static void order_domains_random_value(OrderDomains_Service *self, const DcvValueRequest *in,
                                       DcvRandomValue_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    OrderDcv before = ORDER_DCV__INIT, out = ORDER_DCV__INIT;
    if (dcv_read(call, in->order_id, &before) && proved(call, &before) &&
        looked_for(call, &before, FAULT_DCV_METHOD) && value_read(call, in->order_id, &out))
        value_answer(call, &out, answer);
    else
        call_fail(call);
}

/* Where there is no value to tell, as with method email, the documented answer is empty. */
static bool value_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)call;
    if (*((const DcvRandomValue *)answer)->dcv_random_value)
        return false;
    out->type = NULL;
    return true;
}

/* ---- check now */

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
    if (!statement_all(call, &sql_order_dcv_names, &id->base, &rows))
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
    if (!statement_set(call, &sql_order_state, &id->base, &rows))
        return false;
    if (rows.count == 0)
        return no_order(call);
    const OrderState *o = (const OrderState *)rows.items[0];
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
    if (strlen(v->seen) <= (size_t)room)
        return fault_set(&call->fault, code, field, "%s", v->seen);
    return fault_set(&call->fault, code, field, "%.*s%s", room - (int)sizeof more + 1, v->seen,
                     more);
}

static bool is_ours(const DnsNameValidation *v)
{
    return strcmp(v->owner, "ca") == 0;
}

/* With some methods a check that has not found all it was asked for is an error. What nobody has looked
 * for to the end yet is not missing; what was found, and waits for us, is told of last. */
static bool missing_told(struct call *call, const CheckDcvAnswer *out, const OrderDcv *dcv)
{
    if (!is_pending(dcv) || !dcv_advice_check_fails(dcv->dcv_method))
        return true;
    const DnsNameValidation *missing = NULL;
    for (size_t i = 0; i < out->n_dns_name_validations; i++) {
        const DnsNameValidation *v = out->dns_name_validations[i];
        if (v->seen && v->owner && (!missing || (is_ours(missing) && !is_ours(v))))
            missing = v;
    }
    return !missing ||
           missing_fault(call,
                         is_ours(missing) ? FAULT_UNCONFIRMED : dcv_advice_missing(dcv->dcv_method),
                         missing);
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
    if (!state_read(call, &id, &out) || !names_read(call, in, &id, &out, &all) ||
        !(all ? caa_advice_passes(call, in->order_id) : dcv_read(call, in->order_id, &dcv)) ||
        !(all || missing_told(call, &out, &dcv))) {
        call_fail(call);
        return;
    }
    out.dcv_status = all ? "valid" : "pending";
    answer(&out, call);
}

static void check_over(const JobOutcome *outcome, struct course *c)
{
    (void)outcome;
    http_late(c->context);
}

/* The certificate is part of the answer if it comes in time. */
static void check_run(struct call *call, const OrderDcv *step)
{
    struct course *c = arena_new(&call->arena, struct course);
    *c = (struct course){ .done = check_over, .context = call };
    c->call.actor = call->actor;
    c->call.deadline = call->deadline;
    memcpy(c->call.traceparent, call->traceparent, sizeof c->call.traceparent);
    course_run(c, step->lane, step->job_id);
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
    if (in->n_dns_names_validations == 0)
        return true;
    if (!name_entries_counted(in->n_dns_names_validations, &call->fault, "dns_names_validations") ||
        !names_read(call, &every, &id, &all, &proved))
        return false;
    for (size_t i = 0; i < in->n_dns_names_validations; i++)
        if (!is_among(&all, in->dns_names_validations[i]))
            return fault_set(&call->fault, FAULT_INVALID, "dns_names_validations",
                             "%.120s is no name of this order", in->dns_names_validations[i]);
    return true;
}

/* The next step of an order that waits: mostly a round, or the issuer if nothing is left to prove. */
static bool step_find(struct call *call, int64_t order_id, OrderDcv *step)
{
    OrderId id = ORDER_ID__INIT;
    bool found = false;
    id.order_id = order_id;
    return statement_maybe(call, &sql_order_dcv_advance, &id.base, &step->base, &found);
}

/* A question: whatever has become of the order, and whoever is at work on it, is an answer. */
static bool check_allowed(struct call *call, const CheckDcvRequest *in, OrderDcv *dcv)
{
    return dcv_read(call, in->order_id, dcv) && proved(call, dcv) && names_known(call, in) &&
           (!is_pending(dcv) || looked_for(call, dcv, FAULT_DNS_METHOD));
}

static void order_domains_check(OrderDomains_Service *self, const CheckDcvRequest *in,
                                CheckDcvAnswer_Closure answer, void *data)
{
    struct call *call = data;
    OrderDcv dcv = ORDER_DCV__INIT, step = ORDER_DCV__INIT;
    if (!check_allowed(call, in, &dcv) ||
        (is_pending(&dcv) && !step_find(call, in->order_id, &step))) {
        call_fail(call);
        return;
    }
    if (!step.has_job_id) { /* nothing that we could do */
        order_domains_checked(self, in, answer, data);
        return;
    }
    check_run(call, &step);
}

OrderDomains_Service order_domains_service = ORDER_DOMAINS__INIT(order_domains_);

// clang-format off
const struct route order_domain_routes[] = {
    { PUT, "/order/certificate/{order_id}/dcv-method",       WORKER, RPC(order_domains_service, "SetMethod"),   "order:update", 200,
      "Change the method of domain control validation of a pending order", .shape = value_shape, .flags = ROUTE_JSON },
    { PUT, "/order/certificate/{order_id}/dcv-random-value", WORKER, RPC(order_domains_service, "RandomValue"), "order:update", 200,
      "The order's random value; a new one when it has expired" },
    { PUT, "/order/certificate/{order_id}/check-dcv",        AWAIT,  RPC(order_domains_service, "Check"),       "order:update", 200,
      "Check domain control now", .late = RPC(order_domains_service, "Checked"), .flags = ROUTE_LATE_FAULTS },
    { 0 },
};
// clang-format on
