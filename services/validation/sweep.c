#include "sweep.h"

#include <string.h>

#include "gate.h"
#include "pki/name.h"

/* What is known of a base domain's name servers. */
struct sweep_zone {
    const char *domain;
    size_t asking, heard, silent;
};

/* ---- names that are not looked at */

static void skip(struct sweep_name *n, const char *reason)
{
    n->asked = n->failed = n->silent = true;
    n->reason = reason;
    n->at = clock_now();
    n->sweep->asked++;
    n->sweep->failed = true;
}

static void skip_rest(struct sweep *s, const struct sweep_zone *of, const char *reason)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->names[i].asked && (!of || s->names[i].zone == of)) {
            s->names[i].left = !of;
            skip(&s->names[i], reason);
        }
}

static void skip_zone(struct sweep *s, const struct sweep_zone *z)
{
    skip_rest(s, z,
              arena_format(s->arena,
                           "not asked for: the name servers did not answer in time for %zu other "
                           "names of %s",
                           z->silent, z->domain));
}

/* Nothing more is asked for when the process ends, or when there is no time left. */
static void skip_hopeless(struct sweep *s)
{
    if (s->asked == s->count)
        return;
    if (gate_is_cut())
        skip_rest(s, NULL, "the check was interrupted");
    else if (tick_left(s->request.deadline).us == 0)
        skip_rest(s, NULL, "not asked for: the names before it took all the time of the check");
}

/* ---- whose turn it is */

static bool may_ask(const struct sweep_name *n)
{
    const struct sweep_zone *z = n->zone;

    return !n->asked && (z->heard > 0 || z->asking + z->silent < SWEEP_SILENT);
}

static size_t choose(struct sweep *s, struct sweep_name *chosen[SWEEP_AT_ONCE])
{
    size_t count = 0;

    for (size_t i = 0; i < s->count && s->under_way < SWEEP_AT_ONCE; i++) {
        struct sweep_name *n = &s->names[(s->from + i) % s->count];

        if (!may_ask(n))
            continue;
        n->asked = true;
        n->zone->asking++;
        s->asked++;
        s->under_way++;
        chosen[count++] = n;
    }
    return count;
}

static struct tick name_deadline(const struct sweep *s)
{
    struct duration left = tick_left(s->request.deadline);

    return s->asked < s->count ? tick_after((struct duration){ left.us / 2 }) : s->request.deadline;
}

static void probed(void *context, const struct probe_result *result);

/* The last that is started may end the sweep. */
static void ask(const struct sweep *s, struct sweep_name *const *chosen, size_t count)
{
    const struct prober *prober = s->prober;
    struct probe_request q = s->request;

    q.deadline = name_deadline(s);
    for (size_t i = 0; i < count; i++) {
        q.domain = chosen[i]->domain;
        q.wanted = *chosen[i]->wanted;
        probe_start(prober, &q, probed, chosen[i]);
    }
}

static void go_on(struct sweep *s)
{
    struct sweep_name *chosen[SWEEP_AT_ONCE];
    size_t count;

    skip_hopeless(s);
    count = choose(s, chosen);
    if (s->under_way == 0)
        s->done(s);
    else
        ask(s, chosen, count);
}

/* ---- what comes back, on the prober's thread */

static const char *proof_keep(struct sweep *s, const struct probe_result *result)
{
    size_t size = strlen(result->proof);

    if (!result->found && s->kept + size > SWEEP_KEPT_MAX)
        return NULL;
    s->kept += result->found ? 0 : size;
    return arena_strdup(s->arena, result->proof);
}

static void take(struct sweep_name *n, const struct probe_result *result)
{
    struct arena *a = n->sweep->arena;

    n->found = result->found;
    n->failed = result->failed;
    n->silent = result->silent;
    n->at = result->at;
    n->reason = arena_strdup(a, result->reason);
    n->proof = proof_keep(n->sweep, result);
    n->token = arena_strdup(a, result->token);
    n->sweep->failed = n->sweep->failed || result->failed;
}

static void learn(struct sweep *s, struct sweep_zone *z, const struct probe_result *result)
{
    z->asking--;
    z->heard += result->heard;
    z->silent += result->silent;
    if (z->silent >= SWEEP_SILENT && z->silent > z->heard)
        skip_zone(s, z);
}

static void probed(void *context, const struct probe_result *result)
{
    struct sweep_name *n = context;
    struct sweep *s = n->sweep;

    take(n, result);
    learn(s, n->zone, result);
    s->under_way--;
    go_on(s);
}

/* ---- the beginning */

static struct sweep_zone *zone_get(struct sweep *s, const char *domain)
{
    for (size_t i = 0; i < s->zone_count; i++)
        if (strcmp(s->zones[i].domain, domain) == 0)
            return &s->zones[i];
    s->zones[s->zone_count] = (struct sweep_zone){ .domain = domain };
    return &s->zones[s->zone_count++];
}

void sweep_start(struct sweep *s)
{
    uint32_t dice;

    random_bytes(&dice, sizeof dice);
    s->from = dice % s->count;
    s->zones = arena_array(s->arena, struct sweep_zone, s->count);
    for (size_t i = 0; i < s->count; i++) {
        s->names[i].sweep = s;
        s->names[i].zone = zone_get(s, name_base_domain(s->names[i].domain));
    }
    go_on(s);
}
