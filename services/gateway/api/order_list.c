#include "api/order_list.h"

#include <string.h>

#include "api/list_product.h"
#include "api/order_list.sql.h"
#include "ledger/policy.h"
#include "list_csv.h"
#include "list_note.h"
#include "message/convert.h"
#include "statement.h"
#include "store/store.h"

// clang-format off
static const char *const statuses[] = {
    "pending", "needs_approval", "processing", "issued", "rejected", "revoked", "canceled", "expired",
    "waiting_pickup", "reissue_pending", "needs_csr", NULL,
};
/* Those that an order does not stay in: all of them are asked for with the part `open`. */
static const char *const open_statuses[] = {
    "pending", "needs_approval", "processing", "waiting_pickup", "reissue_pending", "needs_csr", NULL,
};
static const char *const origins[] = { "certcentral", "migrated", NULL };
// clang-format on

static bool is_one_of(const char *const *words, const char *word)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words;
}

/* ---- filters of its own kind */

static bool read_status(struct list_input *r, const char *value)
{
    const OrderQuery *q = (const OrderQuery *)r->query;
    return list_word(r, value) &&
           (strcmp(q->status[q->n_status - 1], "issued") != 0 || list_set(r, "", "expired"));
}

/* Every order was placed here. */
static bool read_origin(struct list_input *r, const char *value)
{
    if (!is_one_of(r->filter->words, value))
        return list_refuse(r, "takes certcentral, migrated");
    if (strcmp(value, origins[0]) != 0)
        pick_add(r->parts, "none");
    return true;
}

// clang-format off
static const struct list_filter filters[] = {
    { "id",                            list_number },
    { "status",                        read_status, .words = statuses },
    { "organization_id",               list_none },
    { "product_name_id",               list_product_name },
    { "product_type",                  list_product_type },
    { "valid_till",                    list_instant, .within = "valid_till" },
    { "user_id",                       list_number },
    { "common_name",                   list_dns_name },
    { "domain_name",                   list_dns_name },
    { "date_created",                  list_instant },
    { "container_id",                  list_number },
    { "metadata_id",                   list_none },
    { "is_renewed",                    list_flag },
    { "disable_renewal_notifications", list_flag },
    { "email",                         list_name },
    { "certificate_id",                list_number },
    { "origin",                        read_origin, .words = origins },
    { "serial_number",                 list_hex },
    { "search",                        list_name },
    { 0 },
};
// clang-format on

/* ---- the list */

struct order_list {
    struct call *call;
    OrderQuery query;
    struct pick parts, order;
    struct list_page page;
    struct list_walk walk;
    bool open; /* nothing but statuses that orders do not stay in */
};

/* Who asks for few statuses looks among the few orders that can have them. */
static void narrow(struct order_list *l)
{
    bool open = l->query.n_status > 0, apart = open;
    for (size_t i = 0; i < l->query.n_status; i++) {
        open = open && is_one_of(open_statuses, l->query.status[i]);
        apart = apart && strcmp(l->query.status[i], "issued") != 0;
    }
    l->open = open;
    if (apart && !open)
        pick_add(&l->parts, "apart");
}

static bool read(struct order_list *l, const OrderListRequest *in)
{
    struct call *call = l->call;
    order_query__init(&l->query);
    if (!list_page(call, &in->base, 0, &l->page) ||
        !list_read(call, filters, in->filters ? &in->filters->base : NULL, &l->query.base,
                   &l->parts) ||
        !list_sort(call, &sql_order_list, in->sort, &l->order))
        return false;
    narrow(l);
    return true;
}

/* Where nothing is asked, or nothing but a status, most of it has been counted. */
static const struct sql *total_sql(const struct order_list *l)
{
    bool all = l->parts.count == 0;
    bool one_status = l->parts.count == 1 && pick_has(&l->parts, "status");
    if (one_status && l->open)
        return &sql_order_total_open;
    return all || one_status ? &sql_order_total : &sql_order_count;
}

static bool count(struct order_list *l)
{
    struct arena *a = &l->call->arena;
    struct pick parts = l->parts;
    const struct sql *sql = total_sql(l);
    ListTotal total = LIST_TOTAL__INIT;
    if (l->open && sql == &sql_order_count)
        pick_add(&parts, "open");
    if (!statement_one(l->call, pick_sql(a, sql, &parts), &l->query.base, &total.base))
        return false;
    list_walk_begin(l->call, &l->walk, &total);
    return true;
}

/* The page's own members of the query, which are no part of what the walk is known by. */
static void place(struct order_list *l)
{
    OrderQuery *q = &l->query;
    q->settled = l->walk.note.settled;
    q->seen = l->walk.note.seen;
    q->has_limit = q->has_offset = true;
    q->limit = l->page.limit;
    q->offset = l->page.offset;
    if (!l->walk.behind)
        return;
    pick_add(&l->parts, "after");
    q->offset = 0;
    q->after_at = l->walk.note.after_at;
    q->has_after_id = true;
    q->after_id = l->walk.note.after_id;
}

static bool rows(struct order_list *l, struct rows *out)
{
    struct arena *a = &l->call->arena;
    bool as_placed = l->order.count == 0;
    const struct sql *sql = l->open && as_placed ? &sql_order_list_open : &sql_order_list;
    place(l);
    if (l->open && !as_placed)
        pick_add(&l->parts, "open");
    for (size_t i = 0; i < l->order.count; i++)
        pick_add(&l->parts, l->order.parts[i]);
    return statement_all(l->call, pick_sql(a, sql, &l->parts), &l->query.base, out);
}

static void went(struct order_list *l, const struct rows *rows)
{
    const ListedOrder *last =
        rows->count ? (const ListedOrder *)rows->items[rows->count - 1] : NULL;
    list_walk_went(l->call, &l->walk, &l->page, rows->count,
                   last && l->order.count == 0 ? last->date_created : NULL, last ? last->id : 0);
}

static bool complete(struct order_list *l, const struct rows *rows)
{
    const struct policy *policy;
    if (!policy_now(&policy, &l->call->fault))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        ListedOrder *o = (ListedOrder *)rows->items[i];
        const Product *p = policy_product(policy, o->product_name_id);
        o->product->name = p ? p->name : NULL;
        o->product->type = p ? p->type : NULL;
    }
    return true;
}

static void order_lists_list(OrderLists_Service *self, const OrderListRequest *in,
                             OrderList_Closure answer, void *data)
{
    (void)self;
    struct order_list l = { .call = data };
    struct rows found = { 0 };
    OrderList out = ORDER_LIST__INIT;
    if (!read(&l, in) ||
        (!list_walk_find(l.call, "order", &l.query.base, &l.parts, &l.order, &l.page, &l.walk) &&
         !count(&l)) ||
        !rows(&l, &found) || !complete(&l, &found)) {
        call_fail(l.call);
        return;
    }
    went(&l, &found);
    l.page.shown.total = l.walk.note.total;
    out.page = &l.page.shown;
    out.n_orders = found.count;
    out.orders = (ListedOrder **)(void *)found.items;
    answer(&out, l.call);
}

OrderLists_Service order_lists_service = ORDER_LISTS__INIT(order_lists_);

// clang-format off
const struct route order_list_routes[] = {
    { GET, "/order/certificate",                       WORKER, RPC(order_lists_service, "List"),          "order:read", 200,
      "List orders, as JSON or (Accept: text/csv) as CSV", .shape = list_csv_shape },
    { GET, "/order/certificate/status-changes",        WORKER, RPC(order_lists_service, "StatusChanges"), "order:read", 200,
      "List the orders whose status has changed" },
    { GET, "/order/alternate/{alternative_order_id}",  WORKER, RPC(order_lists_service, "Alternative"),   "order:read", 200,
      "List the orders with an alternative order id" },
    { 0 },
};
// clang-format on
