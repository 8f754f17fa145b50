/* What the primary has found that proves control of names. */
#include "corroboration_kind.h"
#include <string.h>

#include "message/field.h"

/* Letters of a record that are kept where all is too long. */
enum { RECORD_KEPT = 500 };

static const char *section(const struct corroboration *c)
{
    return c->method ? c->method->section : NULL;
}

static PerspectivePlace *place_message(struct arena *a, const struct corroboration_name *n)
{
    PerspectivePlace *p = arena_new(a, PerspectivePlace);

    perspective_place__init(p);
    p->identifier = arena_strdup(a, n->identifier);
    p->value = arena_strdup(a, n->value);
    p->token = arena_strdup(a, n->token);
    return p;
}

static const ProtobufCMessage *question(const struct corroboration *c, size_t first, size_t count)
{
    PerspectiveQuestion *q = arena_new(c->arena, PerspectiveQuestion);

    perspective_question__init(q);
    q->account_id = c->account_id;
    q->method = c->method->id;
    q->cname_target = arena_strdup(c->arena, c->cname_target);
    if (c->terms.web)
        q->web = (WebRules *)message_copy(c->arena, &c->terms.web->base);
    q->places = arena_array(c->arena, PerspectivePlace *, count);
    while (q->n_places < count) {
        q->places[q->n_places] = place_message(c->arena, &c->names[first + q->n_places]);
        q->n_places++;
    }
    return &q->base;
}

static void ask(ProtobufCService *service, const ProtobufCMessage *question,
                PerspectiveAnswer_Closure told, struct bus_call *call)
{
    perspective__look(service, (const PerspectiveQuestion *)question, told, call);
}

static const char *objection(struct arena *a, const struct corroboration *c,
                             const struct corroboration_name *n, const PerspectiveSight *sight)
{
    (void)a;
    (void)c;
    (void)n;
    if (sight->found)
        return NULL;
    return sight->reason ? sight->reason : "does not see it";
}

static bool unseen(const PerspectiveSight *sight)
{
    (void)sight;
    return false;
}

/* Of what was found the proof says where and what; the looks say that once more. */
static void keep(Corroborator *out, const PerspectiveSight *sight)
{
    out->proof = sight->proof;
    if (out->proof && out->agreed) {
        out->proof->n_looks = 0;
        out->proof->looks = NULL;
    }
}

static void cut(Corroborator *by)
{
    if (!by->proof)
        return;
    by->proof->n_looks = by->proof->n_hops = 0;
    by->proof->looks = NULL;
    by->proof->hops = NULL;
    if (by->proof->record && strlen(by->proof->record) > RECORD_KEPT)
        by->proof->record = NULL;
    by->proof->has_cut = by->proof->cut = true;
}

const struct corroboration_kind corroboration_look = {
    .here = "found",
    .agree = "see it",
    .section = section,
    .question = question,
    .ask = ask,
    .objection = objection,
    .cut = cut,
    .unseen = unseen,
    .keep = keep,
};
