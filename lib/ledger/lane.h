/* lane - runs the jobs of a process: those whose ids arrive by the bus, and, every second, whatever
 * is due. A job is a row; a lane is a kind of job with the function that does it.
 *
 * A run takes up to `batch` jobs and finishes each exactly once, then or later, from any thread:
 * lane_finish() when its effects are committed (the statement that committed them deleted the job),
 * lane_end(), lane_again() or lane_fail() otherwise. A process that dies in between leaves a lease
 * that runs out; somebody else claims the job then, and runs it alone: a death is the fault of the
 * process, unless it comes again and again with this job by itself. A process that is told to end
 * gives its leases back.
 */
#ifndef LEDGER_LANE_H
#define LEDGER_LANE_H

#include <sys/queue.h>

#include "base/crew.h"
#include "bus/bus.h"
#include "job.pb-c.h"
#include "store/store.h"

/* So many workers may die with a job that they have alone before it is given up. */
enum { LANE_DEATHS = 3 };

struct lanes;
struct lane;
struct lane_waiter;

struct lane_item {
    int64_t job_id;
    const Job *job;     /* as claimed; NULL in a lane that claims by itself */
    struct arena arena; /* freed with the item */
    const struct lane *lane;
    struct lanes *lanes;
    bool claimed; /* we got it; set by a lane that claims by itself. A lane of which nothing is
                     claimed is not polled before its time, however much is due */
    /* The lane runner's. */
    struct tick taken;          /* when a worker took it */
    int weight;                 /* of the lane's room */
    bool faulty;                /* a fault sends it back, or has it given up */
    struct call *waiter;        /* who called Jobs.Run, or NULL */
    struct lane_waiter *joined; /* who called it while this was under way (lane_join.c) */
    LIST_ENTRY(lane_item) beside;
    struct crew_item queued;
};

struct lane_batch {
    const struct lane *lane;
    struct lane_item **items;
    size_t count;
    struct arena *arena; /* lives until run returns */
    void *context;       /* lanes_options.context */
};

struct lane {
    const char *name;      /* as in lanes.def */
    int batch;             /* jobs a run takes at the most */
    int room;              /* what is under way in this process weighs no more */
    int weight;            /* of a job until the handler says that it is less; 0: 1 */
    struct duration lease; /* database time; longer than any run takes */
    int attempts;          /* failures before the job is given up; 0: never */
    bool wakes;            /* what is unavailable to one job is so to all: after an outage the first
                              here that goes well has those due that have failed, each minute
                              once at the most */
    bool claims_itself;    /* run() claims, so that claim and work are one transaction */
    int gather;            /* while a worker runs, another begins only when so many wait, or nothing
                              was begun for long: a run costs much before its first job; 0: at once */
    void (*run)(struct lane_batch *batch); /* on a worker; store_mine() is its connection */
};

/* A job as it ended in this process: for metrics. */
struct lane_ended {
    const struct lane *lane;
    JobOutcome__Result result;
    bool faulty;
    struct duration took; /* since a worker took it */
};

struct lanes_options {
    const struct lane *lanes; /* ends with a row without a name */
    const struct store_options *store;
    const char *owner; /* "issuer/host/pid", for the lease */
    int workers;
    struct duration poll; /* default 1 s */
    void *context;
    void (*ended)(const struct lane_ended *e); /* any thread; may be NULL */
};

struct lanes *lanes_start(const struct lanes_options *options);

/* Takes no new work, waits until everything under way is finished (at most `wait`). True: all was.
 */
bool lanes_drain(struct lanes *l, struct duration wait);
/* Workers and poller end with what they are doing; they use the bus until this returns. */
void lanes_halt(struct lanes *l);
/* After the bus has stopped: nobody calls any more. Halts first, if that was not done. */
void lanes_stop(struct lanes *l);

/* Handlers of the service Jobs for this process; serve it with the bus. One lanes a process. */
extern Jobs_Service jobs_service;
void lanes_serve(struct lanes *l);

/* What is claimed and not ended yet takes no more than this of its lane's room, at least 1: others may
 * have the rest. */
void lane_weigh(struct lane_item *item, int weight);

void lane_finish(struct lane_item *item, const JobOutcome *outcome);
void lane_finish_result(struct lane_item *item, JobOutcome__Result result);
/* Deletes the job: it has no effects left to commit. */
void lane_end(struct lane_item *item, JobOutcome__Result result);
/* Puts the job back, which is no failure. `fresh`: as if it had never been tried (a cadence goes
 * on). */
void lane_again(struct lane_item *item, struct instant run_at, bool fresh);
/* Something failed: back after a pause that grows with the attempts, or buried with its story. What
 * is unavailable will come back: for that no job is buried, and it waits ten minutes at the most. */
void lane_fail(struct lane_item *item, const struct fault *f);
/* Somebody else has it, or its lease ran out in between: who had it was late, and has not died. */
void lane_gone(struct lane_item *item);

/* What the claimed jobs of a batch are about, one for each, in the batch's arena. */
int64_t *lane_subjects(const struct lane_batch *batch);
/* A lane that claims by itself sets `item->job` before it ends an item in one of these ways. */

/* How many jobs are under way, and batch sizes so far (sizes[n] runs with n jobs): for metrics. */
int lanes_under_way(struct lanes *l, const char *name);
void lanes_sizes(struct lanes *l, uint64_t sizes[33]);
/* How often the poller went round so far. */
uint64_t lanes_rounds(struct lanes *l);

/* The pause before attempt n + 1: 1 s, 5 s, 30 s, 2 min, 10 min, then 1 h. */
struct duration lane_pause(int attempt);

/* What a lane waited for is there again: what has failed is due now. Called by whoever notices it. */
bool job_wake(struct store *s, const char *lane, struct fault *f);

/* Tells the service of that lane about a committed job. Never waits; may be lost. */
void job_hint(struct bus *bus, const char *lane, int64_t id, const char *traceparent);

/* As above, and waits for what became of it: the closure of Jobs.Run, with `call` as its data. A job that is
 * under way already is waited for. */
void job_run(struct bus *bus, const char *lane, int64_t id, JobOutcome_Closure done,
             struct bus_call *call);

#endif
