#include "perspective.h"

#include <stdio.h>
#include <string.h>

#include "corroboration.h"
#include "gate.h"
#include "look/value.h"
#include "message/json.h"
#include "perspective_climb.h"
#include "perspective_turn.h"
#include "perspectives.h"
#include "pki/name.h"
#include "ready.h"
#include "validation.h"

static struct perspective_settings {
    struct look_settings look;
    const char *id;
    char service[sizeof PERSPECTIVE_SERVICE + PERSPECTIVE_ID_SIZE];
    const char *key; /* `service`, once it is known */
} settings;

/* ---- one question */

/* Lives in the call's arena: the bus's worker has it until its looks are begun, then the prober's thread. */
struct sighting {
    struct perspective_turn turn; /* the first member */
    struct call *call;
    const PerspectiveQuestion *in;
    PerspectiveAnswer_Closure closure;
    struct prober prober;
    struct probe_request request;
    struct sighting_place *places;
    PerspectiveAnswer out;
    atomic_size_t pending;
};

struct sighting_place {
    struct sighting *of;
    PerspectiveSight sight;
};

static void sighting_over(struct sighting *s)
{
    if (atomic_fetch_sub(&s->pending, 1) > 1)
        return;
    perspective_turn_over(&s->turn);
    s->closure(&s->out, s->call);
    gate_leave();
}

/* On the prober's thread, which for one method is always the same. */
static void seen(void *context, const struct probe_result *result)
{
    struct sighting_place *p = context;
    struct arena *a = &p->of->call->arena;
    struct fault f;

    p->sight.found = result->found;
    if (!result->found)
        p->sight.reason = arena_strdup(a, result->reason);
    p->sight.proof = (DcvProof *)message_from_json(a, &dcv_proof__descriptor, result->proof,
                                                   strlen(result->proof), &f);
    sighting_over(p->of);
}

/* ---- what may be asked */

static bool value_fits(const char *value)
{
    size_t length = value ? strlen(value) : 0;

    return length >= VALUE_LEAST && length <= NAME_LENGTH_MAX;
}

bool perspective_name_fits(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= NAME_LENGTH_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length;
}

static bool place_fits(const PerspectivePlace *p, size_t i, struct fault *f)
{
    char field[48];

    snprintf(field, sizeof field, "places[%zu].identifier", i);
    if (!perspective_name_fits(p->identifier))
        return fault_set(f, FAULT_INVALID, field, "is no name that is looked at");
    snprintf(field, sizeof field, "places[%zu].value", i);
    return (value_fits(p->value) != value_fits(p->token) && !(p->value && p->token)) ||
           fault_set(f, FAULT_INVALID, field, "is to be a value or a token, of %d letters or more",
                     VALUE_LEAST);
}

static bool places_fit(const PerspectiveQuestion *in, struct fault *f)
{
    if (in->n_places == 0 || in->n_places > PERSPECTIVE_PLACES)
        return fault_set(f, FAULT_INVALID, "places", "must be 1 to %d", PERSPECTIVE_PLACES);
    for (size_t i = 0; i < in->n_places; i++)
        if (!place_fits(in->places[i], i, f))
            return false;
    return true;
}

static bool question_read(struct sighting *s, struct fault *f)
{
    struct probe_request *q = &s->request;

    q->method = probe_method(s->in->method);
    q->account_id = s->in->account_id;
    q->deadline.us = s->call->deadline.us - milliseconds(PERSPECTIVE_MARGIN_MS).us;
    if (!q->method)
        return fault_set(f, FAULT_DCV_METHOD, "method", "is none that is looked for");
    if (q->method->transport == DCV_WEB && !(s->in->web && web_rules_read(s->in->web, &q->web)))
        return fault_set(f, FAULT_INVALID, "web", "does not say how files are looked for");
    return places_fit(s->in, f);
}

/* ---- the looks */

static void sighting_fill(struct sighting *s)
{
    struct arena *a = &s->call->arena;

    s->prober = validation.prober;
    s->prober.cname_target = s->in->cname_target;
    perspective_answer__init(&s->out);
    s->out.perspective = arena_strdup(a, settings.id);
    s->places = arena_array(a, struct sighting_place, s->in->n_places);
    s->out.sights = arena_array(a, PerspectiveSight *, s->in->n_places);
    for (size_t i = 0; i < s->in->n_places; i++) {
        s->places[i].of = s;
        perspective_sight__init(&s->places[i].sight);
        s->places[i].sight.identifier = s->in->places[i]->identifier;
        s->out.sights[s->out.n_sights++] = &s->places[i].sight;
    }
}

static bool sighting_look(struct perspective_turn *turn)
{
    struct sighting *s = (struct sighting *)turn;
    size_t count = s->in->n_places;

    sighting_fill(s);
    atomic_init(&s->pending, count + 1);
    for (size_t i = 0; i < count; i++) {
        s->request.domain = s->in->places[i]->identifier;
        s->request.wanted = (struct probe_wanted){ .text = s->in->places[i]->value,
                                                   .token = s->in->places[i]->token };
        probe_start(&s->prober, &s->request, seen, &s->places[i]);
    }
    sighting_over(s);
    return true;
}

static void perspective_look(Perspective_Service *self, const PerspectiveQuestion *in,
                             PerspectiveAnswer_Closure closure, void *data)
{
    struct call *call = data;
    struct sighting *s = arena_new(&call->arena, struct sighting);

    (void)self;
    *s = (struct sighting){ .call = call, .in = in, .closure = closure };
    if (!question_read(s, &call->fault)) {
        call_fail(call);
        return;
    }
    s->turn = (struct perspective_turn){ .call = call,
                                         .account_id = in->account_id,
                                         .places = in->n_places,
                                         .deadline = s->request.deadline,
                                         .look = sighting_look };
    perspective_turn_await(&s->turn);
}

static void perspective_climb(Perspective_Service *self, const CaaQuestion *in,
                              PerspectiveAnswer_Closure closure, void *data)
{
    (void)self;
    perspective_climb_begin(data, settings.id, in, closure);
}

static Perspective_Service service = PERSPECTIVE__INIT(perspective_);

/* ---- the process */

static bool start(struct service_run *run, struct fault *f)
{
    (void)run;
    if (!perspective_id_fits(settings.id))
        return fault_set(f, FAULT_INVALID, "PERSPECTIVE",
                         "must be a name of 1 to %d letters a-z, digits and '-'",
                         PERSPECTIVE_ID_SIZE - 1);
    snprintf(settings.service, sizeof settings.service, PERSPECTIVE_SERVICE "%s", settings.id);
    settings.key = settings.service;
    settings.look.perspective = settings.id;
    perspective_turns_open();
    return look_open(&settings.look, f);
}

static void drain(struct service_run *run)
{
    look_close(run->shared.drain);
    perspective_turns_close();
}

// clang-format off
static const struct config_item items[] = {
    LOOK_SETTINGS(struct perspective_settings, look),
    CONFIG(struct perspective_settings, id, "PERSPECTIVE", NULL, "name of this point of view, as PERSPECTIVES of validation has it: its keys are perspective-NAME"),
    { 0 },
};
// clang-format on

static const struct health_check checks[] = { { "resolver", resolver_ready, NULL }, { 0 } };

const struct service perspective_role = {
    .name = "perspective",
    .key = &settings.key,
    .settings = items,
    .config = &settings,
    .serves = { &service.base },
    .checks = checks,
    .start = start,
    .drain = drain,
};
