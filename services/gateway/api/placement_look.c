/* C0 of an order with an AuthKey: validation looks for request tokens before anything is placed. */
#include "api/placement.h"

#include <string.h>

#include "api/dcv_advice.h"
#include "gateway.h"
#include "testing/point.h"
#include "validation.pb-c.h"

/* Of those in the way the first, but what the customer can do something about before what is ours. */
static const LookResult *missing_of(const LookAnswer *found)
{
    const LookResult *missing = NULL;
    for (size_t i = 0; i < found->n_results; i++) {
        LookResult *r = found->results[i];
        if (!r->found && (!missing || (missing->ours && !r->ours)))
            missing = r;
    }
    return missing;
}

static const LookObstacle *obstacle_of(const LookAnswer *found)
{
    const LookObstacle *obstacle = NULL;
    for (size_t i = 0; i < found->n_obstacles; i++)
        if (!obstacle || (obstacle->ours && !found->obstacles[i]->ours))
            obstacle = found->obstacles[i];
    return obstacle;
}

/* Nothing is placed of which it is known that it cannot be issued at once. */
static bool placeable(struct placement *p, const LookAnswer *found)
{
    static const char field[] = "certificate.dns_names";
    const LookResult *missing = missing_of(found);
    const LookObstacle *o = obstacle_of(found);
    struct fault *f = &p->call->fault;
    if (missing && !missing->ours)
        return fault_set(f, dcv_advice_missing(p->row->dcv_method), field, "%s: %s",
                         missing->domain,
                         missing->reason ? missing->reason : "no valid request token was found");
    if (o && !o->ours)
        return fault_set(f, o->forbidden ? FAULT_CAA_FORBIDDEN : FAULT_CAA_LOOK_UP, field,
                         "%s: %.400s", o->name, o->detail);
    if (missing)
        return fault_set(f, FAULT_UNCONFIRMED, field, "%s: %.400s", missing->domain,
                         missing->reason);
    return !o || fault_set(f, FAULT_UNCONFIRMED, field, "%s: %.400s", o->name, o->detail);
}

static void look_done(const LookAnswer *found, void *data)
{
    struct bus_call *bus = data;
    struct placement *p = bus->context;
    TEST_POINT("gateway.c0.answered");
    if (!found) {
        p->call->fault = bus->fault;
        call_fail(p->call);
        return;
    }
    if (placeable(p, found))
        p->found(p);
    else
        call_fail(p->call);
}

static size_t names_at(const OrderIntake *row, const char *domain)
{
    size_t count = 0;
    for (size_t i = 0; i < row->n_names; i++)
        count += strcmp(dcv_advice_place(row->dcv_method, row->names[i]), domain) == 0;
    return count;
}

static LookName *look_place(struct arena *a, LookRequest *in, const OrderIntake *row,
                            const char *domain)
{
    for (size_t i = 0; i < in->n_names; i++)
        if (strcmp(in->names[i]->domain, domain) == 0)
            return in->names[i];
    LookName *place = arena_new(a, LookName);
    look_name__init(place);
    place->domain = arena_strdup(a, domain);
    place->fqdns = arena_array(a, char *, names_at(row, domain));
    return in->names[in->n_names++] = place;
}

static void look_name(struct arena *a, LookRequest *in, const OrderIntake *row,
                      const OrderName *name)
{
    LookName *place = look_place(a, in, row, dcv_advice_place(row->dcv_method, name));
    place->fqdns[place->n_fqdns++] = name->fqdn;
}

void placement_look(struct placement *p, struct bus_call *bus, void (*found)(struct placement *p))
{
    struct arena *a = &p->call->arena;
    LookRequest in = LOOK_REQUEST__INIT;
    p->found = found;
    in.account_id = p->call->actor.account_id;
    in.dcv_method = p->row->dcv_method;
    in.rule_scope = p->row->rule_scope;
    in.ca_id = p->row->ca_id;
    in.csr = p->row->csr;
    in.csr_sha256 = p->row->csr_sha256;
    in.names = arena_array(a, LookName *, p->row->n_names);
    for (size_t i = 0; i < p->row->n_names; i++)
        look_name(a, &in, p->row, p->row->names[i]);
    probes__look(bus_client(gateway.run->bus, "validation", &probes__descriptor), &in, look_done,
                 bus);
}
