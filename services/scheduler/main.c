/* chancery-scheduler: keeps the calendar and seals the audit log. */
#include "calendar.h"
#include "figures.h"
#include "heads.h"
#include "scheduler.h"
#include "service/service.h"

// clang-format off
static const struct config_item items[] = {
    CONFIG(struct scheduler, seal_every,  "SEAL_EVERY",  "1s",  "how often new rows of the audit log are sealed", "100ms", "1h"),
    CONFIG(struct scheduler, heads,       "AUDIT_HEADS", "audit-heads", "file, outside the database, that each head of the audit chain is appended to"),
    CONFIG(struct scheduler, ghost_after, "GHOST_AFTER", "10m", "after what time an attempt whose job is gone is given up and its serial listed", "1m", "7d"),
    CONFIG(struct scheduler, keep_events, "EVENT_RETENTION", "400d", "how long events, their deliveries and the log of what was sent are kept", "30d", "3650d"),
    CONFIG(struct scheduler, figures_every, "FIGURES_EVERY", "15s", "how often the figures of /metrics that only the database knows are counted", "1s", "1h"),
    CONFIG(struct scheduler, workers,     "JOB_WORKERS", "2",   "threads that run jobs", "1", "32"),
    { 0 },
};

static const struct lane lanes[] = {
    { .name = "expire", .batch = 1, .room = 1, .lease = { 600000000 }, .run = calendar_run },
    { .name = "seal",   .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "ghosts", .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "dead",   .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "sweep",  .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "tally",  .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { 0 },
};

static const struct health_check checks[] = {
    { "calendar", calendar_kept, NULL },
    { 0 },
};
// clang-format on

static bool start(struct service_run *run, struct fault *f)
{
    calendar_open(&run->store);
    return heads_usable(scheduler.heads, f);
}

static struct figures *figures;

static bool open(struct service_run *run, struct fault *f)
{
    (void)f;
    figures = figures_start(&run->store, scheduler.figures_every);
    return true;
}

static void stop(struct service_run *run)
{
    (void)run;
    figures_stop(figures);
}

static const struct service service = {
    .name = "scheduler",
    .stores = SERVICE_DATABASE,
    .settings = items,
    .config = &scheduler,
    .lanes = lanes,
    .lane_workers = &scheduler.workers,
    .checks = checks,
    .start = start,
    .open = open,
    .stop = stop,
};

int main(int argc, char **argv)
{
    return service_main(&service, argc, argv);
}
