#include "lints/lint.h"

#include <stdlib.h>
#include <string.h>

#include "lints/read.h"

const struct lint *const lint_tables[] = {
    field_lints,     validity_lints, algorithm_lints,    key_lints, name_lints,
    subject_lints,   ev_lints,       san_lints,          dns_lints, extension_lints,
    usage_lints,     purpose_lints,  policy_lints,       url_lints, authority_lints,
    responder_lints, profile_lints,  transparency_lints, NULL
};

/* One check of a plan, once for each value that it is given. */
struct step {
    const struct lint *lint;
    int64_t value;
    bool advice; /* what it says does not stop */
};

struct lint_plan {
    const Profile *profile;
    enum lint_kind kind;
    size_t count, room;
    struct step *steps;
};

const struct lint *lint_find(const char *name)
{
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++)
            if (strcmp(l->name, name) == 0)
                return l;
    return NULL;
}

bool lint_known(const char *name)
{
    static const char *const of_before[] = { "extension_criticality", "ku_allowed", "ku_fits_key",
                                             "san_host_syntax" };

    for (size_t i = 0; i < sizeof of_before / sizeof *of_before; i++)
        if (strcmp(of_before[i], name) == 0)
            return true;
    return lint_find(name) != NULL;
}

static const struct {
    const char *word;
    enum lint_kind kind;
    bool of_profile; /* else it follows from what is done with the certificate */
} words[] = { { "leaf", LINT_LEAF, true },
              { "unlogged", LINT_UNLOGGED, false },
              { "precertificate", LINT_PRECERT, false },
              { "logged", LINT_LOGGED, false },
              { "root", LINT_ROOT, true },
              { "subordinate", LINT_SUBORDINATE, true },
              { "cross", LINT_CROSS, true },
              { "ocsp_responder", LINT_OCSP, true } };

const char *lint_kinds_text(struct arena *a, unsigned kinds)
{
    struct text t;

    text_init(&t, a);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((kinds & words[i].kind) == words[i].kind) {
            text_format(&t, "%s%s", t.length ? "," : "", words[i].word);
            kinds &= ~(unsigned)words[i].kind;
        }
    return t.data;
}

enum lint_kind lint_kind_read(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].of_profile && strcmp(word ? word : "leaf", words[i].word) == 0)
            return words[i].kind;
    return 0;
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

/* ---- a plan */

static bool step_add(struct lint_plan *p, const struct lint *l, int64_t value, bool advice,
                     struct fault *f)
{
    if (!(l->kinds & p->kind))
        return true;
    if (l->unit && value <= 0)
        value = l->standing;
    if (l->unit && value <= 0)
        return fault_set(f, FAULT_INTERNAL, l->name, "no value is in force");
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 128;
        p->steps = reallocarray(p->steps, p->room, sizeof *p->steps);
    }
    p->steps[p->count++] = (struct step){ l, value, advice };
    return true;
}

static bool is_named(const Profile *profile, const char *name)
{
    for (size_t i = 0; i < profile->n_checks; i++)
        if (strcmp(profile->checks[i], name) == 0)
            return true;
    return false;
}

/* By each rule that there is for it; by none, as it stands where it always runs or the profile names it. */
static bool lint_plan_add(struct lint_plan *p, const struct lint *l, const struct lint_rule *rules,
                          size_t count, struct fault *f)
{
    bool ruled = false, named = l->when == ALWAYS || is_named(p->profile, l->name);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(rules[i].check_name, l->name) != 0)
            continue;
        if (!step_add(p, l, rules[i].value, rules[i].level == 'S' && !named, f))
            return false;
        ruled = true;
    }
    return ruled || !named || step_add(p, l, 0, false, f);
}

static bool all_known(const Profile *profile, const struct lint_rule *rules, size_t count,
                      struct fault *f)
{
    for (size_t i = 0; i < profile->n_checks; i++)
        if (!lint_known(profile->checks[i]))
            return unknown(profile->checks[i], f);
    for (size_t i = 0; i < count; i++)
        if (!lint_find(rules[i].check_name))
            return unknown(rules[i].check_name, f);
    return true;
}

static bool fill(struct lint_plan *p, const struct lint_rule *rules, size_t count, struct fault *f)
{
    if (!p->kind)
        return fault_set(f, FAULT_UNAVAILABLE, "profile",
                         "profile %s is for a kind of certificate, %s, that this program does not "
                         "know",
                         p->profile->name, p->profile->certificate);
    if (!all_known(p->profile, rules, count, f))
        return false;
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++)
            if (!lint_plan_add(p, l, rules, count, f))
                return false;
    return true;
}

struct lint_plan *lint_plan_new(const Profile *profile, const struct lint_rule *rules,
                                size_t rule_count, struct fault *f)
{
    struct lint_plan *p = calloc(1, sizeof *p);

    p->profile = profile;
    p->kind = lint_kind_read(profile->certificate);
    if (fill(p, rules, rule_count, f))
        return p;
    lint_plan_free(p);
    return NULL;
}

void lint_plan_free(struct lint_plan *plan)
{
    if (!plan)
        return;
    free(plan->steps);
    free(plan);
}

/* ---- running it */

static struct lint_case case_of(const struct lint_plan *plan, const struct lint_input *in)
{
    bool leaf = plan->kind == LINT_LEAF;

    return (struct lint_case){ .in = in,
                               .profile = plan->profile,
                               .kind = !leaf      ? plan->kind
                                       : in->kind ? in->kind
                                                  : LINT_UNLOGGED };
}

static bool is_for(const struct lint *l, const struct lint_case *c)
{
    return (l->kinds & c->kind) && !(l->kinds & c->in->run_before);
}

static void found_add(struct lint_found *found, const char *name)
{
    if (found->count < LINT_FOUND_MAX)
        found->names[found->count++] = name;
}

static void step_run(struct lint_case *c, const struct step *s, struct lint_outcome *out,
                     struct fault *f)
{
    c->lint = s->lint;
    c->value = s->value;
    if (s->lint->holds(c)) {
        out->held++;
        return;
    }
    if (!s->advice && out->errors.count == 0)
        fault_set(f, FAULT_LINT, s->lint->name, "the certificate breaks %s: %s", s->lint->source,
                  c->why);
    found_add(s->advice ? &out->warnings : &out->errors, s->lint->name);
}

bool lint_run(const struct lint_plan *plan, const struct lint_input *in, struct lint_outcome *out,
              struct fault *f)
{
    struct lint_case c = case_of(plan, in);

    *out = (struct lint_outcome){ 0 };
    if (!lint_read(&c, f))
        return false;
    for (size_t i = 0; i < plan->count; i++)
        if (is_for(plan->steps[i].lint, &c))
            step_run(&c, &plan->steps[i], out, f);
    return out->errors.count == 0;
}

bool lint_each(const struct lint_plan *plan, const struct lint_input *in,
               void (*tell)(void *data, const struct lint *lint, bool advice, const char *why),
               void *data, struct fault *f)
{
    struct lint_case c = case_of(plan, in);

    if (!lint_read(&c, f))
        return false;
    for (size_t i = 0; i < plan->count; i++) {
        const struct step *s = &plan->steps[i];
        if (!is_for(s->lint, &c))
            continue;
        c.lint = s->lint;
        c.value = s->value;
        bool holds = s->lint->holds(&c);
        tell(data, s->lint, s->advice, holds ? NULL : c.why);
    }
    return true;
}

bool lint_tbs(const struct lint_input *in, const Profile *profile, const struct lint_rule *rules,
              size_t rule_count, struct lint_outcome *out, struct fault *f)
{
    struct lint_plan *plan = lint_plan_new(profile, rules, rule_count, f);
    struct lint_outcome ignored;
    bool good = plan && lint_run(plan, in, out ? out : &ignored, f);

    lint_plan_free(plan);
    return good;
}
