#include "corroboration_ask.h"

#include <string.h>

#include "base/log.h"
#include "message/convert.h"
#include "message/json.h"
#include "service/metrics.h"

/* What one says of one place, and what all say together, may fill a row of the database no further than this, and a
 * line for people less. */
enum { PROOF_MOST = 32 * 1024, ALL_MOST = 48 * 1024, REASON_MOST = 150, SAID_MOST = 500 };

static bool is_bounded(const PerspectiveSight *sight)
{
    return protobuf_c_message_get_packed_size(&sight->base) <= PROOF_MOST;
}

/* NULL: it confirms what was found. */
const char *corroboration_objection(struct arena *arena, const struct corroboration_ask *a,
                                    size_t i)
{
    const PerspectiveSight *sight = a->why ? NULL : a->answer->sights[i];

    if (!sight)
        return a->why;
    if (!is_bounded(sight))
        return "says more of it than can be kept";
    return a->of->kind->objection(arena, a->of, &a->names[i], sight);
}

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
    const char *objection = corroboration_objection(arena, a, place);
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

void corroboration_judge(struct corroboration *c, size_t i)
{
    const struct corroboration_ask *asks = &c->asks[i / PERSPECTIVE_PLACES * c->chosen_count];
    struct said said;

    said_begin(c, &said);
    for (size_t k = 0; k < c->chosen_count; k++)
        said_add(c->arena, &said, &asks[k], i % PERSPECTIVE_PLACES);
    name_settle(c, &c->names[i], &said);
}
