/* sweep - looks for the proofs of many names by one method, a few at a time.
 *
 * Not more than SWEEP_AT_ONCE names are looked at at a time, so that what a name costs is paid when its
 * turn comes. Of a base domain that has not been heard of yet there are SWEEP_SILENT at a time; were its
 * name servers silent for as many names, and for more than they have answered for, the names that are
 * left of it are not asked for. As long as others wait a name has half of the time that is left, so that
 * those whose servers are slow leave something to the others; and each sweep begins elsewhere among the
 * names, so that it is not always the same ones that time has run out for.
 */
#ifndef VALIDATION_SWEEP_H
#define VALIDATION_SWEEP_H

#include "look/probe.h"

enum { SWEEP_AT_ONCE = 16, SWEEP_SILENT = 4, SWEEP_KEPT_MAX = 65536 };

struct sweep_name {
    const char *domain;                /* filled in by the owner, */
    const struct probe_wanted *wanted; /* and what proves it; lives as long */

    bool found, failed, silent; /* not looked at: failed and silent */
    bool left; /* nor asked for, and nobody's servers are to blame: no time was left */
    /* As in struct probe_result, in the sweep's arena. Of names that were not found a few have a proof: there
     * may be thousands, and strangers say how long it is. */
    const char *reason, *proof, *token;
    struct instant at;

    /* The sweep's own. */
    struct sweep *sweep;
    struct sweep_zone *zone;
    bool asked;
};

/* Lives, as its names do, until `done`. */
struct sweep {
    const struct prober *prober;
    struct arena *arena;
    struct probe_request
        request; /* of each name, which is filled in; its deadline is the sweep's */
    struct sweep_name *names;
    size_t count;
    void (*done)(struct sweep *s); /* once, on the prober's thread, by the deadline */
    void *context;

    bool failed; /* some name was not found because something failed */

    /* The sweep's own. */
    struct sweep_zone *zones;
    size_t zone_count, asked, under_way, from;
    size_t kept; /* bytes of proofs of what was not found */
};

/* How many names are looked at at a time. */
static inline int sweep_width(size_t names)
{
    return names < SWEEP_AT_ONCE ? (int)names : SWEEP_AT_ONCE;
}

/* There is one name or more. The caller may ask (gate_ask_begin()); the sweep may be over, and its memory
 * gone, when this returns. */
void sweep_start(struct sweep *s);

#endif
