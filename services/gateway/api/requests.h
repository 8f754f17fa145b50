/* requests - the service Requests: approving and rejecting. */
#ifndef API_REQUESTS_H
#define API_REQUESTS_H

#include "order.pb-c.h"
#include "route.h"

extern Requests_Service requests_service;
extern const struct route request_routes[];

#endif
