#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ledger/lane.h"

static const char *lane_service(const char *lane)
{
    static const struct {
        const char *lane, *service;
    } rows[] = {
#define LANE(name, service) { #name, #service },
#include "ledger/lanes.def"
#undef LANE
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].lane, lane) == 0)
            return rows[i].service;
    return NULL;
}

void job_run(struct bus *bus, const char *lane, int64_t id, JobOutcome_Closure done,
             struct bus_call *call)
{
    const char *service = lane_service(lane);
    if (!service) {
        fault_set(&call->fault, FAULT_INTERNAL, "lane", "no service runs %s", lane);
        done(NULL, call);
        return;
    }
    char name[32];
    snprintf(name, sizeof name, "%s", lane);
    JobRef in = JOB_REF__INIT;
    in.id = id;
    in.lane = name;
    jobs__run(bus_client(bus, service, &jobs__descriptor), &in, done, call);
}

/* Nobody waits who could run the job that follows. */
static void hint_done(const JobOutcome *outcome, void *data)
{
    struct bus_call *call = data;
    if (outcome && outcome->has_next_job_id && outcome->next_lane)
        job_hint(call->context, outcome->next_lane, outcome->next_job_id, call->traceparent);
    free(call);
}

void job_hint(struct bus *bus, const char *lane, int64_t id, const char *traceparent)
{
    if (!bus)
        return; /* a process without one, such as a test: the poll finds the job */
    struct bus_call *call = calloc(1, sizeof *call);
    memcpy(call->actor.source, "system", sizeof "system");
    call->deadline = tick_after(seconds(30));
    call->context = bus;
    if (traceparent)
        snprintf(call->traceparent, sizeof call->traceparent, "%s", traceparent);
    job_run(bus, lane, id, hint_done, call);
}
