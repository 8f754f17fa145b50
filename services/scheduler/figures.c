#include "figures.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "common.pb-c.h"
#include "figures.pb-c.h"
#include "ledger/figures.sql.h"
#include "service/metrics.h"

/* Where counting ends. An index gives 100,000 entries in some 10 ms. */
enum { ROOM = 10000, EXPIRY_ROOM = 100000 };

// clang-format off
static const struct lane_figures {
    char *lane;
    enum metric due, held, later, age, dead;
} lanes[] = {
#define LANE(lane, service) \
    { (char[]){ #lane }, METRIC_JOBS_DUE_##lane, METRIC_JOBS_HELD_##lane, METRIC_JOBS_LATER_##lane, \
      METRIC_JOBS_AGE_##lane, METRIC_JOBS_DEAD_##lane },
#include "ledger/lanes.def"
#undef LANE
};

static const enum metric others[] = {
    METRIC_DELIVERIES_WAITING, METRIC_WEBHOOKS_FAILING, METRIC_EXPIRING_7, METRIC_EXPIRING_30,
    METRIC_AUDIT_UNSEALED,     METRIC_AUDIT_AGE,        METRIC_ORDERS_WAITING, METRIC_HELD_UP,
    METRIC_QUARANTINED,       METRIC_UNLOGGED_AGE,
};
// clang-format on
enum { LANES = sizeof lanes / sizeof *lanes, OTHERS = sizeof others / sizeof *others };

static void lane_set(const struct lane_figures *l, const LaneFigures *row)
{
    metric_set(l->due, row->due);
    metric_set(l->held, row->held);
    metric_set(l->later, row->later);
    metric_set(l->age, row->oldest_s);
    metric_set(l->dead, row->dead);
    if (strcmp(l->lane, "deliver") == 0) /* each has a job until it is taken */
        metric_set(METRIC_DELIVERIES_WAITING, row->due + row->held + row->later);
}

static void lanes_set(const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const LaneFigures *row = (const LaneFigures *)rows->items[i];
        for (const struct lane_figures *l = lanes; l < lanes + LANES; l++)
            if (strcmp(l->lane, row->lane) == 0)
                lane_set(l, row);
    }
}

static bool take(struct store *store, struct arena *a, FiguresAsked *in, struct fault *f)
{
    LedgerFigures ledger = LEDGER_FIGURES__INIT;
    ExpiryFigures expiry = EXPIRY_FIGURES__INIT;
    struct rows rows = { 0 };
    if (!store_all(store, a, &sql_figures_lanes, &in->base, &rows, f) ||
        !store_one(store, a, &sql_figures_ledger, &in->base, &ledger.base, f))
        return false;
    in->room = EXPIRY_ROOM;
    if (!store_one(store, a, &sql_figures_expiry, &in->base, &expiry.base, f))
        return false;
    lanes_set(&rows);
    metric_set(METRIC_WEBHOOKS_FAILING, ledger.webhooks_failing);
    metric_set(METRIC_ORDERS_WAITING, ledger.orders_waiting);
    metric_set(METRIC_HELD_UP, ledger.held_up);
    metric_set(METRIC_QUARANTINED, ledger.quarantined);
    metric_set(METRIC_UNLOGGED_AGE, ledger.unlogged_s);
    metric_set(METRIC_AUDIT_UNSEALED, ledger.unsealed);
    metric_set(METRIC_AUDIT_AGE, ledger.unsealed_s);
    metric_set(METRIC_EXPIRING_7, expiry.week);
    metric_set(METRIC_EXPIRING_30, expiry.month);
    return true;
}

static void forget(void)
{
    for (const struct lane_figures *l = lanes; l < lanes + LANES; l++) {
        metric_forget(l->due);
        metric_forget(l->held);
        metric_forget(l->later);
        metric_forget(l->age);
        metric_forget(l->dead);
    }
    for (int i = 0; i < OTHERS; i++)
        metric_forget(others[i]);
}

bool figures_take(struct store *store, struct fault *f)
{
    FiguresAsked in = FIGURES_ASKED__INIT;
    Instant now = INSTANT__INIT;
    char *names[LANES];
    struct arena a;
    arena_init(&a);
    for (int i = 0; i < LANES; i++)
        names[i] = lanes[i].lane;
    now.us = clock_now().us;
    in.lanes = names;
    in.n_lanes = LANES;
    in.now = &now;
    in.room = ROOM;
    bool ok = take(store, &a, &in, f);
    if (!ok)
        forget();
    arena_free(&a);
    return ok;
}

/* ---- the thread */

struct figures {
    struct store_options options;
    struct duration every;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

static bool wait_for_turn(struct figures *g)
{
    struct tick at = tick_after(g->every);
    struct timespec until = { at.us / 1000000, at.us % 1000000 * 1000 };
    int error = 0;
    pthread_mutex_lock(&g->lock);
    while (!g->stopping && error == 0)
        error = pthread_cond_timedwait(&g->changed, &g->lock, &until);
    bool go_on = !g->stopping;
    pthread_mutex_unlock(&g->lock);
    return go_on;
}

static void *take_thread(void *context)
{
    struct figures *g = context;
    struct store *store = store_new(&g->options);
    pthread_setname_np(pthread_self(), "figures");
    do {
        struct fault f = { 0 };
        if (!figures_take(store, &f))
            log_warn("figures could not be counted", LOG_FAULT(&f));
    } while (wait_for_turn(g));
    store_free(store);
    return NULL;
}

struct figures *figures_start(const struct store_options *store, struct duration every)
{
    struct figures *g = calloc(1, sizeof *g);
    pthread_condattr_t monotonic;
    g->options = *store;
    g->every = every;
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&g->thread, NULL, take_thread, g) != 0)
        abort();
    return g;
}

void figures_stop(struct figures *g)
{
    if (!g)
        return;
    pthread_mutex_lock(&g->lock);
    g->stopping = true;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    free(g);
}
