/* orders - the service Orders: placing an order (orders.c), reading and changing one (order.c). */
#ifndef API_ORDERS_H
#define API_ORDERS_H

#include "order.pb-c.h"
#include "route.h"

extern Orders_Service orders_service;
extern const struct route order_routes[];

/* order.c */
void orders_info(Orders_Service *self, const OrderRef *in, OrderInfo_Closure answer, void *data);
void orders_set_status(Orders_Service *self, const OrderStatusChange *in, Nothing_Closure answer,
                       void *data);
void orders_set_ct_status(Orders_Service *self, const CtStatusRequest *in, Nothing_Closure answer,
                          void *data);

/* All that is shown of an order of the caller's account; FAULT_NO_ORDER when there is none. */
bool order_info_read(struct call *call, int64_t order_id, OrderInfo *out);

#endif
