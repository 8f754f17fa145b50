/* Lists with one line an order: those whose status has changed, and those with an id of the customer's. */
#include "api/order_list.h"
#include "api/order_list.sql.h"
#include "list.h"
#include "message/convert.h"
#include "statement.h"
#include "store/store.h"

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

void order_lists_status_changes(OrderLists_Service *self, const StatusChangesRequest *in,
                                StatusChangeList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct list_page page;
    struct rows rows = { 0 };
    StatusChangesQuery q = STATUS_CHANGES_QUERY__INIT;
    StatusChangeList out = STATUS_CHANGE_LIST__INIT;
    struct pick order = { 0 };
    bool good = list_page(call, &in->base, LIST_LIMIT, &page) && window(call, in, &q) &&
                list_sort(call, &sql_order_status_changes, in->sort, &order);
    q.limit = good ? page.limit : 0;
    q.offset = good ? page.offset : 0;
    if (!good || !statement_all(call, pick_sql(&call->arena, &sql_order_status_changes, &order),
                                &q.base, &rows)) {
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
    struct pick order = { 0 };
    if (!list_sort(call, &sql_orders_alternative, q.sort, &order))
        return false;
    const struct sql *sql = pick_sql(&call->arena, &sql_orders_alternative, &order);
    if (!statement_all(call, sql, &q.base, &rows))
        return false;
    out->orders = statuses_of(call, &rows, &page->shown.total);
    out->n_orders = rows.count;
    if (rows.count || q.offset == 0)
        return true;
    /* Behind the last order no row says how many there are. */
    q.offset = 0;
    q.limit = 1;
    if (!statement_all(call, sql, &q.base, &rows))
        return false;
    statuses_of(call, &rows, &page->shown.total);
    return true;
}

void order_lists_alternative(OrderLists_Service *self, const AlternativeRequest *in,
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
