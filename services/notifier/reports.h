/* reports - the lane `report`: a job tells one address of what its CAA records have forbidden, by mail or by https.
 * What could not be told in three days is left.
 */
#ifndef NOTIFIER_REPORTS_H
#define NOTIFIER_REPORTS_H

#include "ledger/lane.h"
#include "notifier.h"

void reports_run(struct lane_batch *batch);

#endif
