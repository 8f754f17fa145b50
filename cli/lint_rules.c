#include "lint_rules.h"

#include <string.h>

#include "message/convert.h"
#include "share.h"

bool lint_policy(struct command_run *r, struct policy_source *out, struct fault *f)
{
    const char *folder = command_option(r, "policy");
    return policy_source_read(
        &r->arena, folder ? folder : share_folder(&r->arena, "policy", "policy"), out, f);
}

static bool is_of(const Rule *rule, const char *scope)
{
    return strcmp(rule->scope, scope) == 0;
}

/* "10" of unit "d"; nothing for what counts no time. */
static struct duration value_of(struct arena *a, const Rule *rule)
{
    static const char *const units[] = { "d", "h", "min", "s" };
    struct duration out = { 0 };
    for (size_t i = 0; rule->unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(rule->unit, units[i]) == 0)
            duration_read(arena_format(a, "%s%c", rule->value, *rule->unit), &out);
    return out;
}

bool lint_status_rules(struct arena *a, const struct policy_source *p, const char *scope,
                       struct instant at, struct status_input *out, struct fault *f)
{
    struct status_rule *rules = arena_array(a, struct status_rule, p->rule_count + 1);
    bool known = false;
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *rule = p->rules[i];
        known = known || is_of(rule, scope);
        if (is_of(rule, scope) && rule_in_force(rule, at))
            rules[out->rule_count++] =
                (struct status_rule){ rule->parameter, value_of(a, rule), *rule->level };
    }
    out->rules = rules;
    return known || fault_set(f, FAULT_INVALID, "--scope", "is %s, which no rule has", scope);
}

struct lint_rule *lint_rules(struct arena *a, const struct policy_source *p, const char *scope,
                             struct instant at, size_t *count)
{
    struct lint_rule *out = arena_array(a, struct lint_rule, p->rule_count + 1);
    *count = 0;
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *rule = p->rules[i];
        if (!rule->check || !is_of(rule, scope) || !rule_in_force(rule, at))
            continue;
        out[*count] = (struct lint_rule){ .check_name = rule->check, .level = *rule->level };
        if (rule->value)
            int64_read(rule->value, &out[*count].value);
        ++*count;
    }
    return out;
}
