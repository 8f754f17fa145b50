#include "lint_rules.h"

#include <string.h>

#include "policy_source.h"
#include "share.h"

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

bool lint_rules(struct command_run *r, const char *scope, struct instant at,
                struct status_input *out, struct fault *f)
{
    const char *folder = command_option(r, "policy");
    struct policy_source source;
    if (!folder)
        folder = share_folder(&r->arena, "policy", "policy");
    if (!policy_source_read(&r->arena, folder, &source, f))
        return false;
    struct status_rule *rules = arena_array(&r->arena, struct status_rule, source.rule_count + 1);
    bool known = false;
    for (size_t i = 0; i < source.rule_count; i++) {
        const Rule *rule = source.rules[i];
        bool its = strcmp(rule->scope, scope) == 0;
        known = known || its;
        if (its && rule_in_force(rule, at))
            rules[out->rule_count++] =
                (struct status_rule){ rule->parameter, value_of(&r->arena, rule), *rule->level };
    }
    out->rules = rules;
    return known || fault_set(f, FAULT_INVALID, "--scope", "is %s, which no rule has", scope);
}
