#include "look/caa.h"

#include <stdio.h>
#include <string.h>

#include "look/trail.h"
#include "pki/name.h"
#include "pki/suffix.h"

/* Questions under way at a time; of a zone that has not been heard of yet, and silent ones after which the others
 * are not put. */
enum { AT_ONCE = 32, UNHEARD_AT_ONCE = 8, SILENT_MOST = 4, TRIES = 2 };

struct caa_zone {
    const char *domain;
    size_t heard, silent, asking;
    struct caa_node *parent; /* DS of it; NULL: nobody has asked yet */
};

/* A name may have more than a hundred levels and an order 250 names, so a node is small. */
struct caa_node {
    struct caa_zone *zone;
    struct caa_query query;
    size_t number;
    int type;
    bool waits; /* to be asked */
};

/* A question under way. */
struct caa_flight {
    struct resolver_ask ask;
    struct caa_look *look;
    struct caa_node *node; /* NULL: free */
};

/* ---- what came of a name */

static bool is_answer(enum resolver_state state)
{
    return state == RESOLVER_FOUND || state == RESOLVER_NO_DATA || state == RESOLVER_NO_NAME;
}

/* Where names are registered below one label, that level is delegated, and who answers for the one above has said
 * that nothing vouches for the keys of the one below. Elsewhere nobody knows what is a zone: no proof. */
static bool is_unsigned(const struct caa_zone *zone)
{
    const char *suffix = suffix_of(zone->domain);
    const struct caa_query *ds = zone->parent ? &zone->parent->query : NULL;

    return ds && suffix && !strchr(suffix, '.') && suffix != zone->domain &&
           ds->state == RESOLVER_NO_DATA;
}

static enum caa_state state_of(const struct caa_node *node)
{
    const struct caa_query *q = &node->query;

    if (q->state == RESOLVER_FOUND) /* what is not read may forbid */
        return q->count < RESOLVER_RECORDS_MAX ? CAA_RECORDS : CAA_FAILED;
    if (q->state == RESOLVER_BOGUS)
        return CAA_BOGUS;
    return q->tries == TRIES && is_unsigned(node->zone) ? CAA_UNHEARD : CAA_FAILED;
}

/* Where it stands in the table, or would. FNV-1a; the table is never more than half full. */
static struct caa_node **node_slot(const struct caa_look *l, const char *name)
{
    uint64_t hash = 14695981039346656037U;

    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211U;
    for (size_t i = hash % l->table_size;; i = (i + 1) % l->table_size)
        if (!l->table[i] || strcmp(l->table[i]->query.name, name) == 0)
            return &l->table[i];
}

static const char *above(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot ? dot + 1 : NULL;
}

static const char *host_of(const char *name)
{
    return strncmp(name, "*.", 2) == 0 ? name + 2 : name;
}

static void name_settle(struct caa_look *l, struct caa_seen *seen)
{
    seen->state = CAA_NOTHING;
    for (const char *name = host_of(seen->name); name; name = above(name)) {
        const struct caa_node *node = *node_slot(l, name);

        seen->path[seen->path_count++] = &node->query;
        if (node->query.state == RESOLVER_NO_DATA || node->query.state == RESOLVER_NO_NAME)
            continue;
        seen->state = state_of(node);
        seen->at = &node->query;
        if (node->zone->parent && seen->state != CAA_RECORDS)
            seen->parent = &node->zone->parent->query;
        return;
    }
}

static size_t levels(const char *name)
{
    size_t count = 0;

    for (; name; name = above(name))
        count++;
    return count;
}

static void settle(struct caa_look *l)
{
    l->at = clock_now();
    l->seen = arena_array(l->arena, struct caa_seen, l->count);
    for (size_t i = 0; i < l->count; i++) {
        struct caa_seen *seen = &l->seen[i];

        seen->name = l->names[i];
        seen->wildcard = host_of(seen->name) != seen->name;
        seen->path = arena_array(l->arena, const struct caa_query *, levels(host_of(seen->name)));
        name_settle(l, seen);
    }
}

/* ---- what is asked next */

static void answered(struct resolver_ask *ask, const struct resolver_answer *answer);

static bool may_ask(const struct caa_node *n)
{
    const struct caa_zone *z = n->zone;

    return n->waits && (z->heard > 0 || z->asking < UNHEARD_AT_ONCE);
}

/* Of a zone whose servers are silent nothing more is asked. */
static void skip_silent(struct caa_look *l, const struct caa_zone *zone)
{
    if (zone->silent < SILENT_MOST || zone->silent <= zone->heard)
        return;
    for (size_t i = l->first_waiting; i < l->node_count; i++) {
        struct caa_node *n = l->nodes[i];

        if (!n->waits || n->zone != zone || n->type != DNS_CAA)
            continue;
        n->waits = false;
        n->query.state = RESOLVER_UNASKED;
        n->query.reason = "not asked: the zone's name servers did not answer other questions";
        l->open--;
    }
}

/* A first try leaves time for the second, and both for those who wait. */
static struct tick deadline_of(const struct caa_look *l, const struct caa_node *n)
{
    struct duration left = tick_left(l->deadline);

    return n->type == DNS_CAA && n->query.tries == 1 ? tick_after((struct duration){ left.us / 2 })
                                                     : l->deadline;
}

static struct caa_flight *flight_begin(struct caa_look *l, struct caa_node *n)
{
    struct caa_flight *flight = l->flights;

    while (flight->node)
        flight++;
    n->waits = false;
    n->query.tries++;
    n->zone->asking++;
    l->under_way++;
    *flight = (struct caa_flight){ .look = l, .node = n };
    snprintf(flight->ask.name, sizeof flight->ask.name, "%s", n->query.name);
    flight->ask.type = n->type;
    flight->ask.account_id = l->account_id;
    flight->ask.deadline = deadline_of(l, n);
    flight->ask.done = answered;
    flight->ask.context = flight;
    return flight;
}

static size_t choose(struct caa_look *l, struct caa_flight *chosen[AT_ONCE])
{
    size_t count = 0;

    while (l->first_waiting < l->node_count && !l->nodes[l->first_waiting]->waits)
        l->first_waiting++;
    for (size_t i = l->first_waiting; i < l->node_count && l->under_way < AT_ONCE; i++)
        if (may_ask(l->nodes[i]))
            chosen[count++] = flight_begin(l, l->nodes[i]);
    return count;
}

/* The last that is asked may end the look. */
static void go_on(struct caa_look *l)
{
    struct caa_flight *chosen[AT_ONCE];
    struct resolver *resolver = l->resolver;
    size_t count;

    count = choose(l, chosen);
    if (l->open == 0) {
        settle(l);
        l->done(l);
        return;
    }
    for (size_t i = 0; i < count; i++)
        resolver_ask(resolver, &chosen[i]->ask);
}

/* ---- nodes */

static struct caa_zone *zone_get(struct caa_look *l, const char *domain)
{
    for (size_t i = 0; i < l->zone_count; i++)
        if (strcmp(l->zones[i]->domain, domain) == 0)
            return l->zones[i];
    struct caa_zone *z = arena_new(l->arena, struct caa_zone);
    z->domain = domain;
    return l->zones[l->zone_count++] = z;
}

static void node_wait(struct caa_look *l, struct caa_node *n)
{
    n->waits = true;
    if (n->number < l->first_waiting)
        l->first_waiting = n->number;
}

static struct caa_node *node_add(struct caa_look *l, struct caa_zone *zone, const char *name,
                                 int type)
{
    struct caa_node *n = arena_new(l->arena, struct caa_node);

    n->zone = zone;
    n->type = type;
    n->number = l->node_count;
    n->query.type = resolver_type_name(type);
    n->query.name = name;
    n->query.state = RESOLVER_UNASKED;
    l->nodes[l->node_count++] = n;
    l->open++;
    node_wait(l, n);
    return n;
}

/* ---- what comes back, on the resolver's thread */

static void query_note(struct arena *a, struct caa_query *q, const struct resolver_answer *answer)
{
    q->state = answer->state;
    q->secure = answer->secure;
    q->ttl = answer->ttl;
    q->reason = arena_strdup(a, answer->reason);
    q->canonical = arena_strdup(a, answer->canonical);
    q->count = answer->count;
    q->records = arena_array(a, struct bytes, answer->count);
    for (size_t i = 0; i < answer->count; i++)
        q->records[i] =
            (struct bytes){ arena_copy(a, answer->records[i].data, answer->records[i].size),
                            answer->records[i].size };
}

static bool is_worth_another_try(const struct caa_node *n, enum resolver_state state)
{
    return (state == RESOLVER_FAILED || state == RESOLVER_TIMEOUT) && n->query.tries < TRIES &&
           n->type == DNS_CAA;
}

static void zone_hear(struct caa_zone *zone, enum resolver_state state)
{
    zone->heard += is_answer(state) || state == RESOLVER_BOGUS;
    zone->silent += state == RESOLVER_TIMEOUT;
}

static void failed(struct caa_look *l, struct caa_node *n)
{
    struct caa_zone *z = n->zone;

    if (!z->parent && n->type == DNS_CAA && n->query.tries == TRIES)
        z->parent = node_add(l, z, z->domain, DNS_DS);
}

static void answered(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct caa_flight *flight = ask->context;
    struct caa_node *n = flight->node;
    struct caa_look *l = flight->look;

    if (n->query.tries == TRIES && trail_follow(ask, answer))
        return;
    query_note(l->arena, &n->query, answer);
    flight->node = NULL;
    l->under_way--;
    n->zone->asking--;
    if (n->type == DNS_CAA)
        zone_hear(n->zone, answer->state);
    if (is_worth_another_try(n, answer->state)) {
        node_wait(l, n);
    } else {
        l->open--;
        if (!is_answer(answer->state) && answer->state != RESOLVER_BOGUS)
            failed(l, n);
    }
    if (answer->state == RESOLVER_TIMEOUT)
        skip_silent(l, n->zone);
    go_on(l);
}

/* ---- the beginning */

static void name_add(struct caa_look *l, const char *host)
{
    for (const char *name = host; name; name = above(name)) {
        struct caa_node **slot = node_slot(l, name);

        if (*slot) /* and so are those above it */
            return;
        *slot = node_add(l, zone_get(l, name_base_domain(name)), name, DNS_CAA);
    }
}

void caa_look_start(struct caa_look *l)
{
    size_t room = 0;

    for (size_t i = 0; i < l->count; i++)
        room += levels(host_of(l->names[i]));
    l->nodes =
        arena_array(l->arena, struct caa_node *, 2 * room); /* each zone has one of its own */
    l->zones = arena_array(l->arena, struct caa_zone *, room);
    l->table_size = 2 * room + 1;
    l->table = arena_array(l->arena, struct caa_node *, l->table_size);
    l->flights = arena_array(l->arena, struct caa_flight, AT_ONCE);
    for (size_t i = 0; i < l->count; i++)
        name_add(l, host_of(l->names[i]));
    go_on(l);
}
