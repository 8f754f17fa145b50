/* What was sent to an account's endpoints, and how it was answered. */
#include <string.h>

#include "api/event_log.sql.h"
#include "api/webhooks.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "list.h"
#include "message/convert.h"
#include "range.h"
#include "statement.h"

/* A log grows without end, so `total` counts on to so many entries behind the page and no further:
 * enough to go on paging, and as much work wherever one is. */
enum { PAGE_MAX = 1000, COUNT_AHEAD = 10000 };

/* ---- what is asked for */

static bool status_read(struct call *call, const EventLogFilters *in, EventLogQuery *out)
{
    bool success = false, failed = false;
    for (size_t i = 0; i < in->n_request_status; i++) {
        bool good = strcmp(in->request_status[i], "success") == 0;
        if (!good && strcmp(in->request_status[i], "failed") != 0)
            return fault_set(&call->fault, FAULT_INVALID, "filters.request_status",
                             "takes success and failed");
        success = success || good;
        failed = failed || !good;
    }
    out->has_ok = success != failed;
    out->ok = success;
    return true;
}

static bool time_read(struct call *call, const char *text, EventLogQuery *out)
{
    struct range range;
    if (!text)
        return true;
    if (!range_read(text, &range))
        return fault_set(&call->fault, FAULT_INVALID, "filters.request_sent_time", RANGE_FORM);
    if (range.since.us != INT64_MIN)
        out->since = instant_message(&call->arena, range.since);
    if (range.before.us != INT64_MAX)
        out->before = instant_message(&call->arena, range.before);
    return true;
}

static bool filters_read(struct call *call, const EventLogFilters *in, EventLogQuery *out)
{
    if (!in)
        return true;
    out->event_name = in->event_name;
    out->n_event_name = in->n_event_name;
    out->response_code = in->response_code;
    out->n_response_code = in->n_response_code;
    return status_read(call, in, out) && time_read(call, in->request_sent_time, out);
}

static void page_read(const EventLogFilter *in, Page *page, EventLogQuery *out)
{
    page->limit = in->has_limit && in->limit > 0 && in->limit < PAGE_MAX ? in->limit : PAGE_MAX;
    page->offset = in->has_offset && in->offset > 0 ? in->offset : 0;
    out->limit = page->limit;
    out->offset = page->offset;
}

/* ---- the page */

/* Only a page that is full, or empty behind the end, does not tell by itself. */
static bool total_find(struct call *call, const EventLogQuery *query, size_t shown, Page *page)
{
    EventLogQuery all = *query;
    EventLogCount count = EVENT_LOG_COUNT__INIT;
    page->total = page->offset + (int64_t)shown;
    if ((int64_t)shown < page->limit && (shown > 0 || page->offset == 0))
        return true;
    if (__builtin_add_overflow(page->offset, page->limit + COUNT_AHEAD, &all.limit))
        all.limit = INT64_MAX;
    if (!statement_one(call, &sql_event_log_count, &all.base, &count.base))
        return false;
    page->total = count.total;
    return true;
}

void webhook_settings_event_logs(WebhookSettingsApi_Service *self, const EventLogFilter *in,
                                 EventLog_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    EventLogQuery query = EVENT_LOG_QUERY__INIT;
    EventLog out = EVENT_LOG__INIT;
    Page page = PAGE__INIT;
    WebhookRow row = WEBHOOK_ROW__INIT;
    struct rows rows = { 0 };
    struct pick order = { 0 };
    query.has_webhook_id = in->has_webhook_id;
    query.webhook_id = in->webhook_id;
    page_read(in, &page, &query);
    out.page = &page;
    if (list_sort(call, &sql_event_log_list, in->sort, &order) &&
        filters_read(call, in->filters, &query) &&
        (!in->has_webhook_id || webhook_find(call, in->webhook_id, &row)) &&
        statement_all(call, pick_sql(&call->arena, &sql_event_log_list, &order), &query.base,
                      &rows) &&
        total_find(call, &query, rows.count, &page)) {
        out.events = (EventLogEntry **)(void *)rows.items;
        out.n_events = rows.count;
        answer(&out, call);
    } else {
        call_fail(call);
    }
}
