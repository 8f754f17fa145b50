/* order_list - the service OrderLists: many orders at once. */
#ifndef API_ORDER_LIST_H
#define API_ORDER_LIST_H

#include "order_list.pb-c.h"
#include "route.h"

extern OrderLists_Service order_lists_service;
extern const struct route order_list_routes[];

#endif
