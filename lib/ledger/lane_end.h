/* lane_end - what the two files of the lane runner share: lane.c takes and runs, lane_end.c ends.
 * Nobody else includes this. */
#ifndef LEDGER_LANE_END_H
#define LEDGER_LANE_END_H

#include "ledger/lane.h"
#include "store/committer.h"

struct committer *lanes_committer(struct lanes *l);

/* Says to whoever counts what became of the item. */
void lane_tell(const struct lane_item *item, JobOutcome__Result result);

/* Nothing of the item is left afterwards; its place under way is free. */
void lane_item_free(struct lane_item *item);

/* Deletes the job and keeps its story in job_dead: a task for an operator. */
void lane_bury(struct lane_item *item, int64_t epoch, const char *story);

#endif
