#include "rule_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "rule_value.h"

/* ---- checks */

static const struct check checks[] = {
#define CHECK(name, source, when, unit, file) { name, source, when, unit, file },
#include "checks.def"
#undef CHECK
    { 0 },
};

const struct check *check_find(const char *name)
{
    for (const struct check *c = checks; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* One that counts in nothing may have "1" of unit bool, for what must be. */
static bool check_value_fits(const Rule *r, const struct check *c, struct fault *f)
{
    const char *unit = c->unit ? c->unit : "bool";
    if (!r->value && !r->unit)
        return true;
    if (!r->unit || strcmp(r->unit, unit) != 0)
        return fault_set(f, FAULT_INVALID, r->id, "has unit %s, but check %s counts in %s",
                         r->unit ? r->unit : "none", c->name, c->unit ? c->unit : "nothing");
    return (r->value && (c->unit ? rule_value_counts(r->value) : strcmp(r->value, "1") == 0)) ||
           fault_set(f, FAULT_INVALID, r->id, "has value \"%s\", which check %s cannot take",
                     r->value ? r->value : "", c->name);
}

static bool check_fits(const Rule *r, struct fault *f)
{
    const struct check *c = check_find(r->check);
    if (!c)
        return fault_set(f, FAULT_INVALID, r->id, "names check %s, which no issuer knows",
                         r->check);
    return check_value_fits(r, c, f);
}

/* ---- one rule */

/* "tls-validity-47", "sig_sha1": words of a-z and 0-9 between single '-' or '_'. */
static bool is_id(const char *id)
{
    char before = '-';
    for (; *id; before = *id++) {
        bool mark = *id == '-' || *id == '_';
        if (mark ? before == '-' || before == '_'
                 : !islower((unsigned char)*id) && !isdigit((unsigned char)*id))
            return false;
    }
    return before != '-' && before != '_';
}

static int64_t from_of(const Rule *r)
{
    return r->from ? r->from->us : INT64_MIN;
}

static int64_t until_of(const Rule *r)
{
    return r->until ? r->until->us : INT64_MAX;
}

bool rule_in_force(const Rule *rule, struct instant at)
{
    return from_of(rule) <= at.us && at.us < until_of(rule);
}

/* Whoever does what it says is a reader of the parameter, or the check that it brings. */
static bool parameter_fits(const Rule *r, struct fault *f)
{
    const struct parameter *p = parameter_find(r->parameter);
    if (p && !(rule_key_fits(r, p, f) && rule_value_fits(r, p, f)))
        return false;
    if (r->check)
        return check_fits(r, f);
    if (strcmp(r->parameter, "dcv.exempt") == 0)
        return fault_set(f, FAULT_INVALID, r->id,
                         "is dcv.exempt: no rule excuses names from proof, only an authority that "
                         "is not public");
    return p ||
           fault_set(f, FAULT_INVALID, r->id,
                     "gives parameter %s, which nobody reads, and brings no check", r->parameter);
}

static bool rule_check(const Rule *r, struct fault *f)
{
    if (!is_id(r->id))
        return fault_set(f, FAULT_INVALID, r->id, "is no id: use a-z, 0-9 and single '-' or '_'");
    if (strlen(r->level) != 1 || !strchr("MSX", *r->level))
        return fault_set(f, FAULT_INVALID, r->id, "has level \"%s\": M, S and X are known",
                         r->level);
    if (!*r->scope || !*r->parameter || !*r->statement || !*r->source)
        return fault_set(f, FAULT_INVALID, r->id, "has an empty member");
    if (from_of(r) >= until_of(r))
        return fault_set(f, FAULT_INVALID, r->id, "ends before it begins");
    return parameter_fits(r, f);
}

/* ---- rules beside each other */

static bool overlap(const Rule *a, const Rule *b)
{
    return from_of(a) < until_of(b) && from_of(b) < until_of(a);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_plain(const Rule *r)
{
    return r->check && !check_find(r->check)->unit;
}

/* Asking for a parameter on a day must give one answer; and of two rules that do the same, one does
 * nothing. */
static bool contradict(const Rule *a, const Rule *b, const char **what)
{
    *what = a->parameter;
    if (strcmp(a->scope, b->scope) != 0 || !overlap(a, b))
        return false;
    if (strcmp(a->parameter, b->parameter) == 0)
        return true;
    *what = a->check;
    return is_plain(a) && is_plain(b) && same_text(a->check, b->check);
}

static bool pair_check(const Rule *earlier, const Rule *r, struct fault *f)
{
    const char *what;
    if (strcmp(earlier->id, r->id) == 0)
        return fault_set(f, FAULT_INVALID, r->id, "is the id of two rules");
    return !contradict(earlier, r, &what) ||
           fault_set(f, FAULT_INVALID, r->id,
                     "and %s both give %s %s on one day: end one before the other begins",
                     earlier->id, r->scope, what);
}

static bool place_check(const struct policy_source *p, size_t i, struct fault *f)
{
    if (!rule_check(p->rules[i], f))
        return false;
    for (size_t j = 0; j < i; j++)
        if (!pair_check(p->rules[j], p->rules[i], f))
            return false;
    return true;
}

bool rules_check(const struct policy_source *p, struct fault *f)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (!place_check(p, i, f)) {
            snprintf(f->field, sizeof f->field, "%s: %s", p->rule_files[i], p->rules[i]->id);
            return false;
        }
    return true;
}
