/* request_list - the service RequestLists: many requests, or one with all that is known of it. */
#ifndef API_REQUEST_LIST_H
#define API_REQUEST_LIST_H

#include "request.pb-c.h"
#include "route.h"

extern RequestLists_Service request_lists_service;
extern const struct route request_list_routes[];

#endif
