#include "lint_rules.h"

#include <string.h>

#include "message/convert.h"

static void sooner(struct instant *until, struct instant at)
{
    if (instant_before(at, *until))
        *until = at;
}

/* Does it hold then? If it does or will, `*until` is cut. */
static bool holds(const Rule *r, struct instant then, struct instant *until)
{
    struct instant from = instant_value(r->from), end = instant_value(r->until);
    if (r->from && instant_before(then, from)) {
        sooner(until, from);
        return false;
    }
    if (!r->until)
        return true;
    if (!instant_before(then, end))
        return false;
    sooner(until, end);
    return true;
}

static struct lint_rule rule_of(const Rule *r)
{
    struct lint_rule out = { .check_name = r->check, .level = *r->level };
    if (r->value)
        int64_read(r->value, &out.value);
    return out;
}

const struct lint_rule *lint_rules_then(const struct policy *p, const char *scope,
                                        struct instant then, struct arena *a, size_t *count,
                                        struct instant *until)
{
    struct lint_rule *out = arena_array(a, struct lint_rule, p->rule_count + 1);
    *count = 0;
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *r = p->rules[i];
        if (r->check && strcmp(r->scope, scope) == 0 && holds(r, then, until))
            out[(*count)++] = rule_of(r);
    }
    return out;
}
