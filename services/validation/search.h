/* search - looks for the proofs of authorization domain names, and where one has none, below it: at each
 * of the names that it stands for, and between the two.
 *
 * The customer may prove any of these places: BR 2.2.9 prunes labels from the left of a name as far as
 * one likes, not past its base domain. What is found lower is evidence of that place, which speaks for the
 * names below it (BR 3.2.2.4.7) and for no other. A method that speaks only for the very name it was found
 * at is looked for nowhere else. proof_place() in db/functions/proof.sql has the same places.
 *
 * All domains are looked at first and then all that lies below, each in one sweep (sweep.h): a few places at
 * a time, however many they are. Below a domain whose name servers were silent nothing is asked for. What was
 * found others confirm at last (corroboration.h), all of it at once: half of the time is kept for them.
 */
#ifndef VALIDATION_SEARCH_H
#define VALIDATION_SEARCH_H

#include "corroboration.h"
#include "sweep.h"

/* One place that is proved. */
struct search_proof {
    const char *identifier;
    const char *proof; /* DcvProof as JSON */
    struct instant at;
    const char *token;         /* as in struct probe_result */
    const char *corroboration; /* Corroboration as JSON; NULL: nobody else was asked */
};

/* One authorization domain name. */
struct search_domain {
    /* Filled in by the owner; both live until `done`. */
    const LookName *place;             /* names with "*." or without */
    const struct probe_wanted *wanted; /* what proves each of its places */

    bool found; /* all of it is proved */
    bool
        ours; /* it is not, and nobody but this CA can move: all of it was found, and not confirmed, or
                 * it was not even asked for */
    const char
        *reason; /* for the customer; "": all was found. What it has is in the search's arena */
    struct search_proof *proofs;
    size_t proof_count;
    const char *looked; /* JSON: a list of DcvProofs, of the places that have no proof */
    struct instant at;

    /* The search's own. */
    bool failed, missed, left; /* a place has no proof: it was asked for; there was no time to */
    struct text why, seen;
};

/* Lives, as its domains do, until `done`. */
struct search {
    const struct prober *prober;
    struct arena *arena;
    struct probe_request request; /* of each place, which is filled in, and so is what is wanted;
        its deadline is the search's */
    struct search_domain *domains;
    size_t count;
    struct corroboration_terms others; /* none: nobody else is asked */
    void (*done)(struct search *s); /* once, on the prober's thread or the bus's, by the deadline */
    void *context;

    bool failed; /* some domain was not found, and some look-up of it failed: it may be there */

    /* The search's own: the places of the sweep, and whose each is. */
    struct sweep sweep;
    struct sweep_name *places;
    struct search_domain **owners;
    size_t place_count;
    struct corroboration corroboration;
};

/* How many places are looked at at a time at the most. */
int search_width(const struct search_domain *domains, size_t count);

/* What all domains together have. */
size_t search_proofs(const struct search_domain *domains, size_t count);

/* There is one domain or more. As sweep_start(). */
void search_start(struct search *s);

#endif
