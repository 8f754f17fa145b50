#include "api/order_contacts.h"

#include <string.h>

#include "api/order_contacts.sql.h"
#include "api/orders.h"
#include "api/text_rules.h"
#include "common.pb-c.h"
#include "message/json.h"
#include "statement.h"
#include "store/store.h"

/* DV orders have no organization, so none of its contacts (services API 3.13). */
static const char technical[] = "technical_contact";

static bool contact_complete(struct call *call, const OrderContact *c, const char *within)
{
    const struct {
        const char *member, *value;
    } needed[] = {
        { "first_name", c->first_name },
        { "last_name", c->last_name },
        { "email", c->email },
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!*needed[i].value)
            return fault_set(&call->fault, FAULT_REQUIRED,
                             arena_format(&call->arena, "%s%s", within, needed[i].member),
                             "is required");
    return true;
}

static bool contact_good(struct call *call, const OrderContactsRequest *in, size_t i)
{
    const OrderContact *c = in->contacts[i];
    const char *within = arena_format(&call->arena, "contacts[%zu].", i);
    const char *type = arena_format(&call->arena, "%scontact_type", within);
    for (size_t before = 0; before < i; before++)
        if (strcmp(in->contacts[before]->contact_type, c->contact_type) == 0)
            return fault_set(&call->fault, FAULT_CONTACT_TYPE_DUPLICATE, type, "stands twice");
    if (strcmp(c->contact_type, technical) != 0)
        return fault_set(&call->fault, FAULT_INVALID, type, "takes technical_contact");
    return contact_complete(call, c, within) &&
           texts_good(call, &c->base, contact_text_rules, within);
}

static bool acceptable(struct call *call, const OrderContactsRequest *in)
{
    if (in->n_contacts == 0)
        return fault_set(&call->fault, FAULT_REQUIRED, "contacts", "is required");
    for (size_t i = 0; i < in->n_contacts; i++)
        if (!contact_good(call, in, i))
            return false;
    return true;
}

/* As an order's options have it. */
static char *contact_text(struct call *call, const OrderContact *from)
{
    struct text json;
    Contact c = CONTACT__INIT;
    c.first_name = from->first_name;
    c.last_name = from->last_name;
    c.email = from->email;
    c.job_title = from->job_title;
    c.telephone = from->telephone;
    c.telephone_extension = from->telephone_extension;
    text_init(&json, &call->arena);
    message_to_json(&c.base, &json);
    return json.data;
}

static void order_contacts_set(OrderContacts_Service *self, const OrderContactsRequest *in,
                               Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    OrderContactChange change = ORDER_CONTACT_CHANGE__INIT;
    OrderContactSet done = ORDER_CONTACT_SET__INIT;
    Nothing nothing = NOTHING__INIT;
    bool found = false;
    if (!acceptable(call, in)) {
        call_fail(call);
        return;
    }
    change.order_id = in->order_id;
    change.contact = contact_text(call, in->contacts[0]);
    if (statement_maybe(call, &sql_order_contact_set, &change.base, &done.base, &found) &&
        (found || fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order")))
        answer(&nothing, call);
    else
        call_fail(call);
}

OrderContacts_Service order_contacts_service = ORDER_CONTACTS__INIT(order_contacts_);

// clang-format off
const struct route order_contact_routes[] = {
    { PUT, "/order/certificate/{order_id}/contact", WORKER, RPC(order_contacts_service, "Set"), "order:update", 204,
      "Set the technical contact of an order" },
    { 0 },
};
// clang-format on
