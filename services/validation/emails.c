#include "emails.h"

#include "emails.sql.h"
#include "service/metrics.h"
#include "testing/point.h"
#include "validation.h"

/* More than these are left to the notifier's own poll. */
enum { MAIL_HINTS = 32 };

static void hint(const struct lane_item *item, const char *lane, int64_t job_id)
{
    if (validation.run)
        job_hint(validation.run->bus, lane, job_id, item->job->traceparent);
}

static void rounded(struct lane_item *item, const EmailRounded *to)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;
    outcome.result = to->waiting ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__DONE;
    for (size_t i = 0; i < to->n_mail_job_ids && i < MAIL_HINTS; i++)
        hint(item, "mail", to->mail_job_ids[i]);
    if (to->has_job_id) {
        outcome.has_next_job_id = true;
        outcome.next_job_id = to->job_id;
        outcome.next_lane = to->lane;
        if (!item->waiter) /* who waits for this job runs the next one */
            hint(item, to->lane, to->job_id);
    }
    lane_finish(item, &outcome);
}

void emails_round(struct lane_item *item, const OpenChallenge *challenge)
{
    EmailRound in = EMAIL_ROUND__INIT;
    EmailRounded out = EMAIL_ROUNDED__INIT;
    struct fault f = { 0 };
    bool found = false;
    in.job_id = item->job_id;
    in.job_epoch = item->job->epoch;
    in.challenge_id = challenge->challenge_id;
    in.poll_from = challenge->poll_from;
    in.now = instant_of(&item->arena, clock_now());
    TEST_POINT("validation.email.round.before");
    if (!store_maybe(store_mine(), &item->arena, &sql_email_round, &in.base, &out.base, &found,
                     &f)) {
        lane_fail(item, &f); /* what took effect all the same has ended the job */
        return;
    }
    TEST_POINT("validation.email.round.committed");
    if (found)
        rounded(item, &out);
    else
        lane_gone(item);
}
