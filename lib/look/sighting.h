/* sighting - what one look has seen, in the form in which it is kept as evidence.
 *
 * Servers of strangers may say as much as they like. Kept is of each look: the first records of a set, each
 * cut; of each hop the beginning of its URL; the first bytes of a body; nothing that a terminal would obey. A whole
 * proof (probe.h) is never longer than SIGHTING_PROOF_MAX bytes as JSON.
 */
#ifndef LOOK_SIGHTING_H
#define LOOK_SIGHTING_H

#include "base/arena.h"
#include "look/fetch.h"
#include "look/resolver.h"
#include "validation.pb-c.h"

enum {
    SIGHTING_RECORDS = 4,
    SIGHTING_BODY = 512, /* bytes of it */
    SIGHTING_URL = 500,  /* characters of it */
    SIGHTING_PROOF_MAX = 20000
};

/* All in `a`; without the outcome, which whoever judges adds. */
DcvLook *sighting_of_answer(struct arena *a, const struct resolver_ask *ask,
                            const struct resolver_answer *answer);
DcvLook *sighting_of_file(struct arena *a, const char *url, const struct fetch_answer *answer);
/* Of one that is not back. */
DcvLook *sighting_of_none(struct arena *a, const char *type, const char *name);

/* When it was asked, and how long that took until now. */
void sighting_timed(struct arena *a, DcvLook *look, struct instant at, struct tick begun);

/* All requests to web servers, the first first. */
size_t sighting_hops(struct arena *a, const struct fetch_answer *answer, DcvHop ***out);

/* As JSON. One that is longer than may be is `cut`: strangers have filled its looks, and of these the outcomes are
 * kept, and what proves it. */
const char *sighting_proof(struct arena *a, DcvProof *proof);

#endif
