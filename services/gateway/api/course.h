/* course - the jobs of one order, each of which leaves the next: run one after the other, whatever service does
 * them, for a caller who waits for the last. Nothing here waits: each step begins the next from its answer.
 *
 * Of an order that is issued at once: caa, issue, ct with its logs, issue; and once more, where something has changed
 * in between.
 */
#ifndef API_COURSE_H
#define API_COURSE_H

#include "bus/bus.h"
#include "job.pb-c.h"

struct course {
    const char *const
        *lanes; /* what is waited for, NULL at its end; itself NULL: whatever comes. Jobs of other
                               * lanes are told of, and end the course */
    void (*done)(const JobOutcome *outcome,
                 struct course *c); /* once, on the bus thread: the last that was
                                                                * heard; NULL: call.fault says why nothing was */
    void *context;                  /* the caller's */
    struct bus_call call;           /* whose it is, and until when; its context is the course's */
    unsigned steps;
};

/* Is it waited for? */
bool course_has(const struct course *c, const char *lane);

/* Begins with that job. The course is filled in but for `steps`, and is kept until `done`. */
void course_run(struct course *c, const char *lane, int64_t job_id);

#endif
