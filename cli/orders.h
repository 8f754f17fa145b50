/* orders - an order as an operator names it: by its number, or by the serial number of an attempt for it. */
#ifndef CLI_ORDERS_H
#define CLI_ORDERS_H

#include "command.h"
#include "order.pb-c.h"

/* That the first word of the command names. Into `out`, which is initialised. */
bool order_find(struct command_run *r, OrderFound *out, struct fault *f);

#endif
