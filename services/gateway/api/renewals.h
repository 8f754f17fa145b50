/* renewals - an order that renews another (B7): only in the window that policy gives, and once. */
#ifndef API_RENEWALS_H
#define API_RENEWALS_H

#include "bus/call.h"
#include "order.pb-c.h"

/* Whether the order that `row` names may be renewed by this one; true where it names none. Before
 * C1, with the row's idempotency key known. What is left of the old order is added to the new one,
 * unless the customer has named its last day; `now` is the instant from which that one is counted. Each certificate
 * is cut to what policy allows on its day all the same. */
bool renewal_accept(struct call *call, const OrderRequest *in, struct instant now,
                    OrderIntake *row);

/* C1 failed: where another renewal was quicker, the fault says so. */
void renewal_explain(struct fault *f);

#endif
