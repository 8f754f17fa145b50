/* Reading and changing one order. */
#include <string.h>

#include "api/caa_advice.h"
#include "api/dcv_advice.h"
#include "api/emails.h"
#include "api/orders.h"
#include "api/orders.sql.h"
#include "api/platforms.h"
#include "api/renewals.sql.h"
#include "api/text_rules.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "ledger/authority.h"
#include "ledger/policy.h"
#include "pki/pem.h"
#include "statement.h"

/* ---- which order */

static bool order_by(struct call *call, const struct sql *sql, const SerialRef *in, OrderId *out,
                     bool *found)
{
    return *found || statement_maybe(call, sql, &in->base, &out->base, found);
}

/* Short and decimal: an id. Hex, also with the colons that openssl prints: a serial number; of 40 digits,
 * or a thumbprint. */
static bool order_find(struct call *call, const char *text, int64_t *id)
{
    if (strlen(text) < 19 && int64_read(text, id))
        return true;
    const char *digits = hex_plain(&call->arena, text);
    size_t length = digits ? strlen(digits) : 0;
    SerialRef in = SERIAL_REF__INIT;
    OrderId out = ORDER_ID__INIT;
    struct bytes serial;
    bool found = false;
    if (length < 16 || length > 40 || !hex_read(&call->arena, digits, &serial))
        return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
    in.serial =
        (ProtobufCBinaryData){ serial.size, arena_copy(&call->arena, serial.data, serial.size) };
    if (!order_by(call, &sql_order_by_serial, &in, &out, &found) ||
        (length == 40 && !order_by(call, &sql_order_by_thumbprint, &in, &out, &found)))
        return false;
    *id = out.order_id;
    return found || fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
}

/* ---- order info */

static void product_fill(struct arena *a, OrderedProduct *out, const Product *p)
{
    static const struct {
        const char *type, *name, *description;
    } rows[] = {
        { "dv", "DV", "Domain Validation" },
        { "ov", "OV", "Normal Organization Validation" },
        { "ev", "EV", "Extended Organization Validation (EV)" },
    };
    out->name = p->name;
    out->type = p->type;
    out->validation_type = p->validation_type;
    out->has_csr_required = true;
    out->csr_required = !p->has_csr_required || p->csr_required;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].type, p->validation_type) != 0)
            continue;
        out->validation_name = arena_strdup(a, rows[i].name);
        out->validation_description = arena_strdup(a, rows[i].description);
    }
}

/* What to do, in words (B13). */
static char *how_to_fix(struct arena *a, const OrderInfo *o, const OpenTask *t)
{
    static const struct {
        const char *kind, *text;
    } rows[] = {
        { "approval", "An administrator or manager of the account must approve the request." },
        { "blocked_key",
          "The key of this order is known to be compromised, so nothing can be issued "
          "for it. Cancel the order and place a new one with a new key." },
        { "quarantine", "Nothing for you to do: we are looking into an earlier attempt to issue "
                        "this order." },
        { "transparency",
          "Nothing for you to do: the certificate is being entered in public logs (Certificate "
          "Transparency), and is issued when enough of them have confirmed it." },
        { "held_up", "Nothing for you to do: something failed on our side. We have been told, and "
                     "the order goes on when it is mended." },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].kind, t->kind) == 0)
            return arena_strdup(a, rows[i].text);
    if (!o->has_dcv_method) /* one of a newer release */
        return arena_format(a, "Prove that you control %s, by the method of this order.",
                            t->domain);
    return dcv_advice_fix(a, o->dcv_method, t->domain, o->dcv_random_value);
}

/* What a look has seen that nobody but we can mend. */
static void ours_explain(struct arena *a, const OrderInfo *o)
{
    for (size_t i = 0; i < o->n_blockers; i++) {
        OpenTask *t = o->blockers[i];
        if (strcmp(t->owner, "ca") == 0 && t->seen)
            t->how_to_fix = arena_format(a,
                                         "Nothing for you to do about %s: what is in the way is on "
                                         "our side. We look again by ourselves.",
                                         t->dns_name);
    }
}

static char *csr_armoured(struct arena *a, const char *base64)
{
    struct text t;
    struct bytes der;
    text_init(&t, a);
    if (base64_read(a, base64, strlen(base64), &der))
        pem_write(&t, "CERTIFICATE REQUEST", der, "\n");
    return t.data;
}

static void certificate_complete(struct arena *a, OrderedCertificate *c)
{
    const Authority *ca = c->ca_cert ? authority_find(c->ca_cert->id) : NULL;
    if (ca)
        c->ca_cert->name = ca->name;
    if (c->csr)
        c->csr = csr_armoured(a, c->csr);
    if (c->server_platform)
        platform_complete(a, c->server_platform);
}

/* What is the same for all orders, the notices, of which an order has all or none, and the lists that
 * are shown when they are empty. */
static void info_constants(struct arena *a, OrderInfo *o)
{
    const bool notices = !o->disable_renewal_notifications;
    o->cs_provisioning_method = arena_strdup(a, "none");
#define SET(member, value) o->has_##member = true, o->member = value
    SET(is_out_of_contract, false);
    SET(is_guest_access_enabled, false);
    SET(send_minus_90, notices);
    SET(send_minus_60, notices);
    SET(send_minus_30, notices);
    SET(send_minus_7, notices);
    SET(send_minus_3, notices);
    SET(send_plus_7, notices);
#undef SET
#define SHOW(list) list = list ? list : arena_alloc(a, 0)
    SHOW(o->notes);
    SHOW(o->verified_contacts);
    SHOW(o->user_assignments);
    SHOW(o->certificate->emails);
    SHOW(o->certificate->organization_units);
#undef SHOW
}

static void info_complete(struct call *call, OrderInfo *o)
{
    const struct policy *policy;
    struct fault ignored = { 0 };
    const Product *p =
        policy_now(&policy, &ignored) ? policy_product(policy, o->product_name_id) : NULL;
    if (p && o->product)
        product_fill(&call->arena, o->product, p);
    if (o->certificate) {
        certificate_complete(&call->arena, o->certificate);
        info_constants(&call->arena, o);
    }
    for (size_t i = 0; i < o->n_blockers; i++)
        o->blockers[i]->how_to_fix = how_to_fix(&call->arena, o, o->blockers[i]);
    caa_advice(call, p ? p->rule_scope : NULL, o);
    if (o->has_dcv_method && o->dcv_method == DCV_METHOD__VALUE__EMAIL)
        emails_explain(call, o);
    ours_explain(&call->arena, o);
}

/* What is left to do, of an order that waits. Most that are asked for do not. */
static bool info_open(struct call *call, const OrderId *id, OrderInfo *o)
{
    OrderInfo open = ORDER_INFO__INIT;
    bool found = false;
    if (strcmp(o->status, "pending") != 0 && strcmp(o->status, "needs_approval") != 0)
        return true;
    if (!statement_maybe(call, &sql_order_info_open, &id->base, &open.base, &found))
        return false;
    o->dcv_random_value_expiration_date = open.dcv_random_value_expiration_date;
    o->blockers = open.blockers;
    o->n_blockers = open.n_blockers;
    return true;
}

/* What the CAA records of its names say, of an order that waits. */
static bool info_caa(struct call *call, const OrderRef *asked, OrderInfo *o)
{
    OrderId id = ORDER_ID__INIT;
    OrderInfo caa = ORDER_INFO__INIT;
    bool found = false;
    id.order_id = o->id;
    if (!asked->include_caa_status || strcmp(o->status, "pending") != 0)
        return true;
    if (!statement_maybe(call, &sql_order_caa_status, &id.base, &caa.base, &found))
        return false;
    o->caa_status_message = caa.caa_status_message;
    return true;
}

bool order_info_read(struct call *call, int64_t order_id, OrderInfo *out)
{
    OrderId id = ORDER_ID__INIT;
    bool found = false;
    id.order_id = order_id;
    if (!statement_maybe(call, &sql_order_info, &id.base, &out->base, &found))
        return false;
    if (!found)
        return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
    if (!info_open(call, &id, out))
        return false;
    info_complete(call, out);
    return true;
}

void orders_info(Orders_Service *self, const OrderRef *in, OrderInfo_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    OrderInfo out = ORDER_INFO__INIT;
    int64_t id = 0;
    if (order_find(call, in->order_id, &id) && order_info_read(call, id, &out) &&
        info_caa(call, in, &out))
        answer(&out, call);
    else
        call_fail(call);
}

/* ---- cancel, mark as renewed */

static const struct text_rule status_text_rules[] = {
    { "note", TEXT_LINES, 1024 },
    { 0 },
};

struct status_change {
    const char *status;
    const struct sql *sql;
    const char *refused; /* an order that is issued, say, ... */
    const char *is;      /* a status that says that this has been done; NULL: none does */
};

// clang-format off
/* British and American. */
static const struct status_change status_changes[] = {
    { "canceled",    &sql_order_cancel,   "cannot be canceled", "canceled" },
    { "cancelled",   &sql_order_cancel,   "cannot be canceled", "canceled" },
    { "renewed",     &sql_renewal_mark,   "cannot be marked as renewed, or not yet", NULL },
    { "not_renewed", &sql_renewal_unmark, "is renewed by an order, which must be canceled", NULL },
};
// clang-format on

/* In any case: existing clients send CANCELED. NULL with a fault for others. */
static const struct status_change *status_change_find(struct call *call, const char *status)
{
    for (size_t i = 0; i < sizeof status_changes / sizeof *status_changes; i++)
        if (strcasecmp(status, status_changes[i].status) == 0)
            return &status_changes[i];
    fault_set(&call->fault, FAULT_INVALID, "status", "takes canceled, renewed and not_renewed");
    return NULL;
}

/* What is asked for is so already, whoever has done it. */
static bool is_so(const struct status_change *to, const ChangeResult *r)
{
    return to->is && strcmp(to->is, r->status) == 0;
}

static bool changed(struct call *call, const struct status_change *to, const ChangeResult *r,
                    bool found)
{
    if (!found)
        return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
    if (r->frozen)
        return fault_set(&call->fault, FAULT_CONFLICT, "status",
                         "cannot be set: the certificate is being issued at this moment");
    return r->changed || is_so(to, r) ||
           fault_set(&call->fault, FAULT_ORDER_STATE, "status",
                     "cannot be set: an order that is %s %s", r->status, to->refused);
}

void orders_set_status(Orders_Service *self, const OrderStatusChange *in, Nothing_Closure answer,
                       void *data)
{
    (void)self;
    struct call *call = data;
    OrderStatusChange change = *in;
    ChangeResult result = CHANGE_RESULT__INIT;
    Nothing nothing = NOTHING__INIT;
    bool found = false;
    const struct status_change *to = status_change_find(call, in->status);
    if (to && texts_good(call, &in->base, status_text_rules, "") &&
        statement_maybe(call, to->sql, &change.base, &result.base, &found) &&
        changed(call, to, &result, found))
        answer(&nothing, call);
    else
        call_fail(call);
}

/* ---- logs of Certificate Transparency */

static bool ct_set(struct call *call, const CtStatusSet *r, bool found)
{
    if (!found)
        return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
    if (r->so)
        return true;
    if (r->frozen)
        return fault_set(&call->fault, FAULT_CONFLICT, "disable_ct",
                         "cannot be changed: the certificate is being issued at this moment");
    return fault_set(&call->fault, FAULT_ORDER_STATE, "disable_ct",
                     "cannot be changed: an order that is %s gets no certificate any more",
                     r->status);
}

void orders_set_ct_status(Orders_Service *self, const CtStatusRequest *in, Nothing_Closure answer,
                          void *data)
{
    (void)self;
    struct call *call = data;
    CtStatusSet result = CT_STATUS_SET__INIT;
    Nothing nothing = NOTHING__INIT;
    bool found = false;
    if (statement_maybe(call, &sql_order_ct_status, &in->base, &result.base, &found) &&
        ct_set(call, &result, found))
        answer(&nothing, call);
    else
        call_fail(call);
}
