/* chancery jobs: work that waits, is under way, or was given up. */
#include <string.h>

#include "cli/jobs.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "job.pb-c.h"
#include "listing.h"
#include "message/convert.h"

static const char *const lanes[] = {
#define LANE(name, service) #name,
#include "ledger/lanes.def"
#undef LANE
};

static bool lane_known(const char *lane, struct arena *a, struct fault *f)
{
    const char *all = "";
    for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
        if (!lane || strcmp(lane, lanes[i]) == 0)
            return true;
        all = arena_format(a, i ? "%s, %s" : "%s%s", all, lanes[i]);
    }
    return fault_set(f, FAULT_INVALID, "--lane", "is one of %s, not \"%s\"", all, lane);
}

static void row_add(struct table *t, const JobRow *j, bool dead)
{
    struct arena *a = t->arena;
    const char *holder = j->leased ? j->lease_owner : NULL;
    TABLE_ROW(t, listing_number(a, j->id), j->lane, listing_number(a, j->subject),
              listing_time(a, j->run_at), listing_number(a, j->attempt), dead ? j->story : holder);
}

bool jobs_command(struct command_run *r, struct fault *f)
{
    const char *lane = command_option(r, "lane");
    bool dead = command_option(r, "dead") != NULL;
    JobFilter in = JOB_FILTER__INIT;
    struct table table;
    struct rows rows;
    in.lane = arena_strdup(&r->arena, lane);
    in.has_limit = true;
    if (!listing_limit(r, &in.limit, f) || !lane_known(lane, &r->arena, f) ||
        !command_store(r, f) ||
        !store_all(r->store, &r->arena, dead ? &sql_jobs_dead : &sql_jobs_waiting, &in.base, &rows,
                   f))
        return false;
    table_init(&table, &r->arena, 6);
    TABLE_ROW(&table, "ID#", "LANE", "SUBJECT#", "RUN AT", "ATTEMPT#", dead ? "STORY" : "HELD BY");
    for (size_t i = 0; i < rows.count; i++)
        row_add(&table, (const JobRow *)rows.items[i], dead);
    listing_print(r, &table, dead ? "no job was given up" : "no jobs", in.limit);
    return true;
}

/* One by its number, or all of a lane. */
static bool retry_read(struct command_run *r, JobRetry *in, struct fault *f)
{
    const char *lane = command_option(r, "lane");
    in->has_id = r->words[0] != NULL;
    in->lane = arena_strdup(&r->arena, lane);
    in->now = instant_message(&r->arena, clock_now());
    if (in->has_id == (lane != NULL))
        return fault_set(f, FAULT_REQUIRED, "ID",
                         "or --lane must say what is tried again (chancery jobs --dead)");
    if (!in->has_id)
        return lane_known(lane, &r->arena, f);
    return int64_read(r->words[0], &in->id) ||
           fault_set(f, FAULT_INVALID, "ID",
                     "must be the number of a job that was given up (chancery jobs --dead)");
}

bool jobs_retry_command(struct command_run *r, struct fault *f)
{
    JobRetry in = JOB_RETRY__INIT;
    struct rows rows;
    if (!retry_read(r, &in, f) || !command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_jobs_retry, &in.base, &rows, f))
        return false;
    if (rows.count == 0)
        return fault_set(f, FAULT_NOT_FOUND, in.has_id ? r->words[0] : in.lane,
                         "%s that was given up (chancery jobs --dead)",
                         in.has_id ? "is no job" : "has no job");
    for (size_t i = 0; i < rows.count; i++)
        fprintf(r->out, "job %lld runs again\n", (long long)((const JobId *)rows.items[i])->id);
    return true;
}
