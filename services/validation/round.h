/* round - looks once for the proofs of names by one method, within the share of an account. It does not
 * know what for: who begins it says in a row what becomes of it, and has the statement that stores it
 * (challenge_round.c, say).
 */
#ifndef VALIDATION_ROUND_H
#define VALIDATION_ROUND_H

#include "base/turns.h"
#include "search.h"

struct round;

/* What a round is for. One of the two is called, once, on whatever thread the round ends: the prober's, the bus's, or
 * before round_begin() returns the caller's. They must not block. */
struct round_ending {
    void (*over)(struct round *r);
    /* Nothing was looked at, since the account has its share already: to be begun anew after the pause. */
    void (*put_off)(struct round *r, struct duration pause);
};

/* Lives, with all that it points at, until its end. One thread at a time has it. */
struct round {
    const struct round_ending *ending;
    void *context;
    const struct prober *prober;
    struct arena *arena;
    int64_t account_id;
    const struct dcv_method *method; /* NULL: not one that is looked for */
    const WebRules *web;             /* where the method's transport is the web; NULL: none known */
    const QuorumRules *quorum;       /* who else must see it; NULL: nobody, */
    bool alone;                      /* or nobody needs to (corroboration.h) */
    const struct perspectives *perspectives; /* NULL: there are none */
    struct search_domain *names;             /* each with its place and what is wanted there */
    size_t count;                            /* none: it is over at once */
    struct tick deadline;

    /* What came of it: of each name, and */
    bool failed; /* some name was not found, and it may be there */

    /* The round's own. */
    struct search search;
    struct turns_item part; /* of the account's share, once it was taken */
    bool shares;
};

/* The caller has entered the gate, and leaves it at the end. The round may be over, and its memory gone,
 * when this returns. The names may come to stand in another order. */
void round_begin(struct round *r);

/* {"example.com": "TXT _dnsauth.example.com: no such name; ..."}: why each name was not found; NULL: all
 * were. Of many only the first are told of, and "*" stands for the others. */
char *round_seen(const struct round *r);

/* "example.com,example.net": those that nobody but this CA can do anything for; NULL: there are none. */
char *round_ours(const struct round *r);

/* {"example.com": [DcvProof, ...]}: what the looks at each name that was not found have seen, as far as
 * ROUND_LOOKED_MAX bytes go; NULL: nothing. */
enum { ROUND_LOOKED_MAX = 32000 };
char *round_looked(const struct round *r);

#endif
