/* chancery order show, list: what became of an order. */
#include <string.h>

#include "cli/orders.sql.h"
#include "commands.h"
#include "listing.h"
#include "message/convert.h"
#include "orders.h"

/* A serial number may have digits alone, too: what is a number of an order goes first. */
static bool order_named(struct command_run *r, OrderAsked *in, struct fault *f)
{
    struct bytes serial;
    const char *word = r->words[0], *plain = hex_plain(&r->arena, word);
    in->has_id = int64_read(word, &in->id);
    in->has_serial = plain && hex_read(&r->arena, plain, &serial);
    if (in->has_serial)
        in->serial = bytes_message(&r->arena, serial);
    return in->has_id || in->has_serial ||
           fault_set(f, FAULT_INVALID, word,
                     "must be the number of an order or a serial number in hexadecimal digits");
}

bool order_find(struct command_run *r, OrderFound *out, struct fault *f)
{
    OrderAsked in = ORDER_ASKED__INIT;
    bool found = false;
    if (!order_named(r, &in, f) || !command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_order_found, &in.base, &out->base, &found, f))
        return false;
    return found || fault_set(f, FAULT_NOT_FOUND, r->words[0],
                              "no order has that number or serial number (chancery order list)");
}

bool order_show_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    OrderFound o = ORDER_FOUND__INIT;
    struct table t;
    if (!order_find(r, &o, f))
        return false;
    table_init(&t, a, 22);
    TABLE_ROW(&t, "ID#", "STATUS", "SINCE", "ACCOUNT#", "ACCOUNT NAME", "USER", "PRODUCT",
              "ALTERNATIVE ID", "PLACED", "VALID TILL", "REQUEST#", "REQUEST TYPE",
              "REQUEST STATUS", "NAMES", "PROVED BY", "KEY TYPE", "AUTHORITY", "CERTIFICATE#",
              "SERIAL", "ISSUED", "NOT AFTER", "LINT WARNINGS");
    TABLE_ROW(&t, listing_number(a, o.id), o.status, listing_time(a, o.status_at),
              listing_number(a, o.account_id), o.account, o.username, o.product_name_id,
              o.alternative_order_id, listing_time(a, o.created_at), listing_time(a, o.valid_till),
              listing_number(a, o.request_id), o.request_type, o.request_status, o.names,
              o.dcv_method, o.key_type, o.authority,
              o.has_certificate_id ? listing_number(a, o.certificate_id) : NULL, o.serial,
              listing_time(a, o.issued_at), listing_time(a, o.not_after), o.lint_warnings);
    listing_print_one(r, &t);
    return true;
}

/* ---- list */

static const char *const statuses[] = { "pending",  "needs_approval", "issued",
                                        "rejected", "canceled",       "expired" };

static bool wanted_read(struct command_run *r, OrdersWanted *in, struct fault *f)
{
    const char *status = command_option(r, "status"), *all = "";
    bool known = !status;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        known = known || strcmp(status, statuses[i]) == 0;
        all = arena_format(&r->arena, i ? "%s, %s" : "%s%s", all, statuses[i]);
    }
    if (!known)
        return fault_set(f, FAULT_INVALID, "--status", "is one of %s, not \"%s\"", all, status);
    in->status = arena_strdup(&r->arena, status);
    return listing_id(r, "account", &in->has_account_id, &in->account_id, f) &&
           listing_limit(r, &in->limit, f);
}

bool order_list_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    OrdersWanted in = ORDERS_WANTED__INIT;
    struct table t;
    struct rows rows;
    if (!wanted_read(r, &in, f) || !command_store(r, f))
        return false;
    bool few = in.status && strcmp(in.status, "issued") != 0;
    if (!store_all(r->store, a, few ? &sql_orders_unsettled : &sql_orders_newest, &in.base, &rows,
                   f))
        return false;
    table_init(&t, a, 7);
    TABLE_ROW(&t, "ID#", "ACCOUNT#", "STATUS", "PLACED", "NOT AFTER", "PRODUCT", "NAMES");
    for (size_t i = 0; i < rows.count; i++) {
        const OrderListed *o = (const OrderListed *)rows.items[i];
        TABLE_ROW(&t, listing_number(a, o->id), listing_number(a, o->account_id), o->status,
                  listing_time(a, o->created_at), listing_time(a, o->not_after), o->product_name_id,
                  o->names);
    }
    listing_print(r, &t, "no such order", in.limit);
    return true;
}
