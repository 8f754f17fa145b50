/* Jobs that somebody may have sooner than they say. */
#include "base/log.h"
#include "ledger/jobs.sql.h"
#include "ledger/lane_end.h"
#include "message/convert.h"

/* At once; the lanes take them as they have room. */
enum { WAKE_MOST = 10000, LANES_MOST = 16 };

bool job_wake(struct store *s, const char *lane, struct fault *f)
{
    struct instant now = clock_now();
    JobWake in = JOB_WAKE__INIT;
    struct rows rows = { 0 };
    struct arena a;
    arena_init(&a);
    in.lane = arena_strdup(&a, lane);
    in.now = instant_message(&a, now);
    in.before = instant_message(&a, instant_add(now, lane_pause(INT32_MAX)));
    in.room = WAKE_MOST;
    bool ok = store_all(s, &a, &sql_job_wake, &in.base, &rows, f);
    if (ok && rows.count)
        log_info("what has failed is tried again", LOG_TEXT("lane", lane),
                 LOG_INT("count", rows.count));
    arena_free(&a);
    return ok;
}

void lanes_release(const struct lanes_options *o)
{
    struct store *store = store_new(o->store);
    JobRelease in = JOB_RELEASE__INIT;
    char *names[LANES_MOST];
    struct rows rows = { 0 };
    struct fault f = { 0 };
    struct arena a;
    arena_init(&a);
    in.lanes = names;
    for (const struct lane *lane = o->lanes; lane->name; lane++)
        if (!lane->claims_itself)
            names[in.n_lanes++] = arena_strdup(&a, lane->name);
    in.owner = arena_strdup(&a, o->owner);
    in.before = instant_message(&a, instant_add(clock_now(), seconds(60)));
    if (!store_all(store, &a, &sql_job_release, &in.base, &rows, &f))
        log_warn("leases could not be given back", LOG_FAULT(&f));
    else
        log_info("leases given back", LOG_INT("count", rows.count));
    arena_free(&a);
    store_free(store);
}
