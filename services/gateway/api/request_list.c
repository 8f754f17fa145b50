#include "api/request_list.h"

#include <string.h>

#include "api/orders.h"
#include "api/request_list.sql.h"
#include "ledger/policy.h"
#include "list_csv.h"
#include "list_note.h"
#include "statement.h"
#include "store/store.h"

static const char *const statuses[] = { "submitted", "pending", "approved", "rejected", NULL };

static const struct list_filter filters[] = {
    { "status", list_word, .words = statuses },
    { 0 },
};

/* ---- the list */

struct request_list {
    struct call *call;
    RequestQuery query;
    struct pick parts, order;
    struct list_page page;
    struct list_walk walk;
};

/* ?status= is an older way to say filters[status]=. */
static bool read(struct request_list *l, const RequestListRequest *in)
{
    RequestFilters older = REQUEST_FILTERS__INIT;
    request_query__init(&l->query);
    older.status = in->status;
    older.n_status = in->n_status;
    if (!list_page(l->call, &in->base, 0, &l->page) ||
        !list_read(l->call, filters, &older.base, &l->query.base, &l->parts) ||
        !list_read(l->call, filters, in->filters ? &in->filters->base : NULL, &l->query.base,
                   &l->parts) ||
        !list_sort(l->call, &sql_request_list, in->sort, &l->order))
        return false;
    if (l->query.n_status == 1 && strcmp(*l->query.status, "pending") == 0)
        pick_add(&l->parts, "pending");
    return true;
}

static bool count(struct request_list *l)
{
    struct arena *a = &l->call->arena;
    ListTotal total = LIST_TOTAL__INIT;
    if (!statement_one(l->call, pick_sql(a, &sql_request_count, &l->parts), &l->query.base,
                       &total.base))
        return false;
    list_walk_begin(l->call, &l->walk, &total);
    return true;
}

static bool rows(struct request_list *l, struct rows *out)
{
    struct arena *a = &l->call->arena;
    RequestQuery *q = &l->query;
    q->settled = l->walk.note.settled;
    q->seen = l->walk.note.seen;
    q->has_limit = q->has_offset = true;
    q->limit = l->page.limit;
    q->offset = l->walk.behind ? 0 : l->page.offset;
    q->has_after_id = l->walk.behind;
    q->after_id = l->walk.note.after_id;
    if (l->walk.behind)
        pick_add(&l->parts, "after");
    for (size_t i = 0; i < l->order.count; i++)
        pick_add(&l->parts, l->order.parts[i]);
    return statement_all(l->call, pick_sql(a, &sql_request_list, &l->parts), &q->base, out);
}

static bool complete(struct request_list *l, const struct rows *rows)
{
    const struct policy *policy;
    if (!policy_now(&policy, &l->call->fault))
        return false;
    for (size_t i = 0; i < rows->count; i++) {
        ListedProduct *product = ((ListedRequest *)rows->items[i])->order->product;
        const Product *p = policy_product(policy, product->name_id);
        product->name = p ? p->name : NULL;
        product->type = p ? p->type : NULL;
    }
    return true;
}

static void request_lists_list(RequestLists_Service *self, const RequestListRequest *in,
                               RequestList_Closure answer, void *data)
{
    (void)self;
    struct request_list l = { .call = data };
    struct rows found = { 0 };
    RequestList out = REQUEST_LIST__INIT;
    if (!read(&l, in) ||
        (!list_walk_find(l.call, "request", &l.query.base, &l.parts, &l.order, &l.page, &l.walk) &&
         !count(&l)) ||
        !rows(&l, &found) || !complete(&l, &found)) {
        call_fail(l.call);
        return;
    }
    out.requests = (ListedRequest **)(void *)found.items;
    out.n_requests = found.count;
    const ListedRequest *last = found.count ? out.requests[found.count - 1] : NULL;
    list_walk_went(l.call, &l.walk, &l.page, found.count,
                   last && l.order.count == 0 ? last->date : NULL, last ? last->id : 0);
    l.page.shown.total = l.walk.note.total;
    out.page = &l.page.shown;
    answer(&out, l.call);
}

/* ---- one */

/* Who has reviewed a request is who has decided it: there is one step. */
static void request_lists_info(RequestLists_Service *self, const RequestId *in,
                               RequestDetail_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    RequestRow row = REQUEST_ROW__INIT;
    RequestDetail out = REQUEST_DETAIL__INIT;
    OrderInfo order = ORDER_INFO__INIT;
    bool found = false;
    if (!statement_maybe(call, &sql_request_get, &in->base, &row.base, &found) ||
        (!found &&
         !fault_set(&call->fault, FAULT_NO_REQUEST, "request_id", "there is no such request")) ||
        !order_info_read(call, row.order_id, &order)) {
        call_fail(call);
        return;
    }
    out.id = row.id;
    out.date = row.date;
    out.type = row.type;
    out.status = row.status;
    out.date_processed = row.date_processed;
    out.requester = row.requester;
    out.reviewer = out.processor = row.processor;
    out.order = &order;
    out.comments = row.comments;
    out.processor_comment = row.processor_comment;
    answer(&out, call);
}

RequestLists_Service request_lists_service = REQUEST_LISTS__INIT(request_lists_);

// clang-format off
const struct route request_list_routes[] = {
    { GET, "/request",              WORKER, RPC(request_lists_service, "List"), "request:read", 200,
      "List requests, as JSON or (Accept: text/csv) as CSV", .shape = list_csv_shape },
    { GET, "/request/{request_id}", WORKER, RPC(request_lists_service, "Info"), "request:read", 200,
      "Show one request with its order" },
    { 0 },
};
// clang-format on
