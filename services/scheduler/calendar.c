#include "calendar.h"

#include <string.h>

#include "base/log.h"
#include "message/convert.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/calendar.sql.h"

struct scheduler scheduler;

static const struct duration every_minute = { 60000000 }, every_10_minutes = { 600000000 };

// clang-format off
static const struct cadence {
    const char *lane;
    const struct duration *every;
    bool (*run)(struct cadence_call *call, struct fault *f);
} calendar[] = {
    { "seal",   &scheduler.seal_every, seal_run },
    { "expire", &every_10_minutes,     expire_run },
    { "ghosts", &every_minute,         ghosts_run },
    { "dead",   &every_minute,         dead_run },
    { "sweep",  &every_10_minutes,     sweep_run },
    { "tally",  &every_10_minutes,     tally_run },
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

/* The clocks of two hosts differ by so much at the most. */
static const struct duration clocks = { 10000000 };

static void wish_fill(CadenceWish *wish, const struct cadence *c, struct instant now,
                      struct arena *a)
{
    cadence_wish__init(wish);
    wish->lane = arena_strdup(a, c->lane);
    wish->idem_key = arena_format(a, "%s/0", c->lane);
    wish->now = instant_message(a, now);
    wish->latest = instant_message(a, instant_add(instant_add(now, *c->every), clocks));
}

static void kept_tell(const struct rows *rows)
{
    size_t late = 0;
    for (size_t i = 0; i < rows->count; i++)
        late += ((const CadenceKept *)rows->items[i])->late ? 1 : 0;
    if (rows->count > late)
        log_info("cadences put in the calendar", LOG_INT("count", rows->count - late));
    if (late)
        log_warn("cadences lay too far ahead: a clock was wrong", LOG_INT("count", late));
}

bool calendar_kept(void *context, struct fault *f)
{
    const ProtobufCMessage *in[CADENCES];
    CadenceWish wishes[CADENCES];
    struct instant now = clock_now();
    struct rows rows;
    struct arena a;
    (void)context;
    arena_init(&a);
    for (size_t i = 0; i < CADENCES; i++) {
        wish_fill(&wishes[i], &calendar[i], now, &a);
        in[i] = &wishes[i].base;
    }
    bool ok = store_set(keeper, &a, &sql_calendar_keep, in, CADENCES, &rows, f);
    if (ok)
        kept_tell(&rows);
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
