/* A request's life on the HTTP thread: received, judged, handed over, sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_connection.h"
#include "service/metrics.h"

enum { DISCARD_TIMES = 4 };

/* ---- a request's life */

static struct request *request_new(struct http *h)
{
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->door = h;
    arena_init(&r->own.call.arena);
    arena_init(&r->late.call.arena);
    arena_init(&r->answer_arena);
    r->own.request = r->late.request = r;
    r->headers.last = &r->headers.first;
    r->query.last = &r->query.first;
    r->own.call.door = &r->own;
    r->late.call.door = &r->late;
    atomic_init(&r->holders, 1);
    atomic_fetch_add(&h->alive, 1);
    return r;
}

void request_hold(struct request *r)
{
    atomic_fetch_add(&r->holders, 1);
}

void request_drop(struct request *r)
{
    if (atomic_fetch_sub(&r->holders, 1) != 1)
        return;
    atomic_fetch_sub(&r->door->alive, 1);
    arena_free(&r->answer_arena);
    arena_free(&r->late.call.arena);
    arena_free(&r->own.call.arena);
    free(r->body);
    free(r);
}

/* ---- receiving */

static enum MHD_Result copy_pair(struct request *r, struct header_list *list, const char *name,
                                 const char *value)
{
    if (++list->count > HEADERS_MAX) {
        r->refused = FAULT_BODY_FORMAT;
        return MHD_NO;
    }
    struct http_header *header = arena_new(&r->own.call.arena, struct http_header);
    header->name = arena_strdup(&r->own.call.arena, name);
    header->value = arena_strdup(&r->own.call.arena, value ? value : "");
    *list->last = header;
    list->last = &header->next;
    return MHD_YES;
}

static enum MHD_Result copy_header(void *request, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct request *r = request;
    (void)kind;
    return copy_pair(r, &r->headers, name, value);
}

static enum MHD_Result copy_query(void *request, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct request *r = request;
    (void)kind;
    return copy_pair(r, &r->query, name, value);
}

/* Percent codes stay until path and query have been taken apart, so that %2F is no slash. */
size_t leave_encoded(void *context, struct MHD_Connection *c, char *text)
{
    (void)context, (void)c;
    return strlen(text);
}

static bool is_hex(const char *s, size_t length)
{
    return strspn(s, "0123456789abcdef") >= length;
}

/* The caller's trace, W3C Trace Context 3.2 (version 00), or a new one. */
static void begin_trace(struct request *r)
{
    const char *sent = http_request_header(&r->own.call, "traceparent");
    char trace[33];
    uint8_t id[24];
    random_bytes(id, sizeof id);
    char *hex = hex_lower(&r->own.call.arena, (struct bytes){ id, sizeof id });
    bool valid = sent && strlen(sent) == 55 && strncmp(sent, "00-", 3) == 0 &&
                 is_hex(sent + 3, 32) && sent[35] == '-' && strspn(sent + 3, "0") < 32;
    snprintf(trace, sizeof trace, "%.32s", valid ? sent + 3 : hex);
    snprintf(r->own.call.traceparent, sizeof r->own.call.traceparent, "00-%s-%.16s-01", trace,
             hex + 32);
    memcpy(r->late.call.traceparent, r->own.call.traceparent, sizeof r->own.call.traceparent);
}

static void begin_actor(struct request *r)
{
    struct actor *actor = &r->own.call.actor;
    const struct sockaddr *peer =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    snprintf(actor->source, sizeof actor->source, "api");
    proxy_client(&r->door->proxies, peer, http_request_header(&r->own.call, "X-Forwarded-For"),
                 actor->ip);
}

/* What is known from the request line and the headers alone. */
static void judge(struct request *r, const char *method)
{
    r->method = method_read(method);
    router_match(r->door->router, &r->own.call.arena, r->method, r->path, &r->match);
    const struct route_entry *entry = r->match.entry;
    size_t most = entry ? entry->route->body_max : 0;
    r->body_max = most ? most : r->door->options.body_max;
    if (!entry && !r->refused)
        r->refused = r->match.allowed ? FAULT_METHOD : FAULT_NO_ROUTE;
    const char *length = http_request_header(&r->own.call, "Content-Length");
    int64_t size;
    if (length && int64_read(length, &size) && size > (int64_t)r->body_max)
        r->refused = FAULT_BODY_TOO_LARGE;
}

static struct request *begin(struct http *h, struct MHD_Connection *c, const char *url,
                             const char *method)
{
    struct request *r = request_new(h);
    r->connection = c;
    r->peer = connection_of(c);
    r->path = arena_strdup(&r->own.call.arena, url);
    MHD_get_connection_values(c, MHD_HEADER_KIND, copy_header, r);
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, copy_query, r);
    begin_trace(r);
    begin_actor(r);
    judge(r, method);
    return r;
}

/* False: the client sends on and on although it was not asked to. */
static bool body_add(struct request *r, const char *data, size_t size)
{
    if (r->refused || r->body_size + size > r->body_max) {
        r->refused = r->refused ? r->refused : FAULT_BODY_TOO_LARGE;
        r->discarded += size;
        return r->discarded <= DISCARD_TIMES * r->door->options.body_max;
    }
    while (r->body_size + size > r->body_room) {
        r->body_room = r->body_room ? 2 * r->body_room : 4096;
        r->body = realloc(r->body, r->body_room);
        if (!r->body)
            abort();
    }
    memcpy(r->body + r->body_size, data, size);
    r->body_size += size;
    return true;
}

/* ---- sending */

static void add_headers(struct request *r, struct MHD_Response *out)
{
    char trace[33];
    for (const struct http_header *h = r->answer_headers; h; h = h->next)
        MHD_add_response_header(out, h->name, h->value);
    if (!MHD_get_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL))
        MHD_add_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL, "private, no-cache");
    if (r->answer.status == 503 && !MHD_get_response_header(out, MHD_HTTP_HEADER_RETRY_AFTER))
        MHD_add_response_header(out, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    if (atomic_load(&r->door->draining) || r->refused == FAULT_BODY_TOO_LARGE)
        MHD_add_response_header(out, MHD_HTTP_HEADER_CONNECTION, "close");
    snprintf(trace, sizeof trace, "%.32s", r->own.call.traceparent + 3);
    MHD_add_response_header(out, "Request-Id", trace);
}

static void add_allow(struct request *r, struct MHD_Response *out)
{
    struct text list;
    text_init(&list, &r->answer_arena);
    for (enum method m = GET; m < METHOD_COUNT; m++)
        if (r->match.allowed & 1u << m)
            text_format(&list, "%s%s", list.length ? ", " : "", method_name(m));
    MHD_add_response_header(out, MHD_HTTP_HEADER_ALLOW, list.data);
}

static void count_answer(const struct request *r)
{
    metric_add(METRIC_HTTP_1XX + (enum metric)(r->answer.status / 100 - 1), 1);
    metric_observe(METRIC_HTTP_SECONDS, (struct duration){ tick_now().us - r->received.us });
}

/* MHD reads the body while `r` lives: until it calls request_completed(). */
static enum MHD_Result send_answer(struct request *r)
{
    static char nothing[1];
    union {
        const uint8_t *bytes;
        void *body;
    } plain = { r->answer.body.data };
    struct MHD_Response *out = MHD_create_response_from_buffer(
        r->answer.body.size, plain.body ? plain.body : nothing, MHD_RESPMEM_PERSISTENT);
    add_headers(r, out);
    if (r->answer.status != 204 && r->answer.type)
        MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, r->answer.type);
    if (r->refused == FAULT_METHOD)
        add_allow(r, out);
    connection_mark(r, false);
    count_answer(r);
    enum MHD_Result result = MHD_queue_response(r->connection, (unsigned)r->answer.status, out);
    MHD_destroy_response(out);
    return result;
}

static enum MHD_Result refuse_now(struct request *r, enum fault_code code)
{
    request_refuse(r, code, "");
    return send_answer(r);
}

/* ---- the one entry of MHD */

/* Suspended first: whoever answers may do so at once. */
static enum MHD_Result hand_over(struct request *r)
{
    struct http *h = r->door;
    r->suspended = true;
    count_change(h, &h->waiting, 1);
    count_change(h, &h->unsent, 1);
    connection_mark(r, true);
    MHD_suspend_connection(r->connection);
    request_hold(r); /* until the handler has answered */
    if (wheel_add(r, r->own.call.deadline) && work_put(r))
        return MHD_YES;
    metric_add(METRIC_HTTP_QUEUE_FULL, 1);
    request_refuse(r, FAULT_UNAVAILABLE, "the queue is full");
    request_drop(r);
    return MHD_YES;
}

static enum MHD_Result whole(struct request *r)
{
    const struct route *route = r->match.entry ? r->match.entry->route : NULL;
    struct duration most =
        route && route->deadline.us ? route->deadline : r->door->options.deadline;
    r->received = tick_now();
    r->own.call.deadline = tick_after(most);
    if (r->refused || !route)
        return refuse_now(r, r->refused);
    if (route->kind != INLINE)
        return hand_over(r);
    request_hold(r);
    request_serve(r);
    return send_answer(r);
}

enum MHD_Result request_access(void *door, struct MHD_Connection *c, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **own)
{
    struct request *r = *own;
    (void)version;
    if (!r) {
        *own = r = begin(door, c, url, method);
        r->received = tick_now();
        /* An answer before the body makes MHD close the connection instead of reading it. */
        return r->refused == FAULT_BODY_TOO_LARGE ? refuse_now(r, r->refused) : MHD_YES;
    }
    if (*size) {
        bool good = body_add(r, data, *size);
        *size = 0;
        return good ? MHD_YES : MHD_NO;
    }
    return atomic_load(&r->ready) ? send_answer(r) : whole(r);
}

void request_completed(void *door, struct MHD_Connection *c, void **own,
                       enum MHD_RequestTerminationCode code)
{
    struct http *h = door;
    struct request *r = *own;
    (void)c, (void)code;
    if (!r)
        return;
    *own = NULL;
    connection_mark(r, false);
    if (r->suspended)
        count_change(h, &h->unsent, -1);
    request_drop(r);
}
