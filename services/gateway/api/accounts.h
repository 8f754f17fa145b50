/* accounts - the service Accounts, and what orders need to know of their account. */
#ifndef API_ACCOUNTS_H
#define API_ACCOUNTS_H

#include "account.pb-c.h"
#include "bus/call.h"
#include "order.pb-c.h"
#include "route.h"

extern Accounts_Service accounts_service;
extern const struct route account_routes[];

struct account_settings {
    int64_t account_id, container_id;
    DcvScope__Value dcv_scope;
};

/* The caller's, from memory for five seconds. On a worker. */
bool account_settings(struct call *call, struct account_settings *out);

#endif
