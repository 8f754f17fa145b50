#include "reuse.h"

#include "reuse.sql.h"
#include "testing/point.h"
#include "validation.h"

/* Of one account, before others have their turn. */
enum { REUSE_ROOM = 200 };

static bool proof_tell(struct lane_item *item, int64_t *looking, struct fault *f)
{
    ProofReuse in = PROOF_REUSE__INIT;
    ProofReused out = PROOF_REUSED__INIT;
    in.challenge_id = item->job->subject;
    in.proved_at = item->job->run_at;
    in.room = REUSE_ROOM;
    in.now = instant_of(&item->arena, clock_now());
    TEST_POINT("validation.reuse.before");
    if (!store_one(store_mine(), &item->arena, &sql_proof_reuse, &in.base, &out.base, f))
        return false;
    TEST_POINT("validation.reuse.committed");
    *looking = out.looking;
    return true;
}

/* Where more wait than there is room for, it goes on at once, and still with what was proved at that time. */
static void item_run(struct lane_item *item)
{
    struct fault f = { 0 };
    int64_t looking = 0;
    if (!proof_tell(item, &looking, &f))
        lane_fail(item, &f);
    else if (looking < REUSE_ROOM)
        lane_end(item, JOB_OUTCOME__RESULT__DONE);
    else
        lane_again(item, (struct instant){ item->job->run_at->us }, true);
}

void reuse_run(struct lane_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        item_run(batch->items[i]);
}
