/* scheduler - the settings of this process; read before the first job. */
#ifndef SCHEDULER_SCHEDULER_H
#define SCHEDULER_SCHEDULER_H

#include "base/clock.h"
#include "base/fault.h"
#include "store/store.h"

struct scheduler {
    struct duration seal_every, ghost_after, keep_events, figures_every;
    const char *heads; /* file outside the database, for the heads of the audit chain */
    int workers;
};

extern struct scheduler scheduler;

/* What a cadence does when its time has come. `*more` is set when it stopped early and wants to go
 * on at once. */
struct cadence_call {
    struct store *store;
    struct arena *arena;
    struct instant now;
    bool more;
};

bool seal_run(struct cadence_call *call, struct fault *f);
bool expire_run(struct cadence_call *call, struct fault *f);
bool ghosts_run(struct cadence_call *call, struct fault *f);
bool dead_run(struct cadence_call *call, struct fault *f);
bool sweep_run(struct cadence_call *call, struct fault *f);
bool retention_run(struct cadence_call *call, struct fault *f);
bool tally_run(struct cadence_call *call, struct fault *f);

#endif
