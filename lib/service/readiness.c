#include "service/readiness.h"

#include <stdlib.h>

#include "base/log.h"
#include "message/convert.h"
#include "service/probe.sql.h"
#include "store/migrate.h"
#include "store/skew.h"
#include "store/writable.h"

enum { PROBE_SIZE = 32 * 1024 };
#define PROBE_PAUSE seconds(1)
#define STEP        seconds(1)

struct need {
    struct bus *bus;
    const char *service;
    bool met;
};

/* Everything is looked at by the one thread of health. */
struct readiness {
    struct store *store;
    struct tick probe_at; /* not before */
    struct duration lead; /* of the clock, when it was looked at last */
    struct need needs[BUS_SERVICES_MAX];
    struct health_check checks[HEALTH_CHECKS_MAX + 1];
};

static bool database_ready(void *context, struct fault *f)
{
    struct readiness *r = context;
    return migrate_check(r->store, SCHEMA_OLDEST, SCHEMA_NEWEST, f);
}

/* ---- does the database take what is written? */

static char *filler(struct arena *a)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(a, PROBE_SIZE + 1);
    unsigned seed = (unsigned)tick_now().us;
    for (int i = 0; i < PROBE_SIZE; i++)
        text[i] = digits[(seed = seed * 1664525U + 1013904223U) >> 28];
    text[PROBE_SIZE] = '\0';
    return text;
}

static bool write_and_undo(struct store *s, struct fault *f)
{
    struct arena a;
    WriteProbe in = WRITE_PROBE__INIT;
    arena_init(&a);
    in.filler = filler(&a);
    bool ok = store_begin(s, f) && store_run(s, &a, &sql_write_probe, &in.base, NULL, f);
    store_rollback(s);
    arena_free(&a);
    return ok;
}

/* What was achieved last counts. After a failure an idle process must find its way back by itself,
 * since nobody sends it work while it is not ready: so it tries. */
static bool writes_ready(void *context, struct fault *f)
{
    struct readiness *r = context;
    if (store_writable(f))
        return true;
    if (tick_left(r->probe_at).us > 0)
        return false;
    r->probe_at = tick_after(PROBE_PAUSE);
    if (!write_and_undo(r->store, f))
        return false;
    store_writes_again();
    return true;
}

/* ---- the clock */

static void step_look(struct readiness *r)
{
    struct duration now = clock_lead();
    int64_t step = now.us - r->lead.us;
    if (step > STEP.us || step < -STEP.us)
        log_warn("this host's clock was stepped", LOG_INT("by_ms", step / 1000));
    r->lead = now;
}

static bool clock_ready(void *context, struct fault *f)
{
    struct readiness *r = context;
    step_look(r);
    return store_clock_check(r->store, f);
}

static const struct health_check of_database[] = {
    { .name = "database", .ready = database_ready },
    { .name = "writes", .ready = writes_ready },
    { .name = "clock", .ready = clock_ready },
};

/* ---- others */

/* Once is enough: work that another service does later is accepted meanwhile, and a door that closes
 * whenever an issuer restarts would refuse it. */
static bool need_ready(void *context, struct fault *f)
{
    struct need *need = context;
    need->met = need->met || bus_has_peer(need->bus, need->service);
    return need->met ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "no %s answers on the bus", need->service);
}

struct readiness *readiness_new(const struct service_run *run, struct store *store)
{
    const struct service *service = run->service;
    struct readiness *r = calloc(1, sizeof *r);
    size_t n = 0;
    r->store = store;
    r->lead = clock_lead();
    for (size_t i = 0; store && i < sizeof of_database / sizeof *of_database; i++) {
        r->checks[n] = of_database[i];
        r->checks[n++].context = r;
    }
    for (size_t i = 0; service->needs && service->needs[i]; i++) {
        r->needs[i] = (struct need){ .bus = run->bus, .service = service->needs[i] };
        r->checks[n++] = (struct health_check){ service->needs[i], need_ready, &r->needs[i] };
    }
    for (const struct health_check *c = service->checks; c && c->name && n < HEALTH_CHECKS_MAX; c++)
        r->checks[n++] = *c;
    return r;
}

const struct health_check *readiness_checks(const struct readiness *r)
{
    return r->checks;
}

void readiness_free(struct readiness *r)
{
    if (!r)
        return;
    store_free(r->store);
    free(r);
}
