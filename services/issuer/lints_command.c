#include "lints_command.h"

#include <stdio.h>
#include <string.h>

#include "ledger/policy.h"
#include "lints/lint.h"
#include "lints/status_lint.h"
#include "message/json.h"

/* One lint in words; the last three are lists with commas, "" for none. */
struct line {
    const char *name, *source, *unit;
    bool always;
    const char *kinds, *profiles, *rules;
};

static void list_add(struct text *t, const char *word)
{
    text_add(t, t->length ? "," : "");
    text_add(t, word);
}

static bool names_it(const Profile *profile, const char *lint)
{
    for (size_t i = 0; i < profile->n_checks; i++)
        if (strcmp(profile->checks[i], lint) == 0)
            return true;
    return false;
}

/* Those that run it without a rule. */
static const char *profiles_of(struct arena *a, const struct policy *p, const struct lint *l)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < p->profile_count; i++) {
        const Profile *profile = p->profiles[i].profile;
        if ((l->kinds & lint_kind_read(profile->certificate)) &&
            (l->when == ALWAYS || names_it(profile, l->name)))
            list_add(&t, profile->name);
    }
    return t.data;
}

static const char *rules_of(struct arena *a, const struct policy *p, const struct lint *l)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < p->rule_count; i++)
        if (p->rules[i]->check && strcmp(p->rules[i]->check, l->name) == 0)
            list_add(&t, p->rules[i]->id);
    return t.data;
}

static void line_text(const struct line *l)
{
    const char *profiles = l->always ? "always" : l->profiles;
    printf("%-27s %-19s %-42s %s%s%s\n", l->name, l->source, l->kinds, profiles,
           *profiles && *l->rules ? " " : "", l->rules);
}

static void line_json(struct arena *a, const struct line *l)
{
    const struct {
        const char *name, *value;
    } members[] = { { "lint", l->name },
                    { "source", l->source },
                    { "certificates", l->kinds },
                    { "when", l->always ? "always" : "asked" },
                    { "unit", l->unit ? l->unit : "" },
                    { "profiles", l->profiles },
                    { "rules", l->rules } };
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        text_format(&t, "%s\"%s\":", i ? "," : "{", members[i].name);
        json_add_string(&t, members[i].value);
    }
    printf("%s}\n", t.data);
}

static void line_print(struct arena *a, const struct line *line, bool json)
{
    if (json)
        line_json(a, line);
    else
        line_text(line);
}

static void certificates_print(struct arena *a, const struct policy *p, bool json)
{
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++) {
            struct line line = { l->name,
                                 l->source,
                                 l->unit,
                                 l->when == ALWAYS,
                                 lint_kinds_text(a, l->kinds),
                                 profiles_of(a, p, l),
                                 rules_of(a, p, l) };
            line_print(a, &line, json);
        }
}

/* ---- of CRLs and OCSP responses */

static const char *status_kinds(struct arena *a, const struct status_lint *l)
{
    static const struct {
        enum status_kind kind;
        const char *word;
    } words[] = { { STATUS_CRL_LEAF, "crl" },
                  { STATUS_CRL_CA, "crl_of_cas" },
                  { STATUS_OCSP_LEAF, "ocsp" },
                  { STATUS_OCSP_CA, "ocsp_of_cas" } };
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (l->kinds & (unsigned)words[i].kind)
            list_add(&t, words[i].word);
    return t.data;
}

static const char *status_rules(struct arena *a, const struct policy *p,
                                const struct status_lint *l)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; l->parameter && i < p->rule_count; i++)
        if (status_rule_brings(p->rules[i]->parameter, l))
            list_add(&t, p->rules[i]->id);
    return t.data;
}

static void status_print(struct arena *a, const struct policy *p, bool json)
{
    for (size_t t = 0; status_tables[t]; t++)
        for (const struct status_lint *l = status_tables[t]; l->name; l++) {
            struct line line = { l->name,
                                 l->source,
                                 NULL,
                                 !l->parameter,
                                 status_kinds(a, l),
                                 "",
                                 status_rules(a, p, l) };
            line_print(a, &line, json);
        }
}

static void all_print(struct arena *a, const struct policy *p, bool json)
{
    if (!json)
        printf("%-27s %-19s %-42s %s\n", "LINT", "SOURCE", "CERTIFICATES", "PROFILES, RULES");
    certificates_print(a, p, json);
    status_print(a, p, json);
}

int lints_command(struct service_run *run, int argc, char **argv)
{
    const struct policy *policy = NULL;
    struct fault f = { 0 };
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        fprintf(stderr, "usage: chancery-issuer lints [--json]\n");
        return 2;
    }
    struct store *store = store_new(&run->store);
    store_set_mine(store);
    bool good = policy_now(&policy, &f);
    if (good)
        all_print(&run->arena, policy, json);
    else
        fprintf(stderr, "lints: %s %s\n", f.field, f.detail);
    store_set_mine(NULL);
    store_free(store);
    return good ? 0 : 1;
}
