/* domains - lane dcv: looks for the proofs of what a challenge asks for, again and again by
 * rule dcv.poll, until nothing is left of it.
 *
 * No thread and no database connection waits for DNS: a run reads what is open, starts the probes
 * and returns; the last probe of a challenge, on the resolver's thread, hands the round to the
 * committer, whose one statement fences, stores and decides what comes next.
 */
#ifndef VALIDATION_DOMAINS_H
#define VALIDATION_DOMAINS_H

#include "ledger/lane.h"

void domains_run(struct lane_batch *batch);

#endif
