/* watch - what every service counts of itself, whatever it does: its lanes, its connections to the
 * database, the peers it finds on the bus. */
#ifndef SERVICE_WATCH_H
#define SERVICE_WATCH_H

#include "service/service.h"

/* Once bus and lanes run; metrics_ask_nobody() ends it. */
void watch_begin(struct service_run *run);

/* For lanes_options.ended. */
void watch_lane_ended(const struct lane_ended *e);

#endif
