/* order_contacts - the service OrderContacts: whom to talk to about one order. */
#ifndef API_ORDER_CONTACTS_H
#define API_ORDER_CONTACTS_H

#include "order_contact.pb-c.h"
#include "route.h"

extern OrderContacts_Service order_contacts_service;
extern const struct route order_contact_routes[];

#endif
