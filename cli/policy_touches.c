/* chancery policy touches: whom the days of a rule reach, as far as the database knows today. */
#include <string.h>

#include "cli/policy.sql.h"
#include "commands.h"
#include "ledger/parameter.h"
#include "listing.h"
#include "message/convert.h"
#include "message/field.h"
#include "pki/dcv_method.h"
#include "policy_product.h"
#include "policy_show.h"

enum { VALIDATIONS = 1, CERTIFICATES = 2, ORDERS = 4, BY_METHOD = 8, BY_OPTION = 16 };

#define STATUS_ALONE                                                                               \
    "orders, certificates and validations: it is about CRLs and OCSP responses that are made then"

/* What a rule of each parameter can reach; the first that fits. */
// clang-format off
static const struct {
    const char *parameter; /* its beginning */
    unsigned reaches;
    const char *not_reached;
} reaches[] = {
    { "dcv.method.",     VALIDATIONS | ORDERS | BY_METHOD, "certificates that are issued, whatever they were proved by, and orders by other methods" },
    { "dcv.exact.",      ORDERS | BY_METHOD,               "certificates that are issued; whether a validation serves a name below is seen when one is asked for" },
    { "reuse.dcv.",      VALIDATIONS,                      "certificates that are issued; orders that wait look for what they need again" },
    { "reuse.dcv",       VALIDATIONS,                      "certificates that are issued; orders that wait look for what they need again" },
    { "validity.",       CERTIFICATES | ORDERS,            "certificates that are issued stay as they are; orders get certificates that are cut, and the rest later" },
    { "profile_option.", ORDERS | BY_OPTION,               "certificates that are issued, and orders without the option" },
    { "mpic.",           ORDERS,                           "certificates that are issued; what was proved before counts as long as it did, by the rules of its own day" },
    { "ct.",             ORDERS,                           "certificates that are issued; an order whose precertificate is with the logs needs what holds on the day of its certificate" },
    { "crl.",            0,                                STATUS_ALONE },
    { "ocsp.",           0,                                STATUS_ALONE },
    { "revocation.",     0,                                STATUS_ALONE },
    { "",                ORDERS,                           "certificates and validations that are there" },
};
// clang-format on

static size_t reach_of(const char *parameter)
{
    size_t i = 0;
    while (strncmp(parameter, reaches[i].parameter, strlen(reaches[i].parameter)) != 0)
        i++;
    return i;
}

/* Those that are sold and of that section of the Baseline Requirements, as orders name them. One that
 * nobody can have stands for none: an empty list would be any. */
static void methods_fill(struct arena *a, const char *section, RuleReach *in)
{
    static char nothing[] = "none";
    const ProtobufCEnumDescriptor *type = &dcv_method__value__descriptor;
    in->methods = arena_array(a, char *, type->n_values + 1);
    for (unsigned i = 0; i < type->n_values; i++) {
        const struct dcv_method *m = dcv_method((DcvMethod__Value)type->values[i].value);
        if (m && strcmp(m->section, section) == 0)
            in->methods[in->n_methods++] =
                arena_strdup(a, enum_text(a, type, type->values[i].value));
    }
    if (!in->n_methods)
        in->methods[in->n_methods++] = nothing;
}

/* ---- one day */

static bool count_add(struct command_run *r, struct table *t, const struct sql *sql,
                      const RuleReach *in, const char *what, struct fault *f)
{
    struct arena *a = &r->arena;
    RuleReached out = RULE_REACHED__INIT;
    if (!store_one(r->store, a, sql, &in->base, &out.base, f))
        return false;
    const char *limit =
        out.has_limit_days ? arena_format(a, " than %lld days", (long long)out.limit_days) : "";
    TABLE_ROW(t, policy_day_text(a, in->day), arena_format(a, "%s%s", what, limit),
              listing_number(a, out.count), listing_number(a, out.accounts));
    return true;
}

static const char *orders_named(unsigned what)
{
    return what & BY_METHOD   ? "orders that wait and are proved by this method"
           : what & BY_OPTION ? "orders that wait and have this option"
                              : "orders that wait, and are judged by it from then on";
}

static bool day_add(struct command_run *r, struct table *t, const Rule *rule, const Instant *day,
                    struct fault *f)
{
    struct arena *a = &r->arena;
    unsigned what = reaches[reach_of(rule->parameter)].reaches;
    const struct parameter *p = parameter_find(rule->parameter);
    const char *key = p ? parameter_key(p, rule->parameter) : "";
    RuleReach in = RULE_REACH__INIT;
    in.now = instant_message(a, clock_now());
    in.day = instant_message(a, instant_value(day));
    in.scope = rule->scope;
    if (what & VALIDATIONS && *key)
        in.section = arena_strdup(a, key);
    if (what & BY_METHOD)
        methods_fill(a, key, &in);
    if (what & BY_OPTION)
        in.option = arena_strdup(a, key);
    return (!(what & VALIDATIONS) ||
            count_add(r, t, &sql_reach_validations, &in, "validations that count no more", f)) &&
           (!(what & CERTIFICATES) ||
            count_add(r, t, &sql_reach_certificates, &in,
                      "certificates alive on that day that are longer", f)) &&
           (!(what & ORDERS) || count_add(r, t, &sql_reach_orders, &in, orders_named(what), f));
}

/* A rule without days is one that has always held: it is counted as if it began now. */
static bool days_add(struct command_run *r, struct table *t, const Rule *rule, struct fault *f)
{
    const Instant *now = instant_message(&r->arena, clock_now());
    if (!rule->from && !rule->until)
        return day_add(r, t, rule, now, f);
    return (!rule->from || day_add(r, t, rule, rule->from, f)) &&
           (!rule->until || day_add(r, t, rule, rule->until, f));
}

static void rule_print(struct command_run *r, const Rule *rule)
{
    struct text out;
    text_init(&out, &r->arena);
    policy_show_rule(rule, &out);
    text_format(&out, "    not reached %s.\n\n", reaches[reach_of(rule->parameter)].not_reached);
    fputs(out.data, r->out);
}

bool policy_touches_command(struct command_run *r, struct fault *f)
{
    RuleAsked in = RULE_ASKED__INIT;
    Rule rule = RULE__INIT;
    struct table t;
    bool found = false;
    in.id = arena_strdup(&r->arena, r->words[0]);
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_policy_rule_named, &in.base, &rule.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, r->words[0],
                         "is no rule of the policy in force (chancery policy rows)");
    table_init(&t, &r->arena, 4);
    TABLE_ROW(&t, "DAY", "WHAT", "COUNT#", "ACCOUNTS#");
    if (!days_add(r, &t, &rule, f))
        return false;
    if (!command_option(r, "json"))
        rule_print(r, &rule);
    listing_print(r, &t, "", 0);
    return true;
}
