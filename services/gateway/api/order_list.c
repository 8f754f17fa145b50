#include "api/order_list.h"

#include <string.h>

#include "actor.h"
#include "api/order_list.sql.h"
#include "csv.h"
#include "ledger/policy.h"
#include "list_note.h"
#include "message/convert.h"
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

static bool read_status(struct list_reading *r, const char *value)
{
    const OrderQuery *q = (const OrderQuery *)r->query;
    return list_word(r, value) &&
           (strcmp(q->status[q->n_status - 1], "issued") != 0 || list_set(r, "", "expired"));
}

/* Every order was placed here. */
static bool read_origin(struct list_reading *r, const char *value)
{
    if (!is_one_of(r->filter->words, value))
        return list_refuse(r, "takes certcentral, migrated");
    if (strcmp(value, origins[0]) != 0)
        pick_add(r->parts, "none");
    return true;
}

/* The names of the products of that type. */
static bool read_product_type(struct list_reading *r, const char *value)
{
    const struct policy *policy;
    bool some = false;
    if (!policy_now(&policy, &r->call->fault))
        return false;
    for (size_t i = 0; i < policy->product_count; i++) {
        if (strcmp(policy->products[i]->type, value) != 0)
            continue;
        some = true;
        if (!list_set(r, "", policy->products[i]->name_id))
            return false;
    }
    return some || list_set(r, "", value);
}

// clang-format off
static const struct list_filter filters[] = {
    { "id",                            list_number },
    { "status",                        read_status, .words = statuses },
    { "organization_id",               list_none },
    { "product_name_id",               list_name },
    { "product_type",                  read_product_type },
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

struct listing {
    struct call *call;
    OrderQuery query;
    struct pick parts, order;
    struct list_page page;
    struct list_walk walk;
};

/* Who asks for few statuses looks among the few orders that can have them. */
static void narrow(struct listing *l)
{
    bool open = l->query.n_status > 0, apart = open;
    for (size_t i = 0; i < l->query.n_status; i++) {
        open = open && is_one_of(open_statuses, l->query.status[i]);
        apart = apart && strcmp(l->query.status[i], "issued") != 0;
    }
    if (open)
        pick_add(&l->parts, "open");
    else if (apart)
        pick_add(&l->parts, "apart");
}

static bool read(struct listing *l, const OrderListRequest *in)
{
    struct call *call = l->call;
    order_query__init(&l->query);
    l->query.has_account_id = true;
    l->query.account_id = call->actor.account_id;
    if (!list_page(call, &in->base, 0, &l->page) ||
        !list_read(call, filters, in->filters ? &in->filters->base : NULL, &l->query.base,
                   &l->parts) ||
        !list_sort(call, &sql_order_list, in->sort, &l->order))
        return false;
    narrow(l);
    return true;
}

/* Nothing is asked, or nothing but a status that nearly every order has. */
static bool is_tallied(const struct listing *l)
{
    return l->parts.count == 0 || (l->parts.count == 1 && pick_has(&l->parts, "status"));
}

static bool count(struct listing *l)
{
    struct arena *a = &l->call->arena;
    const struct sql *sql = is_tallied(l) ? &sql_order_total : &sql_order_count;
    ListTotal total = LIST_TOTAL__INIT;
    if (!store_one(store_mine(), a, pick_sql(a, sql, &l->parts), &l->query.base, &total.base,
                   &l->call->fault))
        return false;
    list_walk_begin(l->call, &l->walk, &total);
    return true;
}

/* The page's own members of the query, which are no part of what the walk is known by. */
static void place(struct listing *l)
{
    OrderQuery *q = &l->query;
    q->now = instant_message(&l->call->arena, clock_now());
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

static bool rows(struct listing *l, struct rows *out)
{
    struct arena *a = &l->call->arena;
    place(l);
    for (size_t i = 0; i < l->order.count; i++)
        pick_add(&l->parts, l->order.parts[i]);
    return store_all(store_mine(), a, pick_sql(a, &sql_order_list, &l->parts), &l->query.base, out,
                     &l->call->fault);
}

static void went(struct listing *l, const struct rows *rows)
{
    const ListedOrder *last =
        rows->count ? (const ListedOrder *)rows->items[rows->count - 1] : NULL;
    list_walk_went(l->call, &l->walk, &l->page, rows->count,
                   last && l->order.count == 0 ? last->date_created : NULL, last ? last->id : 0);
}

static bool complete(struct listing *l, const struct rows *rows)
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
    struct listing l = { .call = data };
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

/* ---- orders that changed their status */

enum { WINDOW_MINUTES = 7 * 24 * 60 };

static bool too_long(struct call *call, const char *field)
{
    return fault_set(&call->fault, FAULT_TIME_FRAME, field, "may not be longer than seven days");
}

/* So many minutes and seconds up to now. */
static bool window_recent(struct call *call, const StatusChangesRequest *in, StatusChangesQuery *q)
{
    struct instant now = clock_now();
    if (in->minutes < 0 || in->seconds < 0)
        return fault_set(&call->fault, FAULT_INVALID, in->minutes < 0 ? "minutes" : "seconds",
                         "must not be negative");
    if (in->minutes > WINDOW_MINUTES || in->seconds > WINDOW_MINUTES * 60 ||
        in->minutes * 60 + in->seconds > WINDOW_MINUTES * 60)
        return too_long(call, in->minutes ? "minutes" : "seconds");
    q->from =
        instant_message(&call->arena, instant_add(now, seconds(-(in->minutes * 60 + in->seconds))));
    q->to = instant_message(&call->arena, now);
    return true;
}

/* The filter's times are of Mountain Daylight Time, which is UTC-6 the year round. */
#define MOUNTAIN_DAYLIGHT seconds(6 * 3600)

static bool window_named(struct call *call, const char *text, StatusChangesQuery *q)
{
    static const char *const fault_field = "filters.status_last_updated";
    char *texts[] = { arena_strdup(&call->arena, text) };
    OrderFilters one = ORDER_FILTERS__INIT;
    OrderQuery read = ORDER_QUERY__INIT;
    struct pick ignored = { 0 };
    static const struct list_filter dates[] = { { "date_created", list_instant }, { 0 } };
    one.date_created = texts;
    one.n_date_created = 1;
    if (!list_read(call, dates, &one.base, &read.base, &ignored))
        return fault_set(&call->fault, FAULT_INVALID, fault_field,
                         "must be like 2024-10-15...2024-10-16+10:20:30");
    if (!read.date_created_from || !read.date_created_to)
        return fault_set(&call->fault, FAULT_INVALID, fault_field, "needs a beginning and an end");
    if (read.date_created_to->us - read.date_created_from->us >
        days(7).us + days(1).us) /* both days count */
        return too_long(call, fault_field);
    q->from = read.date_created_from;
    q->to = read.date_created_to;
    q->from->us += MOUNTAIN_DAYLIGHT.us;
    q->to->us += MOUNTAIN_DAYLIGHT.us - 1;
    return true;
}

static bool window(struct call *call, const StatusChangesRequest *in, StatusChangesQuery *q)
{
    bool recent = in->has_minutes || in->has_seconds;
    if (!recent && !(in->filters && in->filters->status_last_updated))
        return fault_set(&call->fault, FAULT_REQUIRED, "minutes",
                         "or seconds or filters[status_last_updated] is required");
    return recent ? window_recent(call, in, q)
                  : window_named(call, in->filters->status_last_updated, q);
}

/* Takes the orders out of their rows; the total is in each. */
static OrderStatus **statuses_of(struct call *call, const struct rows *rows, int64_t *total)
{
    OrderStatus **out = arena_array(&call->arena, OrderStatus *, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        const CountedOrder *row = (const CountedOrder *)rows->items[i];
        out[i] = row->order;
        *total = row->total;
    }
    return out;
}

static void order_lists_status_changes(OrderLists_Service *self, const StatusChangesRequest *in,
                                       StatusChangeList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct list_page page;
    struct rows rows = { 0 };
    StatusChangesQuery q = STATUS_CHANGES_QUERY__INIT;
    StatusChangeList out = STATUS_CHANGE_LIST__INIT;
    q.account_id = call->actor.account_id;
    bool good = list_page(call, &in->base, LIST_LIMIT, &page) && window(call, in, &q);
    q.limit = good ? page.limit : 0;
    q.offset = good ? page.offset : 0;
    if (!good || !store_all(store_mine(), &call->arena, &sql_order_status_changes, &q.base, &rows,
                            &call->fault)) {
        call_fail(call);
        return;
    }
    if (rows.count) {
        out.orders = statuses_of(call, &rows, &page.shown.total);
        out.n_orders = rows.count;
        out.page = &page.shown;
    }
    answer(&out, call);
}

/* ---- by the customer's own id */

static bool alternatives(struct call *call, AlternativeRequest q, struct list_page *page,
                         AlternativeList *out)
{
    struct rows rows = { 0 };
    if (!store_all(store_mine(), &call->arena, &sql_orders_alternative, &q.base, &rows,
                   &call->fault))
        return false;
    out->orders = statuses_of(call, &rows, &page->shown.total);
    out->n_orders = rows.count;
    if (rows.count || q.offset == 0)
        return true;
    /* Behind the last order no row says how many there are. */
    q.offset = 0;
    q.limit = 1;
    if (!store_all(store_mine(), &call->arena, &sql_orders_alternative, &q.base, &rows,
                   &call->fault))
        return false;
    statuses_of(call, &rows, &page->shown.total);
    return true;
}

static void order_lists_alternative(OrderLists_Service *self, const AlternativeRequest *in,
                                    AlternativeList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct list_page page;
    AlternativeRequest q = *in;
    AlternativeList out = ALTERNATIVE_LIST__INIT;
    if (!list_page(call, &in->base, LIST_LIMIT, &page)) {
        call_fail(call);
        return;
    }
    q.has_limit = q.has_offset = true;
    q.limit = page.limit;
    q.offset = page.offset;
    if (!alternatives(call, q, &page, &out)) {
        call_fail(call);
        return;
    }
    if (page.shown.total == 0) {
        fault_set(&call->fault, FAULT_NO_ORDER, "alternative_order_id", "there is no such order");
        call_fail(call);
        return;
    }
    out.page = &page.shown;
    answer(&out, call);
}

OrderLists_Service order_lists_service = ORDER_LISTS__INIT(order_lists_);

// clang-format off
const struct route order_list_routes[] = {
    { GET, "/order/certificate",                       WORKER, RPC(order_lists_service, "List"),          "order:read", 200,
      "List orders, as JSON or (Accept: text/csv) as CSV", .shape = csv_shape },
    { GET, "/order/certificate/status-changes",        WORKER, RPC(order_lists_service, "StatusChanges"), "order:read", 200,
      "List the orders whose status has changed" },
    { GET, "/order/alternate/{alternative_order_id}",  WORKER, RPC(order_lists_service, "Alternative"),   "order:read", 200,
      "List the orders with an alternative order id" },
    { 0 },
};
// clang-format on
