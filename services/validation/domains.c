#include "domains.h"

#include "challenge_round.h"
#include "domains.sql.h"
#include "emails.h"
#include "pki/dcv_method.h"
#include "testing/point.h"
#include "validation.h"

/* How a round of a challenge goes, by whom its proof is asked of. */
static void (*const rounds[])(struct lane_item *item, const OpenChallenge *challenge) = {
    [DCV_DNS] = challenge_round_begin,
    [DCV_WEB] = challenge_round_begin,
    [DCV_MAIL] = emails_round,
};

static bool challenges_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    ChallengeIds in = CHALLENGE_IDS__INIT;
    in.ids = lane_subjects(batch);
    in.n_ids = batch->count;
    in.now = instant_of(batch->arena, clock_now());
    return store_all(store_mine(), batch->arena, &sql_challenge_open, &in.base, rows, f);
}

static const OpenChallenge *challenge_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const OpenChallenge *)rows->items[i])->challenge_id == id)
            return (const OpenChallenge *)rows->items[i];
    return NULL;
}

/* One of another release fails alone: a process of the release that has written it will do it. Of what
 * is not looked for any more the method does not matter. */
static bool method_find(const OpenChallenge *challenge, const struct dcv_method **out,
                        struct fault *f)
{
    *out = challenge->has_method ? dcv_method(challenge->method) : NULL;
    return *out || challenge->n_places == 0 ||
           fault_set(f, FAULT_INTERNAL, "method", "challenge %lld has a method of another release",
                     (long long)challenge->challenge_id);
}

static void item_run(struct lane_item *item, const OpenChallenge *challenge)
{
    const struct dcv_method *method;
    struct fault f = { 0 };
    if (!challenge)
        lane_end(item, JOB_OUTCOME__RESULT__DONE);
    else if (!method_find(challenge, &method, &f))
        lane_fail(item, &f);
    else
        rounds[method ? method->transport : DCV_DNS](item, challenge);
}

void domains_run(struct lane_batch *batch)
{
    struct rows rows = { 0 };
    struct fault f = { 0 };
    TEST_POINT("validation.dcv.claimed");
    bool read = challenges_read(batch, &rows, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        if (read)
            item_run(item, challenge_find(&rows, item->job->subject));
        else
            lane_fail(item, &f);
    }
}
