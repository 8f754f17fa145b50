/* steps - what the files of one issuance run share. Nobody else includes this.
 *
 *   issuance.c  the run: which item is whose, signing, what becomes of a batch that failed
 *   reserve.c   C2, and S within it
 *   finish.c    P and C3
 *   settle.c    what becomes of the requests that are not issued now
 */
#ifndef ISSUER_STEPS_H
#define ISSUER_STEPS_H

#include "attempt.h"
#include "store/store.h"

/* One run of the lane. */
struct run {
    struct lane_batch *batch;
    struct arena *a;
    struct store *store;
    struct attempt *attempts; /* of the requests that the claim gave us */
    size_t count;
    struct instant now;
    struct tick lease_end; /* before it, a signature may still be asked for */
};

/* C2 as a whole. False: nothing was committed. */
bool run_reserve(struct run *r, struct fault *f);

/* The job is somebody else's by now, since this came too late; it has not died. */
void run_lost(struct attempt *t);

/* Attempts that are given up. `handed`: the token may have signed them. */
bool run_ghosts(struct run *r, int64_t *ids, size_t count, bool handed, struct fault *f);

/* P, for every attempt whose precertificate is signed. */
void run_precertify(struct run *r);

/* C3, for every attempt with its signature. */
void run_finish(struct run *r);

/* Requests with open tasks go on to what is left to do; everybody else's job ends or comes back. */
void run_settle(struct run *r);

#endif
