/* calendar - what happens again and again: a table of cadences, each the lane of one job that puts
 * itself back. Any number of schedulers keep the same calendar: whoever claims the job does it. */
#ifndef SCHEDULER_CALENDAR_H
#define SCHEDULER_CALENDAR_H

#include "ledger/lane.h"

/* `options` are borrowed for as long as the process lives. */
void calendar_open(const struct store_options *options);

/* A health check: every cadence has its job. One that is missing, as in a new database, is put in.
 */
bool calendar_kept(void *context, struct fault *f);

/* Runs the cadence of the batch's lane. */
void calendar_run(struct lane_batch *batch);

#endif
