#include "api/events.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/event_feed.h"
#include "api/events.sql.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "http.h"
#include "statement.h"

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000, WAIT_MAX_S = 30 };
enum { CURSOR_VERSION = 1, CURSOR_SIZE = 17 };

/* ---- cursors */

static void number_put(uint8_t out[8], uint64_t n)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(n >> (56 - 8 * i));
}

static uint64_t number_get(const uint8_t in[8])
{
    uint64_t n = 0;
    for (int i = 0; i < 8; i++)
        n = n << 8 | in[i];
    return n;
}

char *event_cursor_write(struct arena *a, uint64_t xid, int64_t id)
{
    uint8_t bytes[CURSOR_SIZE] = { CURSOR_VERSION };
    number_put(bytes + 1, xid);
    number_put(bytes + 9, (uint64_t)id);
    return base64url_write(a, (struct bytes){ bytes, sizeof bytes });
}

bool event_cursor_read(struct arena *a, const char *text, uint64_t *xid, int64_t *id)
{
    struct bytes b;
    if (!base64url_read_strict(a, text, strlen(text), &b) || b.size != CURSOR_SIZE ||
        b.data[0] != CURSOR_VERSION)
        return false;
    *xid = number_get(b.data + 1);
    *id = (int64_t)number_get(b.data + 9);
    return *id >= 0;
}

/* ---- answers */

static char *cursor_of(struct arena *a, const char *xid, int64_t id)
{
    return event_cursor_write(a, strtoull(xid, NULL, 10), id);
}

static FeedEvent *event_shown(struct arena *a, const EventRow *row)
{
    FeedEvent *e = arena_new(a, FeedEvent);
    feed_event__init(e);
    e->id = row->id;
    e->event = row->event;
    e->data = row->data;
    e->at = row->at;
    e->cursor = cursor_of(a, row->xid, row->id);
    return e;
}

void events_answer(struct call *call, const EventPosition *after, EventRow *const *rows,
                   size_t count)
{
    struct arena *a = &call->arena;
    EventFeed out = EVENT_FEED__INIT;
    out.events = arena_array(a, FeedEvent *, count + 1);
    for (size_t i = 0; i < count; i++)
        out.events[out.n_events++] = event_shown(a, rows[i]);
    out.cursor =
        count ? out.events[count - 1]->cursor : cursor_of(a, after->after_xid, after->after_id);
    call_answer(&out.base, call);
}

/* ---- the handler */

static bool query_read(struct call *call, const EventQuery *in, EventPosition *out)
{
    uint64_t xid = 0;
    if (in->has_wait && (in->wait < 0 || in->wait > WAIT_MAX_S))
        return fault_set(&call->fault, FAULT_INVALID, "wait", "takes 0 to 30 seconds");
    if (in->has_limit && (in->limit < 0 || in->limit > PAGE_MAX))
        return fault_set(&call->fault, FAULT_INVALID, "limit", "takes 1 to 1000");
    if (in->after && !event_cursor_read(&call->arena, in->after, &xid, &out->after_id))
        return fault_set(&call->fault, FAULT_INVALID, "after", "is no cursor of this feed");
    out->after_xid = arena_format(&call->arena, "%" PRIu64, xid);
    out->room = in->has_limit && in->limit ? in->limit : PAGE_DEFAULT;
    return true;
}

/* Only what has ended is handed out, so a cursor from beyond belongs to another database: to wait
 * for its transaction would be to miss what happens meanwhile. */
static bool cursor_reached(struct call *call, const EventPosition *p)
{
    EventHorizon horizon = EVENT_HORIZON__INIT;
    Nothing nothing = NOTHING__INIT;
    return statement_one(call, &sql_events_horizon, &nothing.base, &horizon.base) &&
           (strtoull(p->after_xid, NULL, 10) < strtoull(horizon.xid, NULL, 10) ||
            fault_set(&call->fault, FAULT_INVALID, "after", "is no cursor of this feed"));
}

/* Nothing yet: the caller waits without a thread or a connection of ours. */
static void caller_wait(struct call *call, EventPosition *p, int64_t wait_s)
{
    static const struct {
        enum fault_code code;
        const char *text;
    } refusals[] = {
        [FEED_BUSY] = { FAULT_UNAVAILABLE, "too many callers wait for events" },
        [FEED_CROWDED] = { FAULT_RATE, "too many callers of this account wait for events" },
    };
    enum feed_wait said = feed_wait(call, p, tick_after(seconds(wait_s)));
    if (said == FEED_WAITS)
        return;
    if (said == FEED_CLOSED) {
        events_answer(call, p, NULL, 0);
        return;
    }
    http_header(call, "Retry-After", "1");
    fault_set(&call->fault, refusals[said].code, NULL, "%s", refusals[said].text);
    call_fail(call);
}

static void events_list(Events_Service *self, const EventQuery *in, EventFeed_Closure answer,
                        void *data)
{
    (void)self, (void)answer;
    struct call *call = data;
    EventPosition *p = arena_new(&call->arena, EventPosition);
    struct rows rows = { 0 };
    event_position__init(p);
    if (!query_read(call, in, p) || !statement_set(call, &sql_events_read, &p->base, &rows) ||
        (rows.count == 0 && in->after && !cursor_reached(call, p)))
        call_fail(call);
    else if (rows.count == 0 && in->wait > 0)
        caller_wait(call, p, in->wait);
    else
        events_answer(call, p, (EventRow *const *)(void *)rows.items, rows.count);
}

Events_Service events_service = EVENTS__INIT(events_);

// clang-format off
const struct route event_routes[] = {
    { GET, "/events", AWAIT, RPC(events_service, "List"), "event:read", 200, "What happened in the account, after a cursor; waits for it if asked to", .deadline = { 40000000 } },
    { 0 },
};
// clang-format on
