/* dcv_advice - what the gateway knows of each method of domain control: where a name is proved by it,
 * which names it takes, what to tell the customer.
 */
#ifndef API_DCV_ADVICE_H
#define API_DCV_ADVICE_H

#include "bus/call.h"
#include "ledger/policy.h"
#include "order.pb-c.h"
#include "product.pb-c.h"

/* Does the product (NULL: no) offer it? Faults name dcv_method. */
bool dcv_advice_offered(struct call *call, const Product *p, DcvMethod__Value method);

/* May it prove anything then, below the product's authorities? Faults name dcv_method. */
bool dcv_advice_permitted(struct call *call, const struct policy *policy, const Product *p,
                          DcvMethod__Value method, struct instant then);

/* Can it prove the names? `wildcard` is one of them, NULL when there is none. */
bool dcv_advice_takes(struct call *call, DcvMethod__Value method, const char *wildcard);

/* Where the name is proved: its authorization domain name (BR 1.6.1, 3.2.2.4). */
const char *dcv_advice_place(DcvMethod__Value method, const OrderName *name);

/* What to say of a name whose proof was not found, and whether a check of it then fails. */
enum fault_code dcv_advice_missing(DcvMethod__Value method);
bool dcv_advice_check_fails(DcvMethod__Value method);

/* What the customer has to do, in words. `value` is NULL while the order has none. */
char *dcv_advice_fix(struct arena *a, DcvMethod__Value method, const char *domain,
                     const char *value);

#endif
