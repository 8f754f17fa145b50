/* chancery jobs: work that waits, is under way, or was given up. */
#include "cli/jobs.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "job.pb-c.h"
#include "message/convert.h"
#include "table.h"

enum { JOBS_SHOWN = 100 };

static const char *time_text(struct arena *a, const Instant *at)
{
    char text[INSTANT_TEXT_SIZE];
    return arena_strdup(a, instant_text((struct instant){ at->us }, text));
}

static void row_add(struct table *t, const JobRow *j, bool dead)
{
    struct arena *a = t->arena;
    const char *holder = j->leased ? j->lease_owner : NULL;
    TABLE_ROW(t, arena_format(a, "%lld", (long long)j->id), j->lane,
              arena_format(a, "%lld", (long long)j->subject), time_text(a, j->run_at),
              arena_format(a, "%d", (int)j->attempt), dead ? j->story : holder);
}

bool jobs_command(struct command_run *r, struct fault *f)
{
    const char *lane = command_option(r, "lane"), *limit = command_option(r, "limit");
    bool dead = command_option(r, "dead") != NULL;
    JobFilter in = JOB_FILTER__INIT;
    struct table table;
    struct text out;
    struct rows rows;
    in.lane = arena_strdup(&r->arena, lane);
    in.has_limit = true;
    in.limit = JOBS_SHOWN;
    if (limit && (!int64_read(limit, &in.limit) || in.limit < 1 || in.limit > 100000))
        return fault_set(f, FAULT_INVALID, "--limit", "must be a number from 1 to 100000");
    if (!command_store(r, f) ||
        !store_all(r->store, &r->arena, dead ? &sql_jobs_dead : &sql_jobs_waiting, &in.base, &rows,
                   f))
        return false;
    table_init(&table, &r->arena, 6);
    TABLE_ROW(&table, "ID", "LANE", "SUBJECT", "RUN AT", "ATTEMPT", dead ? "STORY" : "HELD BY");
    for (size_t i = 0; i < rows.count; i++)
        row_add(&table, (const JobRow *)rows.items[i], dead);
    text_init(&out, &r->arena);
    table_write(&table, 0, &out);
    fputs(rows.count ? out.data : dead ? "no job was given up\n" : "no jobs\n", r->out);
    if (rows.count == (size_t)in.limit)
        fprintf(r->out, "(the first %lld; --limit shows more)\n", (long long)in.limit);
    return true;
}

bool jobs_retry_command(struct command_run *r, struct fault *f)
{
    JobRetry in = JOB_RETRY__INIT;
    JobId out = JOB_ID__INIT;
    bool found = false;
    if (!r->words[0] || !int64_read(r->words[0], &in.id))
        return fault_set(f, FAULT_INVALID, "ID",
                         "must be the number of a job that was given up (chancery jobs --dead)");
    in.now = instant_message(&r->arena, clock_now());
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_job_retry, &in.base, &out.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, "ID",
                         "no job %lld was given up (chancery jobs --dead)", (long long)in.id);
    fprintf(r->out, "job %lld runs again\n", (long long)out.id);
    return true;
}
