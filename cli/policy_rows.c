/* chancery policy rows: each rule, who does what it says, and the test that proves it. */
#include <string.h>

#include "commands.h"
#include "ledger/parameter.h"
#include "listing.h"
#include "policy_show.h"
#include "policy_source.h"
#include "rule_check.h"

static const char *enforced_by(struct arena *a, const Rule *r)
{
    const struct check *c = r->check ? check_find(r->check) : NULL;
    const struct parameter *p = parameter_find(r->parameter);
    const char *by = p ? p->reader : "";
    if (!c)
        return by;
    return arena_format(a, "lint %s, %s%s%s", c->name, c->file,
                        p && strncmp(by, "lint ", 5) != 0 ? "; " : "",
                        p && strncmp(by, "lint ", 5) != 0 ? by : "");
}

/* A rule's test has the rule's name. */
static const char *probed_by(const Rule *r)
{
    const struct parameter *p = parameter_find(r->parameter);
    return r->check ? PARAMETER_CHECKS_TEST : p ? p->test : NULL;
}

bool policy_rows_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    const char *folder = r->words[0] ? r->words[0] : "policy";
    struct policy_source p;
    struct table t;
    if (!policy_source_read(a, folder, &p, f))
        return false;
    table_init(&t, a, 8);
    TABLE_ROW(&t, "RULE", "FILE", "SCOPE AND PARAMETER", "VALUE", "FROM", "UNTIL", "ENFORCED BY",
              "PROBED BY");
    for (size_t i = 0; i < p.rule_count; i++) {
        const Rule *rule = p.rules[i];
        TABLE_ROW(&t, rule->id, p.rule_files[i],
                  arena_format(a, "%s %s", rule->scope, rule->parameter),
                  policy_value_text(a, rule), policy_day_text(a, rule->from),
                  policy_day_text(a, rule->until), enforced_by(a, rule), probed_by(rule));
    }
    listing_print(r, &t, "no rule", 0);
    if (!command_option(r, "json"))
        fprintf(r->out, "%zu rules\n", p.rule_count);
    return true;
}
