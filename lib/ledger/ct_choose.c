/* Which logs meet a need together. Both questions are one: from some that are there already, take what is missing. The
 * scarce kind comes first, then other operators, then any: no order takes fewer. */
#include <string.h>

#include "ledger/transparency.h"

struct picking {
    const struct ct_need *need;
    const struct ct_log *const *logs;
    size_t count;
    bool *taken;        /* those that are there, and those that were picked */
    const bool *barred; /* NULL: none is */
};

static bool is_another(const struct picking *p, size_t i)
{
    for (size_t j = 0; j < p->count; j++)
        if (p->taken[j] && p->logs[j] == p->logs[i])
            return false;
    return true;
}

static bool is_of_another_operator(const struct picking *p, size_t i)
{
    for (size_t j = 0; j < p->count; j++)
        if (p->taken[j] && strcmp(p->logs[j]->operator_name, p->logs[i]->operator_name) == 0)
            return false;
    return true;
}

static bool is_rfc6962(const struct picking *p, size_t i)
{
    return !p->logs[i]->tiled;
}

/* ---- what is taken */

static unsigned taken(const struct picking *p)
{
    unsigned count = 0;

    for (size_t i = 0; i < p->count; i++)
        count += p->taken[i];
    return count;
}

static unsigned rfc6962(const struct picking *p)
{
    unsigned count = 0;

    for (size_t i = 0; i < p->count; i++)
        count += p->taken[i] && is_rfc6962(p, i);
    return count;
}

static unsigned operators(const struct picking *p)
{
    unsigned count = 0;

    for (size_t i = 0; i < p->count; i++) {
        size_t before = 0;
        while (before < i && !(p->taken[before] && strcmp(p->logs[before]->operator_name,
                                                          p->logs[i]->operator_name) == 0))
            before++;
        count += p->taken[i] && before == i;
    }
    return count;
}

/* ---- one after the other */

struct wish {
    bool rfc6962, operator_new;
};

static bool pick(struct picking *p, struct wish w)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->taken[i] || (p->barred && p->barred[i]) || !is_another(p, i) ||
            (w.rfc6962 && !is_rfc6962(p, i)) || (w.operator_new && !is_of_another_operator(p, i)))
            continue;
        p->taken[i] = true;
        return true;
    }
    return false;
}

/* Until the need is met, or nothing more helps. */
static bool pick_all(struct picking *p)
{
    const struct ct_need *n = p->need;

    while (rfc6962(p) < n->rfc6962)
        if (!pick(p, (struct wish){ true, true }) && !pick(p, (struct wish){ true, false }))
            break;
    while (operators(p) < n->operators)
        if (!pick(p, (struct wish){ false, true }))
            break;
    while (taken(p) < n->scts)
        if (!pick(p, (struct wish){ false, true }) && !pick(p, (struct wish){ false, false }))
            break;
    return rfc6962(p) >= n->rfc6962 && operators(p) >= n->operators && taken(p) >= n->scts;
}

size_t ct_choose(const struct ct_need *need, const struct ct_log *const *have, size_t count,
                 bool *chosen)
{
    struct picking p = { need, have, count, chosen, NULL };

    memset(chosen, 0, count * sizeof *chosen);
    if (pick_all(&p))
        return taken(&p);
    memset(chosen, 0, count * sizeof *chosen);
    return 0;
}

size_t ct_ask(const struct ct_need *need, const struct ct_log *const *logs, size_t log_count,
              const bool *have, const bool *failed, size_t *ask, size_t room)
{
    struct arena a;
    size_t asked = 0;

    arena_init(&a);
    bool *all = arena_copy(&a, have, log_count * sizeof *have);
    struct picking p = { need, logs, log_count, all, failed };
    pick_all(&p);
    for (size_t i = 0; i < log_count && asked < room; i++)
        if (all[i] && !have[i])
            ask[asked++] = i;
    arena_free(&a);
    return asked;
}
