/* reuse - lane reuse: a proof serves all requests of its account (BR 4.2.1), whichever it was made for. Those
 * that wait for one of its names have it looked up, as if their own round were due.
 *
 * The job is put by whoever stores the proof, in the same transaction, and run after that: it sees what
 * they saw, and however many wait, the round that proved the name does not.
 */
#ifndef VALIDATION_REUSE_H
#define VALIDATION_REUSE_H

#include "ledger/lane.h"

void reuse_run(struct lane_batch *batch);

#endif
