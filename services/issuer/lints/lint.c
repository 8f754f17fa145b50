#include "lints/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct lint *const lint_tables[] = { field_lints, key_lints,       subject_lints,
                                           name_lints,  extension_lints, usage_lints,
                                           url_lints,   private_lints,   NULL };

bool lint_miss(struct lint_case *c, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(c->why, sizeof c->why, fmt, args);
    va_end(args);
    return false;
}

const struct lint *lint_find(const char *name)
{
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++)
            if (strcmp(l->name, name) == 0)
                return l;
    return NULL;
}

static int64_t value_of(const struct lint *l, const struct lint_value *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(values[i].check, l->name) == 0)
            return values[i].value;
    return l->standing;
}

static bool apply(struct lint_case *c, const char *name, const struct lint_value *values,
                  size_t count, struct fault *f)
{
    const struct lint *l = lint_find(name);

    if (!l)
        return fault_set(f, FAULT_INTERNAL, name, "no such check");
    c->value = value_of(l, values, count);
    if (l->unit && c->value <= 0)
        return fault_set(f, FAULT_INTERNAL, name, "no value is in force");
    c->why[0] = '\0';
    return l->holds(c) || fault_set(f, FAULT_INTERNAL, name, "%s: %s", l->source, c->why);
}

bool lint_tbs(const struct lint_input *in, const Profile *profile, const struct lint_value *values,
              size_t value_count, struct fault *f)
{
    struct lint_case c = { .in = in };

    if (!tbs_read(in->tbs, &c.tbs, f))
        return false;
    if (!key_read(c.tbs.spki, &c.key, f, "key_allowed"))
        return fault_set(f, FAULT_INTERNAL, "key_allowed", "BR 6.1.5: the public key is none");
    for (size_t i = 0; i < profile->n_checks; i++)
        if (!apply(&c, profile->checks[i], values, value_count, f))
            return false;
    return true;
}
