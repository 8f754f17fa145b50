#include "api/caa_advice.h"

#include <string.h>

#include "api/orders.sql.h"
#include "ledger/policy.h"
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

static char *fix(struct arena *a, const OpenTask *t, const char *ours)
{
    if (!t->seen || !t->domain)
        return arena_format(a,
                            "Nothing for you to do: we are about to look at the CAA records that "
                            "count for %s.",
                            t->dns_name);
    return arena_format(
        a,
        "Let the CAA records of %s, which count for %s, permit this CA: add \"%s. CAA 0 issue "
        "\"%s\"\" (for a wildcard issuewild, where there are such), or take away what forbids it, "
        "or mend what keeps us from reading them. We look again by ourselves, and at once when "
        "you ask for a check.",
        t->domain, t->dns_name, t->domain, ours ? ours : "...");
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
        t->how_to_fix = fix(&call->arena, t, ours);
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
    return !found ||
           fault_set(&call->fault, out.forbidden ? FAULT_CAA_FORBIDDEN : FAULT_CAA_LOOK_UP,
                     "dns_names", "%s: %.400s", out.dns_name, out.detail);
}
