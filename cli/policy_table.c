#include "policy_table.h"

#include "policy_show.h"

static void row_add(struct table *t, const Rule *r, bool scope)
{
    struct arena *a = t->arena;
    const char *parameter = scope ? arena_format(a, "%s %s", r->scope, r->parameter) : r->parameter;
    TABLE_ROW(t, parameter, policy_level_word(r->level), policy_value_text(a, r),
              policy_day_text(a, r->from), policy_day_text(a, r->until), r->id,
              arena_format(a, "%s [%s]", r->statement, r->source));
}

void policy_rows(struct table *t, struct arena *a, const Rule *const *rules, size_t count,
                 bool scope)
{
    table_init(t, a, 7);
    TABLE_ROW(t, scope ? "SCOPE AND PARAMETER" : "PARAMETER", "LEVEL", "VALUE", "FROM", "UNTIL",
              "RULE", "WHAT IT SAYS");
    for (size_t i = 0; i < count; i++)
        row_add(t, rules[i], scope);
}

void policy_table(const Rule *const *rules, size_t count, int indent, bool scope, struct text *out)
{
    struct table t;
    policy_rows(&t, out->arena, rules, count, scope);
    table_write(&t, indent, out);
}
