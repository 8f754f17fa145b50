/* order_expire - orders that were pending for too long; policy's rule order.pending says how long.
 */
#ifndef SCHEDULER_ORDER_EXPIRE_H
#define SCHEDULER_ORDER_EXPIRE_H

#include "ledger/lane.h"

void order_expire_run(struct lane_batch *batch);

#endif
