#include "caa_search.h"

#include <string.h>

#include "gate.h"
#include "message/field.h"
#include "validation.h"

/* ---- what others say of it */

/* Where those who do not permit it see something else: the name, if nothing stands here. */
static const char *domain_of(const CaaCheck *check)
{
    if (check->domain)
        return check->domain;
    return strncmp(check->name, "*.", 2) == 0 ? check->name + 2 : check->name;
}

static void check_settle(struct caa_search *s, CaaCheck *check, const struct corroboration_name *n)
{
    check->corroboration = arena_strdup(&s->arena, n->evidence);
    if (n->confirmed)
        return;
    check->result = arena_strdup(&s->arena, "unconfirmed");
    check->detail = arena_strdup(&s->arena, n->reason);
    check->methods = NULL;
    check->has_ours = true;
    check->ours = n->ours;
    if (n->evidence)
        check->domain = arena_strdup(&s->arena, domain_of(check));
    s->failed |= n->failed;
}

/* That we were interrupted is nobody's records' fault, and no fact. */
static void drop_unasked(struct caa_search *s)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->checks[i]->result, "unconfirmed") != 0 || s->checks[i]->corroboration)
            s->checks[kept++] = s->checks[i];
    s->count = kept;
}

static void confirmed(struct corroboration *c)
{
    struct caa_search *s = c->context;

    for (size_t i = 0; i < c->count; i++)
        check_settle(s, s->asked[i], &c->names[i]);
    if (gate_is_cut())
        drop_unasked(s);
    s->done(s);
}

static void confirm(struct caa_search *s)
{
    struct corroboration *c = &s->corroboration;

    c->names = arena_array(&s->arena, struct corroboration_name, s->count);
    s->asked = arena_array(&s->arena, CaaCheck *, s->count);
    for (size_t i = 0; i < s->count; i++) {
        if (!caa_permits(s->checks[i]->result, s->rules))
            continue;
        s->asked[c->count] = s->checks[i];
        c->names[c->count++] = (struct corroboration_name){ .identifier = s->checks[i]->name,
                                                            .methods = s->checks[i]->methods };
    }
    corroboration_start(c);
}

/* ---- what stands here */

static void looked(struct caa_look *l)
{
    struct caa_search *s = l->context;

    s->checks = arena_array(&s->arena, CaaCheck *, l->count);
    for (size_t i = 0; i < l->count; i++) {
        CaaCheck *check =
            caa_finding(&s->arena, &l->seen[i], &s->terms, l->at, validation.prober.perspective);
        s->failed |= caa_has_failed(&l->seen[i]);
        if (!check)
            continue;
        check->has_account_id = true;
        check->account_id = l->account_id;
        s->checks[s->count++] = check;
    }
    confirm(s);
}

/* ---- the beginning */

static char **names_copy(struct arena *a, char *const *names, size_t count)
{
    char **copies = arena_array(a, char *, count);

    for (size_t i = 0; i < count; i++)
        copies[i] = arena_strdup(a, names[i]);
    return copies;
}

bool caa_search_start(struct caa_search *s, int64_t account_id, char *const *names, size_t count,
                      const CaaRules *rules, struct tick deadline)
{
    arena_init(&s->arena);
    if (!caa_terms_read(&s->arena, rules, account_id, &s->terms)) {
        arena_free(&s->arena);
        return false;
    }
    s->rules = (const CaaRules *)message_copy(&s->arena, &rules->base);
    s->corroboration = (struct corroboration){ .kind = &corroboration_climb,
                                               .terms = s->others,
                                               .arena = &s->arena,
                                               .account_id = account_id,
                                               .caa = s->rules,
                                               .deadline = deadline,
                                               .done = confirmed,
                                               .context = s };
    s->look = (struct caa_look){ .resolver = validation.prober.resolver,
                                 .arena = &s->arena,
                                 .account_id = account_id,
                                 .names = names_copy(&s->arena, names, count),
                                 .count = count,
                                 .deadline = corroboration_begin(&s->corroboration),
                                 .done = looked,
                                 .context = s };
    caa_look_start(&s->look);
    return true;
}

void caa_search_free(struct caa_search *s)
{
    if (s->look.arena)
        arena_free(&s->arena);
    s->look.arena = NULL;
}
