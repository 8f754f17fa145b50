#include "policy_table.h"

#include <string.h>

#include "base/clock.h"

static const struct {
    const char *level, *word;
} levels[] = { { "M", "must" }, { "S", "should" }, { "X", "prohibited" } };

static const struct {
    const char *unit, *word;
} units[] = { { "d", "days" },    { "h", "hours" },   { "min", "minutes" },
              { "s", "seconds" }, { "bits", "bits" }, { "count", "" } };

static const char *level_word(const char *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(levels[i].level, level) == 0)
            return levels[i].word;
    return level;
}

static const char *value_text(struct arena *a, const Rule *r)
{
    if (!r->value)
        return NULL;
    if (r->unit && strcmp(r->unit, "bool") == 0)
        return strcmp(r->value, "1") == 0 ? "yes" : "no";
    for (size_t i = 0; r->unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].unit, r->unit) == 0)
            return arena_format(a, "%s%s%s", r->value, *units[i].word ? " " : "", units[i].word);
    return r->value;
}

static const char *day_text(struct arena *a, const Instant *i)
{
    char text[INSTANT_TEXT_SIZE];
    struct instant at = { i ? i->us : 0 };
    bool whole = at.us % days(1).us == 0;
    return i ? arena_strdup(a, whole ? instant_date(at, text) : instant_text(at, text)) : NULL;
}

static void row_add(struct table *t, const Rule *r, bool scope)
{
    struct arena *a = t->arena;
    const char *parameter = scope ? arena_format(a, "%s %s", r->scope, r->parameter) : r->parameter;
    TABLE_ROW(t, parameter, level_word(r->level), value_text(a, r), day_text(a, r->from),
              day_text(a, r->until), r->id, arena_format(a, "%s [%s]", r->statement, r->source));
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
