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

struct caa_node {
    struct resolver_ask ask;
    struct caa_look *look;
    struct caa_zone *zone;
    struct caa_query query;
    bool waits; /* to be asked */
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

    if (q->state == RESOLVER_FOUND)
        return CAA_RECORDS;
    if (q->state == RESOLVER_BOGUS)
        return CAA_BOGUS;
    return q->tries == TRIES && is_unsigned(node->zone) ? CAA_UNHEARD : CAA_FAILED;
}

static struct caa_node *node_find(const struct caa_look *l, const char *name)
{
    for (size_t i = 0; i < l->node_count; i++)
        if (strcmp(l->nodes[i]->query.name, name) == 0 && l->nodes[i]->ask.type == DNS_CAA)
            return l->nodes[i];
    return NULL;
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
        const struct caa_node *node = node_find(l, name);

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

static void node_close(struct caa_node *n, enum resolver_state state, const char *reason)
{
    n->waits = false;
    n->query.state = state;
    n->query.reason = reason;
    n->look->open--;
}

/* Of a zone whose servers are silent nothing more is asked. */
static void skip_silent(struct caa_look *l)
{
    for (size_t i = 0; i < l->node_count; i++) {
        struct caa_node *n = l->nodes[i];

        if (n->waits && n->ask.type == DNS_CAA && n->zone->silent >= SILENT_MOST &&
            n->zone->silent > n->zone->heard)
            node_close(n, RESOLVER_UNASKED,
                       "not asked: the zone's name servers did not answer other questions");
    }
}

static size_t choose(struct caa_look *l, struct caa_node *chosen[AT_ONCE])
{
    size_t count = 0;

    for (size_t i = 0; i < l->node_count && l->under_way < AT_ONCE; i++) {
        struct caa_node *n = l->nodes[i];

        if (!may_ask(n))
            continue;
        n->waits = false;
        n->query.tries++;
        n->zone->asking++;
        l->under_way++;
        chosen[count++] = n;
    }
    return count;
}

/* A first try leaves time for the second, and both for those who wait. */
static struct tick deadline_of(const struct caa_node *n)
{
    struct duration left = tick_left(n->look->deadline);

    return n->ask.type == DNS_CAA && n->query.tries == 1
               ? tick_after((struct duration){ left.us / 2 })
               : n->look->deadline;
}

/* The last that is asked may end the look. */
static void go_on(struct caa_look *l)
{
    struct caa_node *chosen[AT_ONCE];
    struct resolver *resolver = l->resolver;
    size_t count;

    skip_silent(l);
    count = choose(l, chosen);
    if (l->open == 0) {
        settle(l);
        l->done(l);
        return;
    }
    for (size_t i = 0; i < count; i++)
        chosen[i]->ask.deadline = deadline_of(chosen[i]);
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

static struct caa_node *node_add(struct caa_look *l, struct caa_zone *zone, const char *name,
                                 int type)
{
    struct caa_node *n = arena_new(l->arena, struct caa_node);

    n->look = l;
    n->zone = zone;
    n->waits = true;
    n->query.type = resolver_type_name(type);
    n->query.name = name;
    n->query.state = RESOLVER_UNASKED;
    snprintf(n->ask.name, sizeof n->ask.name, "%s", name);
    n->ask.type = type;
    n->ask.account_id = l->account_id;
    n->ask.done = answered;
    n->ask.context = n;
    l->nodes[l->node_count++] = n;
    l->open++;
    return n;
}

/* ---- what comes back, on the resolver's thread */

static void query_note(struct caa_node *n, const struct resolver_answer *answer)
{
    struct caa_query *q = &n->query;
    struct arena *a = n->look->arena;

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
           n->ask.type == DNS_CAA;
}

static void zone_hear(struct caa_zone *zone, enum resolver_state state)
{
    zone->asking--;
    zone->heard += is_answer(state) || state == RESOLVER_BOGUS;
    zone->silent += state == RESOLVER_TIMEOUT;
}

static void failed(struct caa_node *n)
{
    struct caa_zone *z = n->zone;

    if (!z->parent && n->ask.type == DNS_CAA && n->query.tries == TRIES)
        z->parent = node_add(n->look, z, z->domain, DNS_DS);
}

static void answered(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct caa_node *n = ask->context;
    struct caa_look *l = n->look;

    if (n->query.tries == TRIES && trail_follow(ask, answer))
        return;
    query_note(n, answer);
    l->under_way--;
    if (n->ask.type == DNS_CAA)
        zone_hear(n->zone, answer->state);
    else
        n->zone->asking--;
    if (is_worth_another_try(n, answer->state)) {
        n->waits = true;
    } else {
        l->open--;
        if (!is_answer(answer->state) && answer->state != RESOLVER_BOGUS)
            failed(n);
    }
    go_on(l);
}

/* ---- the beginning */

static void name_add(struct caa_look *l, const char *host)
{
    for (const char *name = host; name; name = above(name))
        if (!node_find(l, name))
            node_add(l, zone_get(l, name_base_domain(name)), name, DNS_CAA);
}

void caa_look_start(struct caa_look *l)
{
    size_t room = 0;

    for (size_t i = 0; i < l->count; i++)
        room += levels(host_of(l->names[i]));
    l->nodes =
        arena_array(l->arena, struct caa_node *, 2 * room); /* each zone has one of its own */
    l->zones = arena_array(l->arena, struct caa_zone *, room);
    for (size_t i = 0; i < l->count; i++)
        name_add(l, host_of(l->names[i]));
    go_on(l);
}
