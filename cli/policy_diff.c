/* chancery policy diff: what begins, ends or is another between two days. */
#include <string.h>

#include "cli/policy.sql.h"
#include "commands.h"
#include "listing.h"
#include "message/convert.h"
#include "policy_product.h"
#include "policy_show.h"

/* "must 200 days", "prohibited"; NULL: nothing held. */
static const char *held(struct arena *a, const char *level, char *value, char *unit)
{
    Rule r = RULE__INIT;
    if (!level)
        return NULL;
    r.value = value;
    r.unit = unit;
    const char *text = policy_value_text(a, &r);
    return arena_format(a, "%s%s%s", policy_level_word(level), text ? " " : "", text ? text : "");
}

static const char *what_of(const PolicyChange *c)
{
    return !c->before_id ? "begins" : !c->id ? "ends" : "changes";
}

static void change_add(struct table *t, const PolicyChange *c)
{
    struct arena *a = t->arena;
    TABLE_ROW(t, policy_day_text(a, c->day), what_of(c),
              arena_format(a, "%s %s", c->scope, c->parameter),
              held(a, c->before_level, c->before_value, c->before_unit),
              held(a, c->level, c->value, c->unit), c->id ? c->id : c->before_id, c->statement);
}

static bool days_read(struct command_run *r, PolicyBetween *in, struct fault *f)
{
    struct instant from, until;
    if (!policy_day_read(r->words[0], &from, f) || !policy_day_read(r->words[1], &until, f))
        return false;
    in->at = instant_message(&r->arena, from);
    in->until = instant_message(&r->arena, until);
    return instant_before(from, until) ||
           fault_set(f, FAULT_INVALID, r->words[1], "must be later than %s", r->words[0]);
}

bool policy_diff_command(struct command_run *r, struct fault *f)
{
    PolicyBetween in = POLICY_BETWEEN__INIT;
    const Product *product;
    struct rows rows;
    struct table t;
    if (!days_read(r, &in, f) || !command_store(r, f) || !policy_product_read(r, &product, f))
        return false;
    in.scope = product ? product->rule_scope : NULL;
    if (!store_all(r->store, &r->arena, &sql_policy_changes, &in.base, &rows, f))
        return false;
    table_init(&t, &r->arena, 7);
    TABLE_ROW(&t, "DAY", "WHAT", "SCOPE AND PARAMETER", "BEFORE", "AFTER", "RULE", "WHAT IT SAYS");
    for (size_t i = 0; i < rows.count; i++)
        change_add(&t, (const PolicyChange *)rows.items[i]);
    listing_print(r, &t, "the same holds on both days", 0);
    return true;
}
