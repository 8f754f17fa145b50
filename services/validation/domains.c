#include "domains.h"

#include <string.h>

#include "base/log.h"
#include "domains.sql.h"
#include "emails.h"
#include "gate.h"
#include "message/field.h"
#include "round.h"
#include "testing/point.h"
#include "validation.h"

static bool challenges_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    ChallengeIds in = CHALLENGE_IDS__INIT;
    in.ids = arena_array(batch->arena, int64_t, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        in.ids[in.n_ids++] = batch->items[i]->job->subject;
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

/* A policy that does not say how often to look is a fault of ours: it is reported, not guessed. Of
 * what is not looked for any more nothing needs to be said. */
static bool cadence_of(const OpenChallenge *challenge, struct cadence *out, struct fault *f)
{
    *out = (struct cadence){ 0 };
    return challenge->n_places == 0 ||
           (challenge->cadence && cadence_read(challenge->cadence, out)) ||
           fault_set(f, FAULT_INTERNAL, "dcv.poll", "no rule says when challenge %lld is checked",
                     (long long)challenge->challenge_id);
}

/* It fails alone: a process of the release that has written it will do it. */
static bool method_known(const OpenChallenge *challenge, struct fault *f)
{
    return challenge->has_method || challenge->n_places == 0 ||
           fault_set(f, FAULT_INTERNAL, "method", "challenge %lld has a method of another release",
                     (long long)challenge->challenge_id);
}

static void item_run(struct lane_item *item, const OpenChallenge *challenge)
{
    struct cadence cadence;
    struct fault f = { 0 };
    if (!challenge)
        lane_end(item, JOB_OUTCOME__RESULT__DONE);
    else if (challenge->has_method && challenge->method == DCV_METHOD__VALUE__EMAIL)
        emails_round(item, challenge);
    else if (!method_known(challenge, &f) || !cadence_of(challenge, &cadence, &f))
        lane_fail(item, &f);
    else if (!gate_enter())
        lane_again(item, clock_now(), false);
    else
        round_begin(item, (const OpenChallenge *)message_copy(&item->arena, &challenge->base),
                    &cadence);
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
