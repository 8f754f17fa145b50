/* intake - a request for an order, examined: everything that can be refused is refused here, before
 * anything is stored, and what is accepted becomes the row that C1 commits.
 */
#ifndef API_INTAKE_H
#define API_INTAKE_H

#include "base/clock.h"
#include "bus/call.h"
#include "order.pb-c.h"
#include "product.pb-c.h"

struct intake {
    OrderIntake *row;       /* all but order_id and idempotency, in the call's arena */
    const Product *product; /* lives as long as the process */
    bool auth_key;          /* request tokens are looked for first */
    struct instant now; /* of the examination: all that is counted in days begins with this one */
};

/* Faults name the member as the client wrote it. On a worker. */
bool intake_examine(struct call *call, const OrderRequest *in, struct intake *out);

#endif
