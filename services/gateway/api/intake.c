#include "api/intake.h"

#include <ctype.h>
#include <string.h>

#include "api/containers.h"
#include "api/examination.h"
#include "api/text_rules.h"
#include "base/text.h"
#include "caller.h"
#include "message/convert.h"
#include "message/json.h"

enum { ALTERNATIVE_ID_MAX = 64 };

bool examination_refuse(struct examination *e, enum fault_code code, const char *field,
                        const char *text)
{
    return fault_set(&e->call->fault, code, field, "%s", text);
}

bool examination_listed(char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static const struct text_rule order_text_rules[] = {
    { "comments", TEXT_LINES, 1024 },
    { "custom_renewal_message", TEXT_LINES, 1024 },
    { "additional_emails", TEXT_EMAIL, 255, .items_max = 50 },
    { "locale", TEXT_LINE, 16 },
    { "payment_method", TEXT_LINE, 32 },
    { 0 },
};

static bool texts(struct examination *e)
{
    const Contact *technical = e->in->technical_contact;
    const char *id = e->in->alternative_order_id;
    for (const char *c = id; c && *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-_. ", *c))
            return examination_refuse(e, FAULT_INVALID, "alternative_order_id",
                                      "takes letters, digits, '-', '_', '.' and spaces");
    if (id && strlen(id) > ALTERNATIVE_ID_MAX)
        return examination_refuse(e, FAULT_INVALID, "alternative_order_id",
                                  "is longer than 64 characters");
    if (!texts_good(e->call, &e->in->base, order_text_rules, "") ||
        (technical &&
         !texts_good(e->call, &technical->base, contact_text_rules, "technical_contact.")))
        return false;
    e->row->alternative_order_id = id && *id ? e->in->alternative_order_id : NULL;
    e->row->comments = e->in->comments;
    return true;
}

static void options(struct examination *e)
{
    const OrderRequest *in = e->in;
    OrderOptions o = ORDER_OPTIONS__INIT;
    const char *field;
    Validity order = intake_validity_asked(&e->call->arena, in, &field), first;
    o.order_validity = &order;
    if (in->certificate->cert_validity) {
        first = intake_validity_form(&e->call->arena, in->certificate->cert_validity);
        o.cert_validity = &first;
    }
    o.technical_contact = in->technical_contact;
    o.additional_emails = in->additional_emails;
    o.n_additional_emails = in->n_additional_emails;
    o.custom_renewal_message = in->custom_renewal_message;
    o.payment_method = in->payment_method;
    o.locale = in->locale;
#define COPY(member) o.has_##member = in->has_##member, o.member = in->member
    COPY(disable_renewal_notifications);
    COPY(disable_issuance_email);
    COPY(auto_renew);
    COPY(auto_reissue);
#undef COPY
    if (in->certificate->server_platform) {
        o.has_server_platform_id = in->certificate->server_platform->has_id;
        o.server_platform_id = in->certificate->server_platform->id;
    }
    struct text json;
    text_init(&json, &e->call->arena);
    message_to_json(&o.base, &json);
    e->row->options = json.data;
}

/* B4: one step of approval by an administrator; who may approve asks for none. */
static void approval(struct examination *e)
{
    bool approved = caller_may(e->call, "request:approve");
    e->row->status = approved ? "pending" : "needs_approval";
    e->row->request_status = approved ? "approved" : "pending";
}

static bool account(struct examination *e)
{
    if (!account_settings(e->call, &e->account))
        return false;
    int64_t asked = e->in->container && e->in->container->has_id ? e->in->container->id
                                                                 : e->account.container_id;
    if (asked != e->account.container_id && !container_takes_orders(e->call, asked))
        return false;
    e->row->has_container_id = true;
    e->row->container_id = asked;
    return true;
}

static void product(struct examination *e)
{
    OrderIntake *row = e->row;
    row->rule_scope = e->out->product->rule_scope;
    row->renewal_of_order_id = e->in->renewal_of_order_id;
    row->has_renewal_of_order_id = row->renewal_of_order_id != 0; /* 0 means none */
    row->product_name_id = e->out->product->name_id;
    row->has_disable_ct = e->in->has_disable_ct;
    row->disable_ct = e->in->disable_ct;
}

/* In this order, so that of several things that are wrong the same is always named. */
static bool (*const steps[])(struct examination *) = {
    account,    intake_product, intake_validity,  intake_names, intake_hash,
    intake_dcv, texts,          intake_authority, intake_csr,   intake_profile_option,
};

bool intake_examine(struct call *call, const OrderRequest *in, struct intake *out)
{
    struct examination e = { .call = call, .in = in, .now = clock_now(), .out = out };
    out->now = e.now;
    e.row = out->row = arena_new(&call->arena, OrderIntake);
    order_intake__init(e.row);
    if (!policy_now(&e.policy, &call->fault))
        return false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!steps[i](&e))
            return false;
    options(&e);
    approval(&e);
    product(&e);
    return true;
}
