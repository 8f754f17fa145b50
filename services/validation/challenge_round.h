/* challenge_round - the round of a challenge whose names are looked for: what the lane's job asks for, as a
 * round, and the statement that fences, stores and decides what comes next.
 */
#ifndef VALIDATION_CHALLENGE_ROUND_H
#define VALIDATION_CHALLENGE_ROUND_H

#include "ledger/lane.h"
#include "validation.pb-c.h"

/* Takes the item over; ends it once, then or later. Copies the challenge. On a worker. */
void challenge_round_begin(struct lane_item *item, const OpenChallenge *challenge);

#endif
