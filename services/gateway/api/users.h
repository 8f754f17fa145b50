/* users - the service Users: persons and service users of an account. */
#ifndef API_USERS_H
#define API_USERS_H

#include "route.h"
#include "user.pb-c.h"

extern Users_Service users_service;
extern const struct route user_routes[];

/* One of the caller's account, or FAULT_NO_USER. */
bool user_find(struct call *call, int64_t user_id, UserRow *out);

#endif
