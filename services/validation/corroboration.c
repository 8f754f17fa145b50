#include "corroboration.h"

#include <string.h>

#include "base/log.h"
#include "gate.h"
#include "message/field.h"
#include "message/json.h"
#include "service/metrics.h"

/* What one says of one place may fill a row of the database no further than this, and a line for people less. */
enum { PROOF_MOST = 32 * 1024, REASON_MOST = 150, SAID_MOST = 500 };

/* One question to one perspective, about up to PERSPECTIVE_PLACES names. */
struct corroboration_ask {
    struct corroboration *of;
    const struct perspective *perspective;
    const PerspectiveQuestion *question;
    struct arena arena; /* of the answer: others may come in at the same time */
    const PerspectiveAnswer *answer;
    const char *why; /* NULL: the answer can be used; else nobody knows what it sees */
    struct tick begun;
    struct bus_call call;
};

/* ---- names that nobody is asked about */

static void end_all(struct corroboration *c, bool confirmed, const char *reason, bool failed)
{
    for (size_t i = 0; i < c->count; i++) {
        c->names[i].confirmed = confirmed;
        c->names[i].reason = reason;
        c->names[i].failed = failed;
    }
    metric_add(confirmed ? METRIC_CORROBORATED_ALONE : METRIC_CORROBORATED_NOT, (int64_t)c->count);
    c->done(c);
}

static bool is_demanded(const struct corroboration *c)
{
    return c->method && quorum_needed(c->terms.rules, c->method->section);
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
            "found, but %lld other points of view of this CA must see it as well, and %zu can be "
            "asked: the fault is ours",
            (long long)rules->remotes, c->chosen_count),
        true);
}

/* ---- what a perspective said */

static bool is_same(const struct corroboration_ask *a, const PerspectiveAnswer *answer)
{
    bool same = answer->n_sights == a->question->n_places;

    for (size_t i = 0; i < answer->n_sights && same; i++)
        same = strcmp(answer->sights[i]->identifier, a->question->places[i]->identifier) == 0;
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

static void answer_count(const struct corroboration_ask *a)
{
    const char *id = a->perspective->id;
    struct duration took = { tick_now().us - a->begun.us };
    size_t found = 0;

    for (size_t i = 0; !a->why && i < a->answer->n_sights; i++)
        found += a->answer->sights[i]->found ? 1 : 0;
    metric_add_of(METRIC_PERSPECTIVE_AGREED, id, (int64_t)found);
    if (a->why)
        metric_add_of(METRIC_PERSPECTIVE_FAILED, id, (int64_t)a->question->n_places);
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

/* ---- what they all say of a name */

/* What was said of one name, for the evidence, the log and the customer. */
struct said {
    struct quorum_count count;
    const struct perspective *agreed[PERSPECTIVES_MAX];
    Corroboration evidence;
    struct text yes, no, reasons;
    bool failed;
};

static bool is_bounded(const PerspectiveSight *sight)
{
    return !sight->proof || protobuf_c_message_get_packed_size(&sight->proof->base) <= PROOF_MOST;
}

static const char *reason_of(const struct corroboration_ask *a, const PerspectiveSight *sight)
{
    if (!sight)
        return a->why;
    if (!is_bounded(sight))
        return "says more of it than can be kept";
    return sight->reason ? sight->reason : "does not see it";
}

/* Of what was found the proof says where and what; the looks say that once more. */
static Corroborator *corroborator_of(struct arena *arena, const struct corroboration_ask *a,
                                     const PerspectiveSight *sight, bool agrees)
{
    Corroborator *out = arena_new(arena, Corroborator);
    char place[PLACE_TEXT_SIZE];

    place_write(a->perspective->place, place);
    corroborator__init(out);
    out->perspective = arena_strdup(arena, a->perspective->id);
    out->region = arena_strdup(arena, a->perspective->region);
    out->place = arena_strdup(arena, place);
    out->agreed = agrees;
    if (!agrees)
        out->reason = arena_format(arena, "%.*s", REASON_MOST, reason_of(a, sight));
    if (!sight || !sight->proof || !is_bounded(sight))
        return out;
    out->proof = sight->proof;
    if (agrees) {
        out->proof->n_looks = 0;
        out->proof->looks = NULL;
    }
    return out;
}

static void say(struct said *said, const struct corroboration_ask *a, const Corroborator *by)
{
    struct text *list = by->agreed ? &said->yes : &said->no;

    text_format(list, "%s%s", list->length ? " " : "", a->perspective->id);
    if (!by->agreed && said->reasons.length + strlen(by->reason) < SAID_MOST)
        text_format(&said->reasons, "%s%s: %s", said->reasons.length ? "; " : "",
                    a->perspective->id, by->reason);
}

static void said_add(struct arena *arena, struct said *said, const struct corroboration_ask *a,
                     size_t place)
{
    const PerspectiveSight *sight = a->why ? NULL : a->answer->sights[place];
    bool agrees = sight && sight->found && is_bounded(sight);
    Corroborator *by = corroborator_of(arena, a, sight, agrees);

    quorum_add(&said->count, said->agreed, a->perspective, agrees);
    said->evidence.perspectives[said->evidence.n_perspectives++] = by;
    said->failed |= a->why != NULL;
    say(said, a, by);
}

static void said_begin(const struct corroboration *c, struct said *said)
{
    char place[PLACE_TEXT_SIZE];

    *said = (struct said){ .evidence = CORROBORATION__INIT };
    place_write(c->terms.perspectives->primary, place);
    said->evidence.primary = arena_strdup(c->arena, place);
    said->evidence.perspectives = arena_array(c->arena, Corroborator *, c->chosen_count);
    text_init(&said->yes, c->arena);
    text_init(&said->no, c->arena);
    text_init(&said->reasons, c->arena);
}

/* BR 5.4.1 wants each attempt in the log, also those that come to nothing. */
static void name_log(const struct corroboration_name *n, const struct said *said)
{
    log_info("name corroborated", LOG_TEXT("name", n->identifier),
             LOG_TEXT("quorum", said->evidence.quorum), LOG_TEXT("agreed", said->yes.data),
             LOG_TEXT("disagreed", said->no.data), LOG_TEXT("why", said->reasons.data),
             LOG_TEXT("confirmed", n->confirmed ? "yes" : "no"));
}

static void seen_keep(struct arena *a, struct corroboration_name *n, const Corroboration *evidence)
{
    n->seen = arena_array(a, const char *, evidence->n_perspectives);
    for (size_t i = 0; i < evidence->n_perspectives; i++) {
        const Corroborator *by = evidence->perspectives[i];
        struct text json;

        if (by->agreed || !by->proof)
            continue;
        text_init(&json, a);
        message_to_json(&by->proof->base, &json);
        n->seen[n->seen_count++] = json.data;
    }
}

static void name_settle(const struct corroboration *c, struct corroboration_name *n,
                        struct said *said)
{
    struct text json;
    bool reached = quorum_reached(c->terms.rules, &said->count);

    said->evidence.quorum =
        arena_format(c->arena, "%zu/%zu", said->count.agreed, said->count.asked);
    text_init(&json, c->arena);
    message_to_json(&said->evidence.base, &json);
    n->evidence = json.data;
    n->confirmed = reached || !c->terms.rules->blocks;
    n->failed = !n->confirmed && said->failed;
    n->reason = arena_format(
        c->arena,
        "found, but %zu of %zu other points of view see it in %zu regions, which are too "
        "few: %s",
        said->count.agreed, said->count.asked, said->count.regions,
        said->reasons.length ? said->reasons.data : "all in one region");
    if (!n->confirmed)
        seen_keep(c->arena, n, &said->evidence);
    metric_add(n->confirmed ? METRIC_CORROBORATED : METRIC_CORROBORATED_NOT, 1);
    name_log(n, said);
}

static void name_judge(struct corroboration *c, size_t i)
{
    const struct corroboration_ask *asks = &c->asks[i / PERSPECTIVE_PLACES * c->chosen_count];
    struct said said;

    said_begin(c, &said);
    for (size_t k = 0; k < c->chosen_count; k++)
        said_add(c->arena, &said, &asks[k], i % PERSPECTIVE_PLACES);
    name_settle(c, &c->names[i], &said);
}

/* The last of them: whatever thread that is on, all others are through. */
static void ask_over(struct corroboration *c)
{
    if (atomic_fetch_sub(&c->pending, 1) > 1)
        return;
    for (size_t i = 0; i < c->count; i++)
        name_judge(c, i);
    for (size_t i = 0; i < c->ask_count; i++)
        arena_free(&c->asks[i].arena);
    c->done(c);
}

/* ---- the questions */

static PerspectivePlace *place_message(struct arena *a, const struct corroboration_name *n)
{
    PerspectivePlace *p = arena_new(a, PerspectivePlace);

    perspective_place__init(p);
    p->identifier = arena_strdup(a, n->identifier);
    p->value = arena_strdup(a, n->value);
    p->token = arena_strdup(a, n->token);
    return p;
}

static const PerspectiveQuestion *question_message(const struct corroboration *c, size_t first)
{
    PerspectiveQuestion *q = arena_new(c->arena, PerspectiveQuestion);
    size_t left = c->count - first;

    perspective_question__init(q);
    q->account_id = c->account_id;
    q->method = c->method->id;
    q->cname_target = arena_strdup(c->arena, c->cname_target);
    if (c->terms.web)
        q->web = (WebRules *)message_copy(c->arena, &c->terms.web->base);
    q->places = arena_array(c->arena, PerspectivePlace *, PERSPECTIVE_PLACES);
    while (q->n_places < left && q->n_places < PERSPECTIVE_PLACES) {
        q->places[q->n_places] = place_message(c->arena, &c->names[first + q->n_places]);
        q->n_places++;
    }
    return q;
}

static void ask_prepare(struct corroboration *c, const struct perspective *p,
                        const PerspectiveQuestion *q)
{
    struct corroboration_ask *a = &c->asks[c->ask_count++];

    *a = (struct corroboration_ask){ .of = c, .perspective = p, .question = q };
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
        const PerspectiveQuestion *q = question_message(c, i * PERSPECTIVE_PLACES);

        for (size_t k = 0; k < c->chosen_count; k++)
            ask_prepare(c, &all->all[c->chosen[k]], q);
    }
}

static void ask_send(const struct perspectives *all, struct corroboration_ask *a)
{
    a->begun = tick_now();
    perspective__look(all->client(all->context, a->perspective), a->question, answered, &a->call);
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

bool corroboration_asks(const struct corroboration *c)
{
    return is_demanded(c) && perspectives_known(c) > 0;
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
