/* caa_search - looks at the CAA records of names, has other points of view look at those that permit (BR 3.2.2.9), and
 * says what was found as the rows that it becomes. What too few of them permit has the result unconfirmed.
 */
#ifndef VALIDATION_CAA_SEARCH_H
#define VALIDATION_CAA_SEARCH_H

#include "caa_finding.h"
#include "corroboration.h"

/* Lives until caa_search_free(), which does no harm to one that is all zero. */
struct caa_search {
    struct corroboration_terms others; /* by the owner, as what follows; none: nobody else looks */
    void (*done)(
        struct caa_search *s); /* once, on the resolver's thread or the bus's, by the deadline */
    void *context;

    struct arena arena; /* of its own: whoever waits for `done` goes on meanwhile */
    struct caa_look look;
    struct caa_terms terms;
    const CaaRules *rules;
    struct corroboration corroboration;
    CaaCheck **asked; /* those that others are asked about */

    CaaCheck **checks; /* what was found, but what was not looked at for a reason of our own */
    size_t count;
    bool failed; /* some look-up failed, so that another may find more */
};

/* False: the rules do not say who we are, and nothing is begun. Copies what it is given. The caller may ask
 * (gate_ask_begin()). `done` may have been called when this returns. */
bool caa_search_start(struct caa_search *s, int64_t account_id, char *const *names, size_t count,
                      const CaaRules *rules, struct tick deadline);

void caa_search_free(struct caa_search *s);

#endif
