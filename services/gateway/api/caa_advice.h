/* caa_advice - what a customer is told of the CAA records of names that wait for them. */
#ifndef API_CAA_ADVICE_H
#define API_CAA_ADVICE_H

#include "bus/call.h"
#include "order.pb-c.h"

/* What to do (OpenTask.how_to_fix), of each task of kind caa. `rule_scope` is that of the product. */
void caa_advice(struct call *call, const char *rule_scope, OrderInfo *o);

/* The name whose records stand in the way of an order whose names are proved, as a fault: false. True: none does, or
 * nobody has looked yet. */
bool caa_advice_passes(struct call *call, int64_t order_id);

#endif
