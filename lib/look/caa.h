/* caa - looks for the CAA records of names: the climb of RFC 8659 3, for a FQDN and for a wildcard.
 *
 * A function of a resolver and names, so that whoever has no database can look as well; what the records say is for
 * caa_verdict.h. Each name that is asked for is asked for once, however many of the names lie below it, and all levels
 * of a name are asked for at once: the climb costs the time of one look-up. CNAMEs are followed by ordinary
 * resolution, and what lies above their targets is not climbed.
 *
 * A look-up that fails is tried once more. If it fails again, the parent of the base domain is asked whether the zone
 * can be signed at all (BR 4.2.2.1: a failed look-up is permission only where it is proven that it is not): that it
 * answers shows, too, that the fault is not ours.
 */
#ifndef LOOK_CAA_H
#define LOOK_CAA_H

#include "base/arena.h"
#include "look/resolver.h"

enum caa_state {
    CAA_RECORDS, /* the relevant set is there */
    CAA_NOTHING, /* neither the name nor any above has records: all may issue */
    CAA_BOGUS,   /* DNSSEC says that an answer cannot be right */
    CAA_UNHEARD, /* a look-up failed twice, outside our house, and the zone is proven not to be signed */
    CAA_FAILED /* a look-up failed otherwise */
};

/* One question, as evidence. */
struct caa_query {
    const char *type, *name;
    enum resolver_state state;
    bool secure;
    uint32_t ttl;       /* seconds, of what was found */
    int tries;          /* 0: it was not asked */
    const char *reason; /* for people, where it failed; NULL: none */
    const char *canonical;
    struct bytes *records;
    size_t count;
};

/* What was seen of one name. */
struct caa_seen {
    const char *name; /* as it was given: "*.example.com" */
    bool wildcard;
    enum caa_state state;
    const struct caa_query *at;    /* the one that decided; NULL where nothing was found */
    const struct caa_query **path; /* from the name upwards, as far as it was climbed */
    size_t path_count;
    const struct caa_query *parent; /* DS of the base domain, where it was asked for */
};

struct caa_node;
struct caa_zone;
struct caa_flight;

/* Lives, with all that it points at, until `done`. */
struct caa_look {
    struct resolver *resolver;
    struct arena *arena;
    int64_t account_id; /* whose turns it takes */
    char *const *names; /* A-labels, lower case, with "*." or without */
    size_t count;
    struct tick deadline;
    void (*done)(struct caa_look *l); /* once, on the resolver's thread, by the deadline */
    void *context;

    struct caa_seen *seen; /* what came of it, in the order of the names */
    struct instant at;

    /* The look's own. */
    struct caa_node **nodes, **table; /* by number, by hash of the name */
    struct caa_zone **zones;
    struct caa_flight *flights;
    size_t node_count, table_size, zone_count, first_waiting, open, under_way;
};

/* There is one name or more. It may be over, and its memory gone, when this returns. */
void caa_look_start(struct caa_look *l);

#endif
