/* order_domains - the service OrderDomains: domain control validation of one order. */
#ifndef API_ORDER_DOMAINS_H
#define API_ORDER_DOMAINS_H

#include "order.pb-c.h"
#include "route.h"

extern OrderDomains_Service order_domains_service;
extern const struct route order_domain_routes[];

#endif
