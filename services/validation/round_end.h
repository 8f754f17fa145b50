/* round_end - how a round ends that is a job of a lane: until when it looks, when it is due again, the statement that
 * commits what came of it, and who is told of what follows. What it looks for its owner knows (challenge_round.c,
 * caa_round.c); one that looks at nothing has the last step alone (emails.c).
 */
#ifndef VALIDATION_ROUND_END_H
#define VALIDATION_ROUND_END_H

#include "cadence.h"
#include "ledger/lane.h"
#include "store/committer.h"
#include "validation.pb-c.h"

/* Lives in the item's arena. Its owner has entered the gate, which is left at the end. */
struct round_end {
    struct lane_item *item;
    const struct sql *sql; /* what it commits gives a RoundAdvanced, by job_epoch */
    const ProtobufCMessage *in;
    /* Once, on a committer's thread or the caller's, before the lane knows; `to` NULL: nothing was committed. */
    void (*over)(struct round_end *e, const RoundAdvanced *to);
    void *context;

    struct commit commit;
};

void round_end_commit(struct round_end *e);

/* Nothing was looked at: the job is put back as it was, and the gate left. */
void round_end_put_back(struct lane_item *item, struct duration pause);

/* So that who waits learns what was found in time; but never too short for a healthy look-up. */
struct tick round_end_deadline(const struct lane_item *item);

/* By the cadence, and where it has ended each hour, if it is to be looked for `beyond` its end; sooner when look-ups
 * `failed`, which may be nobody's lasting fault, and at once when the process ends. False: not again. */
struct round_due {
    const struct cadence *cadence;
    struct instant from; /* where it counts from */
    bool failed, beyond;
};
bool round_end_due(const struct lane_item *item, const struct round_due *due, struct instant now,
                   struct instant *next);

/* The lane, and who waits or is idle, are told what the round was committed to be. */
void round_end_tell(struct lane_item *item, const RoundAdvanced *to);

#endif
