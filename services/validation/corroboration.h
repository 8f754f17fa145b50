/* corroboration - what the primary has found other points of view must see as well (BR 3.2.2.9): they are all
 * asked at once, and what each says is counted by the rules of the day (quorum.h). That is so of proofs of control and of
 * CAA records that permit (corroboration_kind.h).
 *
 * They are asked when the primary has found a name, and not before: most looks find nothing. Nothing is kept for
 * a later one, so that whoever tries again has all of them asked again. A demonstration needs nobody, but where
 * perspectives are set up they are asked for it, too, and count.
 */
#ifndef VALIDATION_CORROBORATION_H
#define VALIDATION_CORROBORATION_H

#include <stdatomic.h>

#include "base/arena.h"
#include "pki/dcv_method.h"
#include "quorum.h"

/* What they are asked about. */
struct corroboration_kind;
extern const struct corroboration_kind corroboration_look;  /* what proves control of names */
extern const struct corroboration_kind corroboration_climb; /* CAA records of names */

/* Places that one question is for: an answer must fit into a message of the bus. */
enum { PERSPECTIVE_PLACES = 32 };

/* Who is asked, and what for. All zero: nobody. */
struct corroboration_terms {
    const QuorumRules *rules; /* NULL: none says so */
    bool alone;               /* where there are no perspectives nobody needs to confirm it */
    const struct perspectives *perspectives;
    const WebRules *web; /* where the method's transport is the web */
};

struct corroboration_name {
    const char *identifier;    /* the place where it was found; the name of CAA records */
    const char *value, *token; /* one of them: what was found there */
    const char *methods;       /* that CAA records permit alone: "{ca-tbr-7}"; NULL: any */

    /* What came of it, in the corroboration's arena. */
    bool confirmed;
    bool failed; /* it was not, and some perspective could not say */
    bool ours;   /* it was not, for want of perspectives that say anything, and for nothing else */
    const char *reason; /* for the customer, when it was not, */
    const char *
        *seen; /* of a look, when it was not: a DcvProof as JSON of each that does not agree */
    size_t seen_count;
    const char *evidence; /* Corroboration as JSON; NULL: nobody was asked */
};

/* Lives until `done`. */
struct corroboration {
    const struct corroboration_kind *kind;
    struct corroboration_terms terms; /* they live as long */
    struct arena *arena;
    int64_t account_id;              /* whose turns are taken there */
    const struct dcv_method *method; /* of a look, as the next */
    const char *cname_target;
    const CaaRules *caa; /* of a climb */
    struct tick deadline;
    struct corroboration_name *names;
    size_t count;
    void (*done)(
        struct corroboration *c); /* once, by the deadline: on the caller's thread or the bus's */
    void *context;

    /* Its own. */
    size_t chosen[PERSPECTIVES_MAX], chosen_count;
    struct corroboration_ask
        *asks; /* those of the first names, one for each that was chosen; and so on */
    size_t ask_count;
    atomic_size_t pending;
    struct tick began;
};

/* When the primary begins to look for what they are to confirm. By when it is to be through: where they will be asked,
 * half of the time is kept for them. */
struct tick corroboration_begin(struct corroboration *c);

/* It may be over, and its memory gone, when this returns. */
void corroboration_start(struct corroboration *c);

#endif
