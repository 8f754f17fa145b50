#include "search.h"

#include <string.h>

#include "gate.h"
#include "look/sighting.h"
#include "pki/name.h"
#include "service/metrics.h"

/* A name's labels are the customer's, and so is the number of names: both have an end, and names come
 * before what lies between them and the domain. */
enum {
    LEVELS_MOST = 8,
    PLACES_MOST = 500,
    REASON_SIZE = 800,
    LOOKED_SIZE = SIGHTING_PROOF_MAX + 1000 /* one in any case */
};

/* ---- where */

/* Of a wildcard it is what stands below the asterisk (BR 2.2.9). */
static const char *host_of(const char *name)
{
    return strncmp(name, "*.", 2) == 0 ? name + 2 : name;
}

/* So many labels above the name: NULL when that is no longer below the domain. */
static const char *ancestor(const char *host, int level, const char *domain)
{
    for (; level > 0 && host; level--)
        host = strchr(host, '.') ? strchr(host, '.') + 1 : NULL;
    return host && strcmp(host, domain) != 0 && name_is_within(host, domain) ? host : NULL;
}

static size_t room_below(const LookName *place)
{
    size_t most = place->n_fqdns * LEVELS_MOST;

    return most < PLACES_MOST ? most : PLACES_MOST;
}

static void places_allocate(struct search *s, size_t room)
{
    s->places = arena_array(s->arena, struct sweep_name, room);
    s->owners = arena_array(s->arena, struct search_domain *, room);
    s->place_count = 0;
}

static void place_put(struct search *s, struct search_domain *owner, const char *identifier)
{
    s->places[s->place_count] =
        (struct sweep_name){ .domain = identifier, .wanted = owner->wanted };
    s->owners[s->place_count++] = owner;
}

/* Each place of a domain once; `first` is the first of its own. */
static void place_add(struct search *s, struct search_domain *owner, size_t first,
                      const char *identifier)
{
    if (s->place_count - first == room_below(owner->place))
        return;
    for (size_t i = first; i < s->place_count; i++)
        if (strcmp(s->places[i].domain, identifier) == 0)
            return;
    place_put(s, owner, identifier);
}

static void places_below(struct search *s, struct search_domain *d)
{
    size_t first = s->place_count;
    const char *place;

    for (int level = 0; level < LEVELS_MOST; level++)
        for (size_t i = 0; i < d->place->n_fqdns; i++)
            if ((place = ancestor(host_of(d->place->fqdns[i]), level, d->place->domain)))
                place_add(s, d, first, place);
}

/* ---- what came of it */

static bool is_proved(const struct search_domain *d, const char *name)
{
    for (size_t i = 0; i < d->proof_count; i++)
        if (name_is_within(name, d->proofs[i].identifier))
            return true;
    return false;
}

static bool all_proved(const struct search_domain *d)
{
    bool all = is_proved(d, d->place->domain) || d->place->n_fqdns > 0;

    for (size_t i = 0; i < d->place->n_fqdns && all; i++)
        all = is_proved(d, d->place->fqdns[i]);
    return all;
}

/* Those of the first places: the domain itself is one of them. A place that was not looked at has none. */
static void looked_add(struct text *t, const char *proof)
{
    if (proof && t->length + strlen(proof) + strlen(",[]") < LOOKED_SIZE)
        text_format(t, "%s%s", t->length ? "," : "[", proof);
}

/* Whole or not at all. */
static void reason_add(struct text *t, const char *reason)
{
    if (t->length + strlen(reason) + strlen("; ") < REASON_SIZE)
        text_format(t, "%s%s", t->length ? "; " : "", reason);
}

static void take(struct search_domain *d, const struct sweep_name *place)
{
    d->at = place->at;
    d->failed |= place->failed;
    if (place->found) {
        d->proofs[d->proof_count++] =
            (struct search_proof){ place->domain, place->proof, place->at, place->token, NULL };
        return;
    }
    d->left |= place->left;
    d->missed |= !place->left;
    looked_add(&d->seen, place->proof);
    reason_add(&d->why, place->reason);
}

static void take_all(struct search *s)
{
    for (size_t i = 0; i < s->place_count; i++)
        take(s->owners[i], &s->places[i]);
}

static void settle(struct search *s, struct search_domain *d)
{
    d->found = all_proved(d);
    d->reason = d->found ? "" : d->why.data;
    d->ours = !d->found && (d->ours || (d->left && !d->missed));
    if (!d->found && d->seen.length) {
        text_add_char(&d->seen, ']');
        d->looked = d->seen.data;
    }
    s->failed |= !d->found && d->failed;
    metric_add(d->found ? METRIC_DCV_FOUND : d->failed ? METRIC_DCV_FAILED : METRIC_DCV_MISSING, 1);
}

static void over(struct search *s)
{
    for (size_t i = 0; i < s->count; i++)
        settle(s, &s->domains[i]);
    s->done(s);
}

/* ---- what others see of it */

/* What the primary has seen of a place, and what those saw instead who do not agree. */
static void refused_add(struct search_domain *d, const char *proof,
                        const struct corroboration_name *name)
{
    reason_add(&d->why, name->reason);
    looked_add(&d->seen, proof);
    for (size_t i = 0; i < name->seen_count; i++)
        looked_add(&d->seen, name->seen[i]);
    d->failed |= name->failed;
}

/* Of a domain's proofs those that were confirmed, in the order in which confirm() has named them. Behind them stand
 * those for which nobody but us can do anything: were they confirmed, would all be proved? */
static void keep_confirmed(struct search_domain *d, const struct corroboration_name *names)
{
    size_t kept = 0, likely = 0;

    for (size_t i = 0; i < d->proof_count; i++) {
        struct search_proof proof = d->proofs[i];

        proof.corroboration = names[i].evidence;
        if (!names[i].confirmed)
            refused_add(d, proof.proof, &names[i]);
        if (names[i].confirmed) {
            d->proofs[likely++] = d->proofs[kept];
            d->proofs[kept++] = proof;
        } else if (names[i].ours) {
            d->proofs[likely++] = proof;
        }
    }
    d->proof_count = likely;
    d->ours = kept < likely && all_proved(d);
    d->proof_count = kept;
}

static void confirmed(struct corroboration *c)
{
    struct search *s = c->context;
    const struct corroboration_name *names = c->names;

    for (size_t i = 0; i < s->count; i++) {
        size_t asked = s->domains[i].proof_count;

        keep_confirmed(&s->domains[i], names);
        names += asked;
    }
    over(s);
}

static void confirm(struct search *s)
{
    struct corroboration *c = &s->corroboration;

    c->names =
        arena_array(s->arena, struct corroboration_name, search_proofs(s->domains, s->count));
    for (size_t i = 0; i < s->count; i++)
        for (size_t k = 0; k < s->domains[i].proof_count; k++)
            c->names[c->count++] =
                (struct corroboration_name){ .identifier = s->domains[i].proofs[k].identifier,
                                             .value = s->domains[i].wanted->text,
                                             .token = s->domains[i].proofs[k].token };
    corroboration_start(c);
}

static void time_share(struct search *s)
{
    s->corroboration = (struct corroboration){ .kind = &corroboration_look,
                                               .terms = s->others,
                                               .arena = s->arena,
                                               .account_id = s->request.account_id,
                                               .method = s->request.method,
                                               .cname_target = s->prober->cname_target,
                                               .deadline = s->request.deadline,
                                               .done = confirmed,
                                               .context = s };
    s->request.deadline = corroboration_begin(&s->corroboration);
}

/* ---- the two steps */

static void sweep(struct search *s, void (*done)(struct sweep *sweep))
{
    s->sweep = (struct sweep){ .prober = s->prober,
                               .arena = s->arena,
                               .request = s->request,
                               .names = s->places,
                               .count = s->place_count,
                               .done = done,
                               .context = s };
    sweep_start(&s->sweep);
}

static void below_swept(struct sweep *sweep)
{
    struct search *s = sweep->context;

    take_all(s);
    confirm(s);
}

static bool goes_on(const struct search *s)
{
    return !s->request.method->exact && tick_left(s->request.deadline).us > 0 && !gate_is_cut();
}

/* The places of the first sweep are the domains, one each. */
static void domains_swept(struct sweep *swept)
{
    struct search *s = swept->context;
    const struct sweep_name *tops = s->places;
    size_t room = 0;

    take_all(s);
    for (size_t i = 0; i < s->count; i++)
        room += room_below(s->domains[i].place);
    places_allocate(s, room);
    for (size_t i = 0; i < s->count && goes_on(s); i++)
        if (!tops[i].found && !tops[i].silent)
            places_below(s, &s->domains[i]);
    if (s->place_count > 0)
        sweep(s, below_swept);
    else
        confirm(s);
}

void search_start(struct search *s)
{
    time_share(s);
    places_allocate(s, s->count);
    for (size_t i = 0; i < s->count; i++) {
        struct search_domain *d = &s->domains[i];

        text_init(&d->why, s->arena);
        text_init(&d->seen, s->arena);
        d->proofs = arena_array(s->arena, struct search_proof, 1 + room_below(d->place));
        place_put(s, d, d->place->domain);
    }
    sweep(s, domains_swept);
}

int search_width(const struct search_domain *domains, size_t count)
{
    size_t names = 0;

    for (size_t i = 0; i < count; i++)
        names += domains[i].place->n_fqdns;
    return sweep_width(names > count ? names : count);
}

size_t search_proofs(const struct search_domain *domains, size_t count)
{
    size_t proofs = 0;

    for (size_t i = 0; i < count; i++)
        proofs += domains[i].proof_count;
    return proofs;
}
