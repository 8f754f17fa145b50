/* lane_end - what lane.c, which takes and runs, and lane_end.c, which ends, share. wake.c gives back.
 * Nobody else includes this. */
#ifndef LEDGER_LANE_END_H
#define LEDGER_LANE_END_H

#include "ledger/lane.h"
#include "store/committer.h"

struct committer *lanes_committer(struct lanes *l);

/* Says to whoever counts what became of the item. */
void lane_tell(const struct lane_item *item, JobOutcome__Result result);

/* What the item needs was unavailable to it, or is there. */
void lane_outage(const struct lane_item *item, bool begins);

/* Nothing of the item is left afterwards; its place under way is free. */
void lane_item_free(struct lane_item *item);

/* Gives back the leases that this process still holds. A lane that claims by itself may have gone
 * further than its lease: there it runs out. */
void lanes_release(const struct lanes_options *o);

/* Deletes the job and keeps its story in job_dead: a task for an operator. */
void lane_bury(struct lane_item *item, int64_t epoch, const char *story);

#endif
