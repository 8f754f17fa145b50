#include "api/course.h"

#include <string.h>

#include "gateway.h"
#include "ledger/lane.h"
#include "testing/point.h"

/* Two rounds of all lanes there are, and some: whoever leaves more has a fault, which is to cost no more than this. */
enum { STEPS_MOST = 16 };

bool course_has(const struct course *c, const char *lane)
{
    for (const char *const *l = c->lanes; l && *l; l++)
        if (strcmp(*l, lane) == 0)
            return true;
    return !c->lanes;
}

static void stepped(const JobOutcome *outcome, void *data);

static void step_run(struct course *c, const char *lane, int64_t job_id)
{
    c->steps++;
    c->call.context = c;
    c->call.fault = (struct fault){ 0 };
    job_run(gateway.run->bus, lane, job_id, stepped, &c->call);
}

static void stepped(const JobOutcome *outcome, void *data)
{
    struct bus_call *call = data;
    struct course *c = call->context;
    TEST_POINT("gateway.step.answered");
    bool more = outcome && outcome->has_next_job_id && outcome->next_lane;
    if (more && c->steps < STEPS_MOST && course_has(c, outcome->next_lane)) {
        step_run(c, outcome->next_lane, outcome->next_job_id);
        return;
    }
    if (more)
        job_hint(gateway.run->bus, outcome->next_lane, outcome->next_job_id, call->traceparent);
    c->done(outcome, c);
}

void course_run(struct course *c, const char *lane, int64_t job_id)
{
    c->steps = 0;
    step_run(c, lane, job_id);
}
