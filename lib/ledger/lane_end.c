/* How a job ends: finished, put back, or buried. Each way is one statement, fenced by the lease. */
#include "ledger/lane_end.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ledger/jobs.sql.h"
#include "ledger/lane_join.h"
#include "message/convert.h"

/* Attempts by which an outage's pause is measured at the most. */
enum { OUTAGE_PAUSE = 5 };

void lane_finish(struct lane_item *item, const JobOutcome *outcome)
{
    lane_leave(item, outcome->result);
    lane_tell(item, outcome->result);
    lane_answer(item, outcome);
    lane_item_free(item);
}

void lane_finish_result(struct lane_item *item, JobOutcome__Result result)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;
    outcome.result = result;
    lane_finish(item, &outcome);
}

int64_t *lane_subjects(const struct lane_batch *batch)
{
    int64_t *out = arena_array(batch->arena, int64_t, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        out[i] = batch->items[i]->job->subject;
    return out;
}

/* One statement on its way through the committer; lives in the item's arena. */
struct ending {
    struct commit commit;
    struct lane_item *item;
    JobOutcome__Result result;
    bool outage; /* the job is put back since something was unavailable to it */
};

static void ending_done(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct ending *e = c->context;
    bool gone = !f && rows->count == 0;
    if (gone && e->commit.sql != &sql_job_outlived) {
        lane_gone(e->item);
        return;
    }
    if (f || e->outage) /* only now is it there to be woken */
        lane_outage(e->item, true);
    if (f) {
        e->item->faulty = true;
        log_warn("job could not be put away: its lease will run out",
                 LOG_INT("job_id", e->item->job_id), LOG_FAULT(f));
    }
    lane_finish_result(e->item, f      ? JOB_OUTCOME__RESULT__WAITING
                                : gone ? JOB_OUTCOME__RESULT__GONE
                                       : e->result);
}

static void ending_put_for(struct lane_item *item, const struct sql *sql,
                           const ProtobufCMessage *in, JobOutcome__Result result, bool outage)
{
    struct ending *e = arena_new(&item->arena, struct ending);
    *e = (struct ending){
        .commit = { .sql = sql, .in = in, .key = "id", .done = ending_done, .context = e },
        .item = item,
        .result = result,
        .outage = outage
    };
    struct fault f = { 0 };
    if (!committer_put(lanes_committer(item->lanes), &e->commit, &f))
        ending_done(&e->commit, NULL, &f);
}

static void ending_put(struct lane_item *item, const struct sql *sql, const ProtobufCMessage *in,
                       JobOutcome__Result result)
{
    ending_put_for(item, sql, in, result, false);
}

static JobEnd *job_end_of(struct lane_item *item, int64_t epoch)
{
    JobEnd *end = arena_new(&item->arena, JobEnd);
    job_end__init(end);
    end->id = item->job_id;
    end->epoch = epoch;
    return end;
}

void lane_gone(struct lane_item *item)
{
    if (item->job)
        ending_put(item, &sql_job_outlived, &job_end_of(item, item->job->epoch)->base,
                   JOB_OUTCOME__RESULT__GONE);
    else
        lane_finish_result(item, JOB_OUTCOME__RESULT__GONE);
}

void lane_end(struct lane_item *item, JobOutcome__Result result)
{
    ending_put(item, &sql_job_end, &job_end_of(item, item->job->epoch)->base, result);
}

static JobAgain *job_again_of(struct lane_item *item, struct instant run_at)
{
    JobAgain *in = arena_new(&item->arena, JobAgain);
    job_again__init(in);
    in->id = item->job_id;
    in->epoch = item->job->epoch;
    in->run_at = instant_message(&item->arena, run_at);
    return in;
}

void lane_again(struct lane_item *item, struct instant run_at, bool fresh)
{
    JobAgain *in = job_again_of(item, run_at);
    in->fresh = fresh;
    ending_put(item, &sql_job_again, &in->base, JOB_OUTCOME__RESULT__WAITING);
}

void lane_bury(struct lane_item *item, int64_t epoch, const char *story)
{
    JobEnd *end = job_end_of(item, epoch);
    end->story = arena_strdup(&item->arena, story);
    end->now = instant_message(&item->arena, clock_now());
    end->has_failed = true;
    end->failed = item->job->deaths < LANE_DEATHS;
    item->faulty = true;
    log_context(item->job->traceparent, 0);
    log_error("job given up", LOG_TEXT("lane", item->lane->name), LOG_INT("job_id", item->job_id),
              LOG_INT("subject", item->job->subject), LOG_TEXT("story", story));
    log_context("", 0);
    ending_put(item, &sql_job_bury, &end->base, JOB_OUTCOME__RESULT__FAILED);
}

struct duration lane_pause(int attempt)
{
    static const int64_t pauses[] = { 1, 5, 30, 120, 600, 3600 };
    size_t last = sizeof pauses / sizeof *pauses - 1;
    size_t n = attempt < 1 ? 0 : (size_t)attempt - 1;
    return seconds(pauses[n < last ? n : last]);
}

static void retry(struct lane_item *item, bool outage)
{
    int attempt = item->job->attempt + 1;
    if (outage && attempt > OUTAGE_PAUSE)
        attempt = OUTAGE_PAUSE;
    JobAgain *in = job_again_of(item, instant_add(clock_now(), lane_pause(attempt)));
    in->has_attempt_most = outage && item->lane->attempts;
    in->attempt_most = item->lane->attempts > 3 ? item->lane->attempts / 2 : 1;
    in->failed = true;
    ending_put_for(item, &sql_job_again, &in->base, JOB_OUTCOME__RESULT__WAITING, outage);
}

void lane_fail(struct lane_item *item, const struct fault *f)
{
    const Job *job = item->job;
    bool outage = f->code == FAULT_UNAVAILABLE || f->code == FAULT_TOO_SLOW;
    if (!outage && item->lane->attempts && job->attempt + 1 >= item->lane->attempts) {
        lane_bury(item, job->epoch,
                  arena_format(&item->arena, "%s %s %s", fault_name(f->code), f->field, f->detail));
        return;
    }
    item->faulty = true;
    log_context(job->traceparent, 0);
    log_warn("job failed, will be tried again", LOG_TEXT("lane", item->lane->name),
             LOG_INT("job_id", item->job_id), LOG_INT("subject", job->subject),
             LOG_INT("attempt", job->attempt + 1), LOG_FAULT(f));
    log_context("", 0);
    retry(item, outage);
}
