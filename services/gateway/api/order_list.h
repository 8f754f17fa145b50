/* order_list - the service OrderLists: many orders at once. */
#ifndef API_ORDER_LIST_H
#define API_ORDER_LIST_H

#include "order_list.pb-c.h"
#include "route.h"

/* order_status_list.c */
void order_lists_status_changes(OrderLists_Service *self, const StatusChangesRequest *in,
                                StatusChangeList_Closure answer, void *data);
void order_lists_alternative(OrderLists_Service *self, const AlternativeRequest *in,
                             AlternativeList_Closure answer, void *data);

extern OrderLists_Service order_lists_service;
extern const struct route order_list_routes[];

#endif
