#include "caa_search.h"

#include "validation.h"

static void looked(struct caa_look *l)
{
    struct caa_search *s = l->context;

    s->checks = arena_array(&s->arena, CaaCheck *, l->count);
    for (size_t i = 0; i < l->count; i++) {
        CaaCheck *check =
            caa_finding(&s->arena, &l->seen[i], &s->terms, l->at, validation.prober.perspective);
        if (!check)
            continue;
        check->has_account_id = true;
        check->account_id = l->account_id;
        s->checks[s->count++] = check;
    }
    s->whole = s->count == l->count;
    s->done(s);
}

bool caa_search_start(struct caa_search *s, int64_t account_id, char *const *names, size_t count,
                      const CaaRules *rules, struct tick deadline)
{
    char **copies;

    arena_init(&s->arena);
    copies = arena_array(&s->arena, char *, count);
    for (size_t i = 0; i < count; i++)
        copies[i] = arena_strdup(&s->arena, names[i]);
    if (!caa_terms_read(&s->arena, rules, account_id, &s->terms)) {
        arena_free(&s->arena);
        return false;
    }
    s->look = (struct caa_look){ .resolver = validation.prober.resolver,
                                 .arena = &s->arena,
                                 .account_id = account_id,
                                 .names = copies,
                                 .count = count,
                                 .deadline = deadline,
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
