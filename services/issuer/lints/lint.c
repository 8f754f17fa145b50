#include "lints/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

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

static bool unknown(const char *name, struct fault *f)
{
    return fault_set(f, FAULT_UNAVAILABLE, name, "this program does not know check %s", name);
}

bool lint_rule_known(const char *check_name, const char *unit, struct fault *f)
{
    const struct lint *l = lint_find(check_name);

    if (!l)
        return unknown(check_name, f);
    return !unit || !l->unit || strcmp(unit, l->unit) == 0 ||
           fault_set(f, FAULT_UNAVAILABLE, check_name, "check %s counts in %s, not in %s",
                     check_name, l->unit, unit);
}

/* `value` 0: the one that always stands. */
static bool apply(struct lint_case *c, const char *name, int64_t value, struct fault *f)
{
    const struct lint *l = lint_find(name);

    if (!l)
        return unknown(name, f);
    c->value = value ? value : l->standing;
    if (l->unit && c->value <= 0)
        return fault_set(f, FAULT_INTERNAL, name, "no value is in force");
    c->why[0] = '\0';
    return l->holds(c) || fault_set(f, FAULT_INTERNAL, name, "%s: %s", l->source, c->why);
}

/* A check of the profile, by each rule that there is for it. */
static bool check_run(struct lint_case *c, const char *name, const struct lint_rule *rules,
                      size_t count, struct fault *f)
{
    bool ruled = false;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].check_name, name) != 0)
            continue;
        if (!apply(c, name, rules[i].value, f))
            return false;
        ruled = true;
    }
    return ruled || apply(c, name, 0, f);
}

static bool is_named(const Profile *profile, const char *name)
{
    for (size_t i = 0; i < profile->n_checks; i++)
        if (strcmp(profile->checks[i], name) == 0)
            return true;
    return false;
}

/* A rule whose check the profile does not name. */
static bool rule_run(struct lint_case *c, const struct lint_rule *rule, struct fault *f)
{
    struct fault why = { 0 };

    if (apply(c, rule->check_name, rule->value, &why))
        return true;
    if (rule->level == 'S' && why.code == FAULT_INTERNAL) {
        log_warn("a certificate is not as it is recommended", LOG_FAULT(&why));
        return true;
    }
    *f = why;
    return false;
}

bool lint_tbs(const struct lint_input *in, const Profile *profile, const struct lint_rule *rules,
              size_t rule_count, struct fault *f)
{
    struct lint_case c = { .in = in, .profile = profile };

    if (!tbs_read(in->tbs, &c.tbs, f))
        return false;
    if (!key_read(c.tbs.spki, &c.key, f, "key_allowed"))
        return fault_set(f, FAULT_INTERNAL, "key_allowed", "BR 6.1.5: the public key is none");
    for (size_t i = 0; i < profile->n_checks; i++)
        if (!check_run(&c, profile->checks[i], rules, rule_count, f))
            return false;
    for (size_t i = 0; i < rule_count; i++)
        if (!is_named(profile, rules[i].check_name) && !rule_run(&c, &rules[i], f))
            return false;
    return true;
}
