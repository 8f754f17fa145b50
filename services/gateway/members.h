/* members - the members of a body that the input of a route does not have: they are named (ignored.h).
 */
#ifndef GATEWAY_MEMBERS_H
#define GATEWAY_MEMBERS_H

#include "message/json.h"
#include "route.h"

/* For the reader of the body of a request to `e`. */
struct json_strays members_begin(const struct route_entry *e);

/* Notes what it has found. False, with a fault, when the client wants to be refused then. */
bool members_judge(struct call *call, const struct json_strays *strays);

#endif
