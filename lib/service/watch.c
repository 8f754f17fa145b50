#include "service/watch.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "service/metrics.h"
#include "store/counts.h"

// clang-format off
static const struct lane_metrics {
    const char *lane;
    enum metric outcome[5]; /* by JobOutcome__Result */
    enum metric faults, seconds;
} lane_metrics[] = {
#define LANE(lane, service) \
    { #lane, \
      { [JOB_OUTCOME__RESULT__DONE] = METRIC_LANE_DONE_##lane, \
        [JOB_OUTCOME__RESULT__WAITING] = METRIC_LANE_WAITING_##lane, \
        [JOB_OUTCOME__RESULT__GONE] = METRIC_LANE_GONE_##lane, \
        [JOB_OUTCOME__RESULT__FAILED] = METRIC_LANE_FAILED_##lane }, \
      METRIC_LANE_FAULTS_##lane, METRIC_LANE_SECONDS_##lane },
#include "ledger/lanes.def"
#undef LANE
};
// clang-format on
enum { LANES = sizeof lane_metrics / sizeof *lane_metrics };

/* NULL: a lane of tests. */
static const struct lane_metrics *metrics_of(const char *lane)
{
    for (const struct lane_metrics *m = lane_metrics; m < lane_metrics + LANES; m++)
        if (strcmp(m->lane, lane) == 0)
            return m;
    return NULL;
}

void watch_lane_ended(const struct lane_ended *e)
{
    const struct lane_metrics *m = metrics_of(e->lane->name);
    if (!m)
        return;
    metric_add(m->outcome[e->result], 1);
    metric_add(m->faults, e->faulty);
    metric_observe(m->seconds, e->took);
}

static void lane_show(const struct lane_metrics *m)
{
    assert(m);
    for (int r = JOB_OUTCOME__RESULT__DONE; r <= JOB_OUTCOME__RESULT__FAILED; r++)
        metric_show(m->outcome[r]);
    metric_show(m->faults);
    metric_show(m->seconds);
}

static void sizes_count(void *lanes)
{
    uint64_t sizes[METRIC_SIZES];
    lanes_sizes(lanes, sizes);
    metric_sizes(METRIC_LANE_BATCH, sizes);
}

static void peers_count(void *context)
{
    struct service_run *run = context;
    for (int i = 0; i < BUS_SERVICES_MAX && run->peers[i].service; i++)
        metric_set_of(METRIC_BUS_PEERS, run->peers[i].service,
                      bus_peers_up(run->bus, run->peers[i].service));
}

/* A counter whose true count is kept elsewhere. */
static void reach(enum metric m, int64_t total)
{
    metric_add(m, total - metric_get(m));
}

static void database_count(void *context)
{
    struct store_counts c;
    (void)context;
    store_count(&c);
    metric_set(METRIC_DATABASE_OPEN, c.open);
    metric_set(METRIC_DATABASE_BUSY, c.busy);
    reach(METRIC_DATABASE_STATEMENTS, c.statements);
    reach(METRIC_DATABASE_CONNECTED, c.connected);
    reach(METRIC_DATABASE_REFUSED, c.refused);
    reach(METRIC_DATABASE_LOST, c.lost);
}

static void log_count(void *context)
{
    (void)context;
    reach(METRIC_LOG_DROPPED, log_dropped());
}

void watch_begin(struct service_run *run)
{
    for (const struct lane *l = run->service->lanes; l && l->name; l++)
        lane_show(metrics_of(l->name));
    if (run->lanes)
        metrics_ask(sizes_count, run->lanes);
    metrics_ask(peers_count, run);
    metrics_ask(database_count, NULL);
    metrics_ask(log_count, NULL);
}
