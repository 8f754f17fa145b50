/* users - the service Users: persons and service users of an account. */
#ifndef API_USERS_H
#define API_USERS_H

#include "route.h"
#include "user.pb-c.h"

extern Users_Service users_service;
extern const struct route user_routes[];

/* user_list.c. One of the caller's account, or FAULT_NO_USER. */
bool user_find(struct call *call, int64_t user_id, UserRow *out);
User *user_shown(struct call *call, const UserRow *row);

/* Whom the caller may add, as user_insert() stores it; else a fault at the member. */
bool person_read(struct call *call, const UserRequest *in, UserChange *out);
bool user_insert(struct call *call, const UserChange *change, UserMade *out);

#endif
