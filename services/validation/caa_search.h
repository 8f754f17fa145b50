/* caa_search - looks at the CAA records of names beside something else that is sought, and says what was found as
 * the rows that it becomes.
 */
#ifndef VALIDATION_CAA_SEARCH_H
#define VALIDATION_CAA_SEARCH_H

#include "caa_finding.h"

/* Lives until caa_search_free(), which does no harm to one that is all zero. */
struct caa_search {
    struct arena arena; /* of its own: whoever waits for `done` goes on meanwhile */
    struct caa_look look;
    struct caa_terms terms;
    void (*done)(struct caa_search *s); /* once, on the resolver's thread, by the deadline */
    void *context;

    CaaCheck **checks; /* what was found, but what was not looked at for a reason of our own */
    size_t count;
    bool whole; /* all names were looked at */
};

/* False: the rules do not say who we are, and nothing is begun. Copies what it is given. The caller may ask
 * (gate_ask_begin()). `done` may have been called when this returns. */
bool caa_search_start(struct caa_search *s, int64_t account_id, char *const *names, size_t count,
                      const CaaRules *rules, struct tick deadline);

void caa_search_free(struct caa_search *s);

#endif
