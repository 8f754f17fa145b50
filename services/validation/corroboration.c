#include "corroboration_ask.h"

#include <string.h>

#include "base/log.h"
#include "gate.h"
#include "message/field.h"
#include "service/metrics.h"

/* What those who have a good way to it need at the most. */
enum { PATIENCE_S = 3 };

/* ---- names that nobody is asked about */

static void end_all(struct corroboration *c, bool confirmed, const char *reason, bool failed)
{
    for (size_t i = 0; i < c->count; i++) {
        c->names[i].confirmed = confirmed;
        c->names[i].reason = reason;
        c->names[i].failed = c->names[i].ours = failed;
    }
    metric_add(confirmed ? METRIC_CORROBORATED_ALONE : METRIC_CORROBORATED_NOT, (int64_t)c->count);
    c->done(c);
}

static bool is_demanded(const struct corroboration *c)
{
    const char *section = c->kind->section(c);

    return section && quorum_needed(c->terms.rules, section);
}

static size_t perspectives_known(const struct corroboration *c)
{
    return c->terms.perspectives ? c->terms.perspectives->count : 0;
}

/* Too few can never be enough. */
static void end_unasked(struct corroboration *c)
{
    const QuorumRules *rules = c->terms.rules;

    if (!rules->blocks || (c->terms.alone && perspectives_known(c) == 0)) {
        end_all(c, true, NULL, false);
        return;
    }
    log_error("too few perspectives are set up", LOG_INT("demanded", rules->remotes),
              LOG_INT("different", c->chosen_count));
    end_all(
        c, false,
        arena_format(
            c->arena,
            "%s, but %lld other points of view of this CA must %s as well, and %zu can be asked: "
            "the fault is ours",
            c->kind->here, (long long)rules->remotes, c->kind->agree, c->chosen_count),
        true);
}

/* ---- what a perspective said */

static bool is_same(const struct corroboration_ask *a, const PerspectiveAnswer *answer)
{
    bool same = answer->n_sights == a->count;

    for (size_t i = 0; i < answer->n_sights && same; i++)
        same = strcmp(answer->sights[i]->identifier, a->names[i].identifier) == 0;
    return same;
}

/* The key that the answer came by is that of a->perspective: who says another name has been put in a wrong
 * place, and so may be the region that is counted for it. */
static const char *answer_judge(struct corroboration_ask *a, const PerspectiveAnswer *answer)
{
    if (!answer)
        return arena_format(&a->arena, "gave no answer: %s", a->call.fault.detail);
    if (strcmp(answer->perspective, a->perspective->id) != 0)
        return arena_format(&a->arena, "says that it is %.30s", answer->perspective);
    if (!is_same(a, answer))
        return "has answered something else";
    return NULL;
}

static void answer_count(struct corroboration_ask *a)
{
    const char *id = a->perspective->id;
    struct duration took = { tick_now().us - a->begun.us };
    size_t found = 0;

    for (size_t i = 0; !a->why && i < a->answer->n_sights; i++)
        found += corroboration_objection(&a->arena, a, i) ? 0 : 1;
    metric_add_of(METRIC_PERSPECTIVE_AGREED, id, (int64_t)found);
    if (a->why)
        metric_add_of(METRIC_PERSPECTIVE_FAILED, id, (int64_t)a->count);
    else
        metric_add_of(METRIC_PERSPECTIVE_DISAGREED, id, (int64_t)(a->answer->n_sights - found));
    metric_add_of(METRIC_PERSPECTIVE_MS, id, took.us / 1000);
    metric_observe(METRIC_PERSPECTIVE_SECONDS, took);
}

static void ask_over(struct corroboration *c);

static void answered(const PerspectiveAnswer *answer, void *data)
{
    struct bus_call *call = data;
    struct corroboration_ask *a = call->context;

    a->why = answer_judge(a, answer);
    if (!a->why)
        a->answer = (const PerspectiveAnswer *)message_copy(&a->arena, &answer->base);
    answer_count(a);
    ask_over(a->of);
}

/* ---- the end */

/* The last of them: whatever thread that is on, all others are through. */
static void ask_over(struct corroboration *c)
{
    if (atomic_fetch_sub(&c->pending, 1) > 1)
        return;
    for (size_t i = 0; i < c->count; i++)
        corroboration_judge(c, i);
    for (size_t i = 0; i < c->ask_count; i++)
        arena_free(&c->asks[i].arena);
    c->done(c);
}

/* ---- the questions */

static void ask_prepare(struct corroboration *c, const struct perspective *p,
                        const ProtobufCMessage *q, size_t first, size_t count)
{
    struct corroboration_ask *a = &c->asks[c->ask_count++];

    *a = (struct corroboration_ask){
        .of = c, .perspective = p, .question = q, .names = &c->names[first], .count = count
    };
    a->call = (struct bus_call){ .actor = { .account_id = c->account_id, .source = "system" },
                                 .deadline = c->deadline,
                                 .context = a };
    arena_init(&a->arena);
}

static void asks_prepare(struct corroboration *c)
{
    const struct perspectives *all = c->terms.perspectives;
    size_t chunks = (c->count + PERSPECTIVE_PLACES - 1) / PERSPECTIVE_PLACES;

    c->asks = arena_array(c->arena, struct corroboration_ask, chunks * c->chosen_count);
    for (size_t i = 0; i < chunks; i++) {
        size_t first = i * PERSPECTIVE_PLACES, left = c->count - first;
        size_t count = left < PERSPECTIVE_PLACES ? left : PERSPECTIVE_PLACES;
        const ProtobufCMessage *q = c->kind->question(c, first, count);

        for (size_t k = 0; k < c->chosen_count; k++)
            ask_prepare(c, &all->all[c->chosen[k]], q, first, count);
    }
}

static void ask_send(const struct perspectives *all, struct corroboration_ask *a)
{
    a->begun = tick_now();
    a->of->kind->ask(all->client(all->context, a->perspective), a->question, answered, &a->call);
}

/* One more is pending than is asked, so that it cannot be over while there is one to be sent. */
static void asks_send(struct corroboration *c)
{
    size_t count = c->ask_count;

    atomic_init(&c->pending, count + 1);
    for (size_t i = 0; i < count; i++)
        ask_send(c->terms.perspectives, &c->asks[i]);
    ask_over(c);
}

/* ---- the beginning */

struct tick corroboration_begin(struct corroboration *c)
{
    c->began = tick_now();
    if (!is_demanded(c) || perspectives_known(c) == 0)
        return c->deadline; /* what nobody asks for needs no time */
    return tick_after((struct duration){ tick_left(c->deadline).us / 2 });
}

/* Who does not see in a few seconds what stands there for us has no good way to it; he is not to hold up
 * everybody. Where it took us longer it may take others longer, too. */
static struct tick patient_deadline(const struct corroboration *c)
{
    int64_t took = tick_now().us - c->began.us, least = seconds(PATIENCE_S).us;
    struct tick patient = tick_after((struct duration){ took > least / 4 ? 4 * took : least });

    return patient.us < c->deadline.us ? patient : c->deadline;
}

void corroboration_start(struct corroboration *c)
{
    const QuorumRules *rules = c->terms.rules;

    if (c->count == 0 || !is_demanded(c)) {
        for (size_t i = 0; i < c->count; i++)
            c->names[i].confirmed = true;
        c->done(c);
        return;
    }
    metric_set(METRIC_PERSPECTIVES_DEMANDED, rules->remotes);
    c->deadline = patient_deadline(c);
    c->chosen_count =
        c->terms.perspectives ? quorum_choose(rules, c->terms.perspectives, c->chosen) : 0;
    if (gate_is_cut()) {
        end_all(c, false, "the check was interrupted", true);
    } else if (c->chosen_count == 0 ||
               (rules->blocks && (int64_t)c->chosen_count < rules->remotes)) {
        end_unasked(c);
    } else {
        asks_prepare(c);
        asks_send(c);
    }
}
