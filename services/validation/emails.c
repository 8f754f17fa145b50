#include "emails.h"

#include "emails.sql.h"
#include "round_end.h"
#include "service/metrics.h"
#include "testing/point.h"
#include "validation.h"

/* More than these are left to the notifier's own poll. */
enum { MAIL_HINTS = 32 };

static void rounded(struct lane_item *item, const EmailRounded *to)
{
    RoundAdvanced advanced = ROUND_ADVANCED__INIT;
    for (size_t i = 0; validation.run && i < to->n_mail_job_ids && i < MAIL_HINTS; i++)
        job_hint(validation.run->bus, "mail", to->mail_job_ids[i], item->job->traceparent);
    advanced.waiting = to->waiting;
    advanced.has_job_id = to->has_job_id;
    advanced.job_id = to->job_id;
    advanced.lane = to->lane;
    round_end_tell(item, &advanced);
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
