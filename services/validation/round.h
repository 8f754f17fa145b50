/* round - one round of a challenge's probes, from the first question to the commit. */
#ifndef VALIDATION_ROUND_H
#define VALIDATION_ROUND_H

#include "cadence.h"
#include "ledger/lane.h"
#include "validation.pb-c.h"

/* Takes the item over; ends it once, then or later. `challenge` lives in the item's arena. The caller has entered the gate. */
void round_begin(struct lane_item *item, const OpenChallenge *challenge,
                 const struct cadence *cadence);

#endif
