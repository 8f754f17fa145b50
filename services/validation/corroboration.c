#include "corroboration_kind.h"

#include <string.h>

#include "base/log.h"
#include "gate.h"
#include "message/convert.h"
#include "message/field.h"
#include "message/json.h"
#include "service/metrics.h"

/* What one says of one place, and what all say together, may fill a row of the database no further than this, and a
 * line for people less. */
enum { PROOF_MOST = 32 * 1024, ALL_MOST = 48 * 1024, REASON_MOST = 150, SAID_MOST = 500 };

/* What those who have a good way to it need at the most. */
enum { PATIENCE_S = 3 };

/* One question to one perspective, about up to PERSPECTIVE_PLACES names. */
struct corroboration_ask {
    struct corroboration *of;
    const struct perspective *perspective;
    const ProtobufCMessage *question;
    const struct corroboration_name *names; /* that it is about */
    size_t count;
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

static bool is_bounded(const PerspectiveSight *sight)
{
    return protobuf_c_message_get_packed_size(&sight->base) <= PROOF_MOST;
}

/* NULL: it confirms what was found. */
static const char *objection_of(struct arena *arena, const struct corroboration_ask *a, size_t i)
{
    const PerspectiveSight *sight = a->why ? NULL : a->answer->sights[i];

    if (!sight)
        return a->why;
    if (!is_bounded(sight))
        return "says more of it than can be kept";
    return a->of->kind->objection(arena, a->of, &a->names[i], sight);
}

static void answer_count(struct corroboration_ask *a)
{
    const char *id = a->perspective->id;
    struct duration took = { tick_now().us - a->begun.us };
    size_t found = 0;

    for (size_t i = 0; !a->why && i < a->answer->n_sights; i++)
        found += objection_of(&a->arena, a, i) ? 0 : 1;
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

/* ---- what they all say of a name */

/* What was said of one name, for the evidence, the log and the customer. */
struct said {
    struct quorum_count count, likely; /* likely: as if all agreed who have not looked */
    const struct perspective *agreed[PERSPECTIVES_MAX], *likely_agreed[PERSPECTIVES_MAX];
    Corroboration evidence;
    struct text yes, no, reasons;
    bool failed;
};

static Corroborator *corroborator_of(struct arena *arena, const struct corroboration_ask *a,
                                     const PerspectiveSight *sight, const char *objection)
{
    Corroborator *out = arena_new(arena, Corroborator);
    char place[PLACE_TEXT_SIZE];

    place_write(a->perspective->place, place);
    corroborator__init(out);
    out->perspective = arena_strdup(arena, a->perspective->id);
    out->region = arena_strdup(arena, a->perspective->region);
    out->place = arena_strdup(arena, place);
    out->agreed = !objection;
    if (objection)
        out->reason = arena_format(arena, "%.*s", REASON_MOST, objection);
    if (sight && is_bounded(sight))
        a->of->kind->keep(out, sight);
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
    const char *objection = objection_of(arena, a, place);
    Corroborator *by = corroborator_of(arena, a, sight, objection);
    bool unseen = !sight || a->of->kind->unseen(sight);

    quorum_add(&said->count, said->agreed, a->perspective, by->agreed);
    quorum_add(&said->likely, said->likely_agreed, a->perspective, by->agreed || unseen);
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
static void name_log(const struct corroboration *c, const struct corroboration_name *n,
                     const struct said *said)
{
    log_info("name corroborated", LOG_TEXT("name", n->identifier),
             LOG_TEXT("section", c->kind->section(c)), LOG_TEXT("quorum", said->evidence.quorum),
             LOG_TEXT("agreed", said->yes.data), LOG_TEXT("disagreed", said->no.data),
             LOG_TEXT("why", said->reasons.data),
             LOG_TEXT("confirmed", n->confirmed ? "yes" : "no"));
}

/* Of one that has not answered there is the reason alone. */
static const char *seen_text(struct arena *a, const Corroborator *by)
{
    DcvProof proof = DCV_PROOF__INIT;
    struct text json;

    if (by->proof)
        proof = *by->proof;
    else
        proof.at = instant_message(a, clock_now());
    proof.perspective = by->perspective;
    proof.reason = by->reason;
    text_init(&json, a);
    message_to_json(&proof.base, &json);
    return json.data;
}

static void seen_keep(struct arena *a, struct corroboration_name *n, const Corroboration *evidence)
{
    n->seen = arena_array(a, const char *, evidence->n_perspectives);
    for (size_t i = 0; i < evidence->n_perspectives; i++)
        if (!evidence->perspectives[i]->agreed)
            n->seen[n->seen_count++] = seen_text(a, evidence->perspectives[i]);
}

static char *evidence_text(struct arena *a, const Corroboration *evidence)
{
    struct text json;

    text_init(&json, a);
    message_to_json(&evidence->base, &json);
    return json.data;
}

/* Strangers have said how long it is: what is too long is cut, the last first. */
static char *evidence_cut(const struct corroboration *c, Corroboration *evidence)
{
    char *json = evidence_text(c->arena, evidence);

    for (size_t i = evidence->n_perspectives; i > 0 && strlen(json) > ALL_MOST; i--) {
        c->kind->cut(evidence->perspectives[i - 1]);
        json = evidence_text(c->arena, evidence);
    }
    return json;
}

static void name_settle(const struct corroboration *c, struct corroboration_name *n,
                        struct said *said)
{
    bool reached = quorum_reached(c->terms.rules, &said->count);

    said->evidence.quorum =
        arena_format(c->arena, "%zu/%zu", said->count.agreed, said->count.asked);
    n->confirmed = reached || !c->terms.rules->blocks;
    n->failed = !n->confirmed && said->failed;
    n->ours = !n->confirmed && quorum_reached(c->terms.rules, &said->likely);
    n->reason = arena_format(
        c->arena,
        "%s, but %zu of %zu other points of view %s in %zu regions, which are too few: %s",
        c->kind->here, said->count.agreed, said->count.asked, c->kind->agree, said->count.regions,
        said->reasons.length ? said->reasons.data : "all in one region");
    if (!n->confirmed &&
        c->kind == &corroboration_look) /* a check of CAA records keeps its evidence */
        seen_keep(c->arena, n, &said->evidence);
    n->evidence = evidence_cut(c, &said->evidence);
    metric_add(n->confirmed ? METRIC_CORROBORATED : METRIC_CORROBORATED_NOT, 1);
    name_log(c, n, said);
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
