#include "api/caa_advice.h"

#include <string.h>

#include "api/orders.sql.h"
#include "ledger/policy.h"
#include "pki/dcv_method.h"
#include "statement.h"

/* The first of the names by which CAA records name this CA today (rule caa.identities); NULL: no rule says. */
static const char *identity(struct call *call, const char *rule_scope)
{
    struct arena *a = &call->arena;
    struct rows rows = { 0 };
    struct fault ignored = { 0 };
    const Rule *rule;

    if (!policy_rules_at(a, clock_now(), rule_scope, "caa.identities", &rows, &ignored) ||
        rows.count == 0)
        return NULL;
    rule = (const Rule *)rows.items[0];
    return rule->value ? arena_strndup(a, rule->value, strcspn(rule->value, " ")) : NULL;
}

/* What a record says that permits this very request: bound to an account or to methods where those that are there
 * are (RFC 8657), so that nobody is told to open his domain to others. */
static const char *permission(struct call *call, const OrderInfo *o, const OpenTask *t,
                              const char *ours)
{
    const struct dcv_method *method = o->has_dcv_method ? dcv_method(o->dcv_method) : NULL;
    struct text out;

    text_init(&out, &call->arena);
    text_add(&out, ours);
    if (strstr(t->seen, "accounturi"))
        text_format(&out, "; accounturi=acct:%lld@%s", (long long)call->actor.account_id, ours);
    if (strstr(t->seen, "validationmethods") && method)
        text_format(&out, "; validationmethods=ca-tbr-%s", strrchr(method->section, '.') + 1);
    return out.data;
}

/* Records that forbid are shown in quotes. */
static char *fix(struct call *call, const OrderInfo *o, const OpenTask *t, const char *ours)
{
    struct arena *a = &call->arena;
    bool wild = t->dns_name && *t->dns_name == '*';

    if (!t->seen || !t->domain)
        return arena_format(a,
                            "Nothing for you to do: we are about to look at the CAA records that "
                            "count for %s.",
                            t->dns_name);
    if (!strchr(t->seen, '"'))
        return arena_format(a,
                            "Mend what keeps us from reading the CAA records of %s, which count "
                            "for %s. We look again by ourselves, and at once when you ask for a "
                            "check.",
                            t->domain, t->dns_name);
    return arena_format(
        a,
        "Let the CAA records of %s, which count for %s, permit this CA, with: %s. CAA 0 %s \"%s\". "
        "Or take away what forbids it. We look again by ourselves, and at once when you ask for a "
        "check.",
        t->domain, t->dns_name, t->domain,
        wild && strstr(t->seen, "issuewild") ? "issuewild" : "issue",
        permission(call, o, t, ours ? ours : "..."));
}

void caa_advice(struct call *call, const char *rule_scope, OrderInfo *o)
{
    const char *ours = NULL;

    for (size_t i = 0; i < o->n_blockers; i++) {
        OpenTask *t = o->blockers[i];

        if (strcmp(t->kind, "caa") != 0)
            continue;
        if (!ours && rule_scope)
            ours = identity(call, rule_scope);
        t->how_to_fix = fix(call, o, t, ours);
    }
}

bool caa_advice_passes(struct call *call, int64_t order_id)
{
    OrderId in = ORDER_ID__INIT;
    CaaObstacle out = CAA_OBSTACLE__INIT;
    bool found = false;

    in.order_id = order_id;
    if (!statement_maybe(call, &sql_order_caa_obstacle, &in.base, &out.base, &found))
        return false;
    return !found || fault_set(&call->fault,
                               out.ours        ? FAULT_UNCONFIRMED
                               : out.forbidden ? FAULT_CAA_FORBIDDEN
                                               : FAULT_CAA_LOOK_UP,
                               "dns_names", "%s: %.400s", out.dns_name, out.detail);
}
