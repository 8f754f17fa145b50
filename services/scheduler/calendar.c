#include "calendar.h"

#include <string.h>

#include "base/log.h"
#include "common.pb-c.h"
#include "scheduler.h"
#include "services/scheduler/calendar.sql.h"

struct scheduler scheduler;

static const struct duration every_minute = { 60000000 }, every_10_minutes = { 600000000 };

// clang-format off
static const struct cadence {
    const char *name, *lane;
    const struct duration *every;
    bool (*run)(struct cadence_call *call, struct fault *f);
} calendar[] = {
    { "cadence/seal",   "seal",   &scheduler.seal_every, seal_run },
    { "cadence/ghosts", "ghosts", &every_minute,         ghosts_run },
    { "cadence/dead",   "dead",   &every_minute,         dead_run },
    { "cadence/sweep",  "sweep",  &every_10_minutes,     sweep_run },
    { "cadence/tally",  "tally",  &every_10_minutes,     tally_run },
};
// clang-format on
enum { CADENCES = sizeof calendar / sizeof *calendar };

/* Of the health thread, which outlives everything else. */
static struct store *keeper;

void calendar_open(const struct store_options *options)
{
    if (!keeper)
        keeper = store_new(options);
}

bool calendar_kept(void *context, struct fault *f)
{
    const ProtobufCMessage *in[CADENCES];
    JobNew jobs[CADENCES];
    Instant now = INSTANT__INIT;
    struct rows rows;
    struct arena a;
    (void)context;
    arena_init(&a);
    now.us = clock_now().us;
    for (size_t i = 0; i < CADENCES; i++) {
        job_new__init(&jobs[i]);
        jobs[i].lane = arena_strdup(&a, calendar[i].lane);
        jobs[i].idem_key = arena_strdup(&a, calendar[i].name);
        jobs[i].run_at = &now;
        in[i] = &jobs[i].base;
    }
    bool ok = store_set(keeper, &a, &sql_calendar_keep, in, CADENCES, &rows, f);
    if (ok && rows.count)
        log_info("cadences put in the calendar", LOG_INT("count", rows.count));
    arena_free(&a);
    return ok;
}

static const struct cadence *cadence_of(const struct lane *lane)
{
    size_t i = 0;
    while (strcmp(calendar[i].lane, lane->name) != 0)
        i++; /* main.c gives this function to the lanes of the table only */
    return &calendar[i];
}

/* A cadence that fails is tried again when its time comes: it is never given up. */
static void item_run(struct lane_item *item, const struct cadence *c, struct arena *a)
{
    struct cadence_call call = { .store = store_mine(), .arena = a, .now = clock_now() };
    struct fault f = { 0 };
    bool ok = c->run(&call, &f);
    if (!ok)
        log_error("a cadence failed, and will be tried again", LOG_TEXT("lane", c->lane),
                  LOG_FAULT(&f));
    lane_again(item, ok && call.more ? call.now : instant_add(clock_now(), *c->every), true);
}

void calendar_run(struct lane_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        item_run(batch->items[i], cadence_of(batch->lane), batch->arena);
}
