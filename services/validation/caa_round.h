/* caa_round - lane caa: looks at the CAA records of a request's names (BR 4.2.2.1, RFC 8659), again and again by rule
 * caa.poll, until all of them let us issue.
 *
 * No thread and no database connection waits for DNS: a run reads what is open, begins the climbs and returns; the
 * last answer, on the resolver's thread, hands what was seen to the committer, whose one statement fences, stores and
 * decides what comes next. Names that were checked within their time are none of it.
 */
#ifndef VALIDATION_CAA_ROUND_H
#define VALIDATION_CAA_ROUND_H

#include "ledger/lane.h"

void caa_run(struct lane_batch *batch);

#endif
