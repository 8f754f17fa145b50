#include "perspective_climb.h"

#include <stdio.h>
#include <string.h>

#include "caa_search.h"
#include "gate.h"
#include "message/field.h"
#include "message/json.h"
#include "perspective.h"
#include "perspective_turn.h"

/* What is said of one name: 32 of them must fit into a message of the bus. The looks at a deep name, or at big sets, may
 * be more. */
enum { PROOF_MOST = 20000 };

/* Lives in the call's arena: the bus's worker has it until its looks are begun, then the resolver's thread. */
struct climb {
    struct perspective_turn turn; /* the first member */
    struct call *call;
    const char *id;
    const CaaQuestion *in;
    PerspectiveAnswer_Closure closure;
    struct caa_search search;
    PerspectiveAnswer out;
};

/* ---- what was seen */

static CaaProof *proof_of(struct arena *a, const CaaCheck *check)
{
    struct fault f;
    CaaProof *proof = (CaaProof *)message_from_json(a, &caa_proof__descriptor, check->evidence,
                                                    strlen(check->evidence), &f);

    if (proof && caa_proof__get_packed_size(proof) > PROOF_MOST) {
        proof->n_looks = 0;
        proof->looks = NULL;
    }
    return proof;
}

static void check_tell(struct arena *a, PerspectiveSight *sight, const CaaCheck *check)
{
    sight->found = true;
    sight->reason = arena_strdup(a, check->detail);
    sight->caa = arena_new(a, CaaSight);
    caa_sight__init(sight->caa);
    sight->caa->result = arena_strdup(a, check->result);
    sight->caa->methods = arena_strdup(a, check->methods);
    sight->caa->proof = proof_of(a, check);
}

/* `check` NULL: it was not looked at, for a reason of our own. */
static PerspectiveSight *sight_of(struct arena *a, char *name, const CaaCheck *check)
{
    PerspectiveSight *sight = arena_new(a, PerspectiveSight);

    perspective_sight__init(sight);
    sight->identifier = name;
    if (check)
        check_tell(a, sight, check);
    else
        sight->reason = arena_strdup(a, "had no time to look at it");
    return sight;
}

/* Checks are in the order of the names; some may have none. */
static void answer_fill(struct climb *c)
{
    struct arena *a = &c->call->arena;
    size_t next = 0;

    perspective_answer__init(&c->out);
    c->out.perspective = arena_strdup(a, c->id);
    c->out.sights = arena_array(a, PerspectiveSight *, c->in->n_names);
    for (size_t i = 0; i < c->in->n_names; i++) {
        const CaaCheck *check = next < c->search.count ? c->search.checks[next] : NULL;
        bool its = check && strcmp(check->name, c->in->names[i]) == 0;

        c->out.sights[c->out.n_sights++] = sight_of(a, c->in->names[i], its ? check : NULL);
        next += its;
    }
}

/* On the resolver's thread. */
static void climbed(struct caa_search *s)
{
    struct climb *c = s->context;

    answer_fill(c);
    caa_search_free(s);
    perspective_turn_over(&c->turn);
    c->closure(&c->out, c->call);
    gate_leave();
}

/* ---- what may be asked */

/* As it stands in a request. */
static bool name_fits(const char *name)
{
    const char *host = strncmp(name, "*.", 2) == 0 ? name + 2 : name;

    return perspective_name_fits(host) && *host != '.' && host[strlen(host) - 1] != '.' &&
           !strstr(host, "..");
}

static bool names_fit(const CaaQuestion *in, struct fault *f)
{
    char field[40];

    if (in->n_names == 0 || in->n_names > PERSPECTIVE_PLACES)
        return fault_set(f, FAULT_INVALID, "names", "must be 1 to %d", PERSPECTIVE_PLACES);
    for (size_t i = 0; i < in->n_names; i++) {
        snprintf(field, sizeof field, "names[%zu]", i);
        if (!name_fits(in->names[i]))
            return fault_set(f, FAULT_INVALID, field, "is no name that is looked at");
    }
    return true;
}

/* ---- the looks */

static bool look(struct perspective_turn *turn)
{
    struct climb *c = (struct climb *)turn;

    c->search.done = climbed;
    c->search.context = c;
    return caa_search_start(&c->search, c->in->account_id, c->in->names, c->in->n_names,
                            c->in->rules, turn->deadline) ||
           fault_set(&c->call->fault, FAULT_INVALID, "rules.identities",
                     "must name the CA as CAA records do");
}

void perspective_climb_begin(struct call *call, const char *id, const CaaQuestion *in,
                             PerspectiveAnswer_Closure closure)
{
    struct climb *c = arena_new(&call->arena, struct climb);

    *c = (struct climb){ .call = call, .id = id, .in = in, .closure = closure };
    if (!names_fit(in, &call->fault)) {
        call_fail(call);
        return;
    }
    c->turn = (struct perspective_turn){
        .call = call,
        .account_id = in->account_id,
        .places = in->n_names,
        .deadline = { call->deadline.us - milliseconds(PERSPECTIVE_MARGIN_MS).us },
        .look = look,
    };
    perspective_turn_await(&c->turn);
}
