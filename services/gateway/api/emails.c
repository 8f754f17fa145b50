#include "api/emails.h"

#include <string.h>

#include "api/email_choice.h"
#include "api/emails.sql.h"
#include "api/orders.h"
#include "base/log.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "message/convert.h"
#include "pki/name.h"
#include "statement.h"

enum { HINTS_MAX = 32, LOCALE_MAX = 35 };

/* ---- does policy let mail prove anything */

static bool refuse_prohibited(struct call *call)
{
    return fault_set(&call->fault, FAULT_DCV_METHOD, "dcv_method",
                     "may not be used any more: choose another");
}

/* The customer cannot mend it, and is told what to do instead; the operator reads what is missing. */
static bool refuse_unsent(struct call *call)
{
    log_info(
        "a mail was asked for, and no relay takes mails: set CHANCERY_SMTP_URL of the notifier");
    return fault_set(&call->fault, FAULT_DCV_METHOD, "dcv_method",
                     "email cannot be used: this CA sends no mails. Choose another method, such as "
                     "dns-txt-token");
}

bool emails_allowed(struct call *call, const char *rule_scope)
{
    EmailRule in = EMAIL_RULE__INIT;
    EmailVerdict out = EMAIL_VERDICT__INIT;
    in.scope = arena_strdup(&call->arena, rule_scope);
    return statement_one(call, &sql_email_verdict, &in.base, &out.base) &&
           (!out.prohibited || refuse_prohibited(call)) && (!out.no_relay || refuse_unsent(call));
}

/* ---- resend-emails */

static bool order_read(struct call *call, int64_t order_id, EmailOrder *out)
{
    OrderId in = ORDER_ID__INIT;
    bool found = false;
    in.order_id = order_id;
    if (!statement_maybe(call, &sql_email_order, &in.base, &out->base, &found))
        return false;
    if (!found)
        return fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order");
    return true;
}

/* An order that is issued has all that a mail could ask for: nothing is sent, and that is no fault. */
static bool may_be_asked(struct call *call, const EmailOrder *order)
{
    bool issued = strcmp(order->status, "issued") == 0;
    if (!issued && strcmp(order->status, "pending") != 0)
        return fault_set(&call->fault, FAULT_ORDER_STATE, "order_id",
                         "names an order that is %s, not pending", order->status);
    if (!order->has_dcv_method || order->dcv_method != DCV_METHOD__VALUE__EMAIL)
        return fault_set(&call->fault, FAULT_DCV_METHOD, "dcv_method", "is not email");
    return issued || ((!order->prohibited || refuse_prohibited(call)) &&
                      (!order->no_relay || refuse_unsent(call)));
}

static bool wishes_read(struct call *call, const ResendEmails *in, const EmailOrder *order,
                        EmailResend *out)
{
    static const struct email_members members = { "domain_approval_emails.domain",
                                                  "domain_approval_emails.email_domain",
                                                  "domain_approval_emails.email" };
    struct email_choice choice;
    if (!email_wishes_counted(call, in->n_domain_approval_emails, order->n_names,
                              "domain_approval_emails"))
        return false;
    out->domains = arena_array(&call->arena, char *, in->n_domain_approval_emails);
    out->addresses = arena_array(&call->arena, char *, in->n_domain_approval_emails);
    for (size_t i = 0; i < in->n_domain_approval_emails; i++) {
        const DomainApprovalEmail *e = in->domain_approval_emails[i];
        struct email_wish wish = { e->domain, e->email_domain, e->email };
        if (!email_choice_read(call, &wish, &members, order->names, order->n_names, true, &choice))
            return false;
        out->domains[out->n_domains++] = arena_strdup(&call->arena, choice.domain);
        out->addresses[out->n_addresses++] =
            arena_strdup(&call->arena, choice.address ? choice.address : "");
    }
    out->locale = in->locale && strlen(in->locale) <= LOCALE_MAX ? in->locale : NULL;
    return true;
}

/* More than a few are left to the notifier's own poll. */
static void jobs_hint(struct call *call, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count && i < HINTS_MAX; i++)
        job_hint(gateway.run->bus, "mail", ((const JobId *)rows->items[i])->id, call->traceparent);
}

static void order_emails_resend(OrderEmails_Service *self, const ResendEmails *in,
                                Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    EmailOrder order = EMAIL_ORDER__INIT;
    EmailResend resend = EMAIL_RESEND__INIT;
    Nothing nothing = NOTHING__INIT;
    struct rows rows = { 0 };
    resend.order_id = in->order_id;
    if (!order_read(call, in->order_id, &order) || !may_be_asked(call, &order) ||
        !wishes_read(call, in, &order, &resend) ||
        !statement_all(call, &sql_email_resend, &resend.base, &rows)) {
        call_fail(call);
        return;
    }
    jobs_hint(call, &rows);
    answer(&nothing, call);
}

OrderEmails_Service order_emails_service = ORDER_EMAILS__INIT(order_emails_);

/* ---- blockers, in words */

/* In this order they are told. */
static const struct {
    const char *state, *words;
} tellings[] = {
    { "sent", "Open the link in the mail to" },
    { "waiting", "A mail is on its way to" },
    { "chosen", "A mail will go to" },
    { "refused", "The mail server refused" },
    { "failed", "No mail could be brought to" },
    { "delayed", "No mail could be brought yet to" },
    { "put_off", "So many mails have been sent already that none goes yet to" },
    { "unsent", "This CA sends no mails: choose another method. None goes to" },
};
enum { TELLINGS = sizeof tellings / sizeof *tellings };

static void telling_add(struct text *t, int which, const struct rows *rows, const char *domain)
{
    const char *between = NULL;
    char when[INSTANT_TEXT_SIZE];
    for (size_t i = 0; i < rows->count; i++) {
        const EmailInvitation *e = (const EmailInvitation *)rows->items[i];
        if (strcmp(e->state, tellings[which].state) != 0 || !name_is_within(domain, e->domain))
            continue;
        if (!between)
            text_format(t, "%s%s", t->length ? ". " : "", tellings[which].words);
        text_format(t, "%s %s", between ? between : "", e->address);
        if (e->has_response_code && e->response_code / 100 != 2)
            text_format(t, " (%lld)", (long long)e->response_code);
        if (strcmp(e->state, "put_off") == 0)
            text_format(t, " (not before %s)", instant_text(instant_value(e->until), when));
        between = ",";
    }
}

static char *telling(struct call *call, const struct rows *rows, const char *domain)
{
    struct text t;
    text_init(&t, &call->arena);
    for (int i = 0; i < TELLINGS; i++)
        telling_add(&t, i, rows, domain);
    if (t.length == 0)
        text_format(&t, "A mail will go to the constructed addresses at %s", domain);
    text_add(&t, ". resend-emails sends it again.");
    return t.data;
}

void emails_explain(struct call *call, OrderInfo *o)
{
    OrderId id = ORDER_ID__INIT;
    struct rows rows = { 0 };
    if (o->n_blockers == 0)
        return;
    id.order_id = o->id;
    if (!statement_all(call, &sql_email_invitations, &id.base, &rows)) {
        call->fault = (struct fault){ 0 }; /* without these words the order is shown all the same */
        rows.count = 0;
    }
    for (size_t i = 0; i < o->n_blockers; i++)
        if (strcmp(o->blockers[i]->kind, "dcv") == 0)
            o->blockers[i]->how_to_fix = telling(call, &rows, o->blockers[i]->domain);
}

// clang-format off
const struct route order_email_routes[] = {
    { PUT, "/order/certificate/{order_id}/resend-emails", WORKER, RPC(order_emails_service, "Resend"), "order:update", 204,
      "Send mails that ask for the approval of an order's domains again" },
    { 0 },
};
// clang-format on
