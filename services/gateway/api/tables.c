#include "api/tables.h"

#include "api/accounts.h"
#include "api/certificates.h"
#include "api/containers.h"
#include "api/emails.h"
#include "api/events.h"
#include "api/keys.h"
#include "api/notes.h"
#include "api/order_contacts.h"
#include "api/order_domains.h"
#include "api/order_list.h"
#include "api/order_validation.h"
#include "api/orders.h"
#include "api/products.h"
#include "api/request_list.h"
#include "api/requests.h"
#include "api/users.h"
#include "api/webhooks.h"

// clang-format off
const struct route *const api_tables[] = {
    order_routes,
    order_domain_routes,
    order_email_routes,
    order_contact_routes,
    order_validation_routes,
    request_routes,
    certificate_routes,
    product_routes,
    account_routes,
    webhook_routes,
    note_routes,
    user_routes,
    key_routes,
    container_routes,
    event_routes,
    order_list_routes,
    request_list_routes,
    NULL,
};
// clang-format on
