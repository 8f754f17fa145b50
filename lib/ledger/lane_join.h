/* lane_join - who asks for a job that is under way in this process waits for its end with whoever asked
 * before him: to both it is the answer. One of another process is out of reach: he is told so at once.
 */
#ifndef LEDGER_LANE_JOIN_H
#define LEDGER_LANE_JOIN_H

#include "ledger/lane.h"

/* From when it has its place until it ends. Whoever waits for an item that is GONE waits from then on for
 * another one of its job, if there is one here. */
void lane_enter(struct lane_item *item);
void lane_leave(struct lane_item *item, JobOutcome__Result result);

/* Tells all who wait for it; it has left. */
void lane_answer(struct lane_item *item, const JobOutcome *outcome);

/* Instead of both, of one that never ran: its own caller is told by whoever has put it. */
void lane_turn_away(struct lane_item *item);

#endif
