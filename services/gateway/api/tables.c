#include "api/tables.h"

#include "api/accounts.h"
#include "api/certificates.h"
#include "api/notes.h"
#include "api/order_contacts.h"
#include "api/order_domains.h"
#include "api/order_validation.h"
#include "api/orders.h"
#include "api/products.h"
#include "api/requests.h"
#include "api/webhooks.h"

const struct route *const api_tables[] = {
    order_routes,         order_domain_routes,     request_routes, certificate_routes,
    product_routes,       account_routes,          webhook_routes, note_routes,
    order_contact_routes, order_validation_routes, NULL,
};
