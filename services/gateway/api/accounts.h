/* accounts - what orders need to know of their account, kept in memory for five seconds. */
#ifndef API_ACCOUNTS_H
#define API_ACCOUNTS_H

#include "base/fault.h"
#include "order.pb-c.h"

struct account_settings {
    int64_t account_id, container_id;
    DcvScope__Value dcv_scope;
};

/* On a worker. */
bool account_settings(int64_t account_id, struct account_settings *out, struct fault *f);

#endif
