/* ct_round - lane ct: shows a precertificate to logs (RFC 6962) until it has as many timestamps as the rules of the day ask for.
 *
 * Which logs there are and how many it takes is the policy's (ledger/transparency.h). No thread and no database
 * connection waits for a log: a run reads what is open and begins the searches (ct_search.h); the last answer, on the submitter's
 * thread, hands what came to the committer, whose one statement fences, stores and decides what comes next. What a log
 * has promised is kept whatever becomes of the round.
 */
#ifndef VALIDATION_CT_ROUND_H
#define VALIDATION_CT_ROUND_H

#include "ledger/lane.h"

void ct_run(struct lane_batch *batch);

#endif
