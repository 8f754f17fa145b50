/* A request's life on the HTTP thread: received, judged, handed over. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_connection.h"
#include "service/metrics.h"

/* ---- a request's life */

static struct request *request_new(struct door *d, struct MHD_Connection *c)
{
    struct request *r = calloc(1, sizeof *r);
    r->http = d->http;
    r->door = d;
    r->connection = c;
    r->peer = connection_of(c);
    r->peer->request = r;
    arena_init(&r->own.call.arena);
    arena_init(&r->late.call.arena);
    arena_init(&r->outer.call.arena);
    r->own.request = r->late.request = r->outer.request = r;
    r->headers.last = &r->headers.first;
    r->query.last = &r->query.first;
    r->own.call.door = &r->own;
    r->late.call.door = &r->late;
    r->outer.call.door = &r->outer;
    atomic_init(&r->holders, 1);
    atomic_init(&r->work, COMES);
    atomic_init(&r->said, OPEN);
    atomic_fetch_add(&d->http->alive, 1);
    return r;
}

void request_hold(struct request *r)
{
    atomic_fetch_add(&r->holders, 1);
}

/* Last of all it is not alive: http_free() may free what the others belong to in that moment. */
void request_drop(struct request *r)
{
    struct http *h = r->http;
    if (atomic_fetch_sub(&r->holders, 1) != 1)
        return;
    answer_release(r);
    arena_free(&r->outer.call.arena);
    arena_free(&r->late.call.arena);
    arena_free(&r->own.call.arena);
    body_free(r);
    free(r);
    atomic_fetch_sub(&h->alive, 1);
}

/* ---- receiving */

void header_list_add(struct header_list *list, struct arena *a, const char *name, const char *value)
{
    struct http_header *header = arena_new(a, struct http_header);
    header->name = arena_strdup(a, name);
    header->value = value;
    *list->last = header;
    list->last = &header->next;
}

static enum MHD_Result copy_query(void *request, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct request *r = request;
    struct arena *a = &r->own.call.arena;
    (void)kind;
    if (++r->query.count > HEADERS_MAX) {
        fault_set(&r->refusal, FAULT_BODY_FORMAT, NULL, "the query has too many members");
        return MHD_NO;
    }
    header_list_add(&r->query, a, name, arena_strdup(a, value ? value : ""));
    return MHD_YES;
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
    memcpy(r->outer.call.traceparent, r->own.call.traceparent, sizeof r->own.call.traceparent);
}

static void begin_actor(struct request *r)
{
    struct actor *actor = &r->own.call.actor;
    const struct sockaddr *peer =
        MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    const struct route_family *family = r->match.family;
    snprintf(actor->source, sizeof actor->source, "%s", family->source ? family->source : "api");
    proxy_client(&r->door->proxies, peer, http_request_header(&r->own.call, "X-Forwarded-For"),
                 actor->ip);
}

/* ---- what is known from the request line and the headers alone */

static void judge_route(struct request *r)
{
    const struct route_entry *entry = r->match.entry;
    size_t most = entry ? entry->route->body_max : 0;
    r->body_max = most ? most : r->http->options.body_max;
    if (entry || r->refusal.code)
        return;
    if (r->match.allowed && !r->match.unserved)
        fault_set(&r->refusal, FAULT_METHOD, NULL,
                  "The method is not allowed here, which takes %s.",
                  request_allows(r, &r->own.call.arena));
    else
        r->refusal.code = r->match.unserved ? FAULT_NOT_SERVED : FAULT_NO_ROUTE;
}

/* Whose it is, as far as memory tells: nobody fills ours without a key. */
static void judge_caller(struct request *r)
{
    const struct route_family *family = r->match.family;
    struct call *call = &r->own.call;
    if (family->glance && !family->glance(call, r->match.entry->route, family->context))
        r->refusal = call->fault;
}

/* Those of the first three methods have no meaning (RFC 9110 9.3.1, 9.3.2, 9.3.5), and some clients
 * send one with every request. */
static void judge_body(struct request *r)
{
    const char *length = http_request_header(&r->own.call, "Content-Length");
    int64_t size = 0;
    bool coded = http_request_header(&r->own.call, "Transfer-Encoding");
    if (length && int64_read(length, &size) && size > (int64_t)r->body_max)
        r->refusal = (struct fault){ .code = FAULT_BODY_TOO_LARGE };
    r->ignores_body = r->method == GET || r->method == DELETE;
    if (r->refusal.code || r->ignores_body || !media_judge(r, coded || size) || !(coded || size))
        return;
    judge_caller(r);
    if (!r->refusal.code)
        body_announced(r, (size_t)size);
}

static void judge(struct request *r)
{
    judge_route(r);
    if (!r->closing)
        judge_body(r);
}

/* The path of a target in absolute form (RFC 9112 3.2.2): clients of a proxy write it so. */
static const char *path_of(const char *target)
{
    const char *authority = strncasecmp(target, "http://", 7) == 0    ? target + 7
                            : strncasecmp(target, "https://", 8) == 0 ? target + 8
                                                                      : NULL;
    if (!authority)
        return target;
    const char *path = authority + strcspn(authority, "/");
    return *path ? path : "/";
}

/* Where no family has the path, its door's first one words the refusal. */
static void find_route(struct request *r)
{
    router_match(r->door->router, &r->own.call.arena, r->method, r->path, &r->match);
    if (!r->match.family)
        r->match.family = r->door->options->families;
}

static struct request *begin(struct door *d, struct MHD_Connection *c, const char *target,
                             const char *method, const char *version)
{
    struct request *r = request_new(d, c);
    connection_enter(d->http, r->peer, BODY_COMES);
    r->path = arena_strdup(&r->own.call.arena, path_of(target));
    r->method = method_read(method);
    r->is_head = strcmp(method, "HEAD") == 0;
    head_read(r, method, target, version);
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, copy_query, r);
    begin_trace(r);
    find_route(r);
    begin_actor(r);
    judge(r);
    return r;
}

struct request *request_unread(struct door *d, struct MHD_Connection *c)
{
    struct request *r = request_new(d, c);
    r->path = "";
    r->received = tick_now();
    begin_trace(r);
    find_route(r);
    begin_actor(r);
    return r;
}

/* ---- the one entry of MHD */

/* An answer before the body makes MHD close the connection instead of reading it: who is sending
 * already might not hear the answer then (RFC 9112 9.6), so that a short body is read and forgotten. */
static bool is_refused_now(const struct request *r)
{
    return r->closing || r->refusal.code == FAULT_BODY_TOO_LARGE ||
           (r->refusal.code && http_request_header(&r->own.call, "Expect"));
}

/* Suspended first: whoever answers may do so at once. */
static enum MHD_Result hand_over(struct request *r)
{
    struct http *h = r->http;
    step_take(&r->work, COMES, QUEUED);
    r->suspended = true;
    count_change(h, &h->waiting, 1);
    count_change(h, &h->unsent, 1);
    connection_enter(h, r->peer, IS_OURS);
    MHD_suspend_connection(r->connection);
    request_hold(r); /* until the handler has answered */
    if (deadline_add(r, r->own.call.deadline) && work_put(r))
        return MHD_YES;
    metric_add(METRIC_HTTP_QUEUE_FULL, 1);
    request_refuse(r, FAULT_UNAVAILABLE, NULL, "the queue is full");
    request_drop(r);
    return MHD_YES;
}

static enum MHD_Result whole(struct request *r)
{
    const struct route *route = r->match.entry ? r->match.entry->route : NULL;
    struct duration most =
        route && route->deadline.us ? route->deadline : r->http->options.deadline;
    r->received = tick_now();
    r->own.call.deadline = tick_after(most);
    if (r->refusal.code || !route)
        return request_send_refusal(r);
    if (route->kind != INLINE)
        return hand_over(r);
    request_hold(r);
    request_serve(r);
    return request_send_answer(r);
}

enum MHD_Result request_access(void *door, struct MHD_Connection *c, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **own)
{
    struct request *r = *own;
    if (!r) {
        *own = r = begin(door, c, url, method, version);
        r->received = tick_now();
        return is_refused_now(r) ? request_send_refusal(r) : MHD_YES;
    }
    if (*size) {
        bool good = body_add(r, data, *size);
        *size = 0;
        return good ? MHD_YES : MHD_NO;
    }
    return atomic_load(&r->said) == READY ? request_send_answer(r) : whole(r);
}

void request_ended(struct request *r)
{
    r->peer->request = NULL;
    connection_enter(r->http, r->peer, IS_IDLE);
    record_log(r);
    if (r->suspended)
        count_change(r->http, &r->http->unsent, -1);
    request_drop(r);
}

void request_completed(void *door, struct MHD_Connection *c, void **own,
                       enum MHD_RequestTerminationCode code)
{
    struct request *r = connection_of(c)->request;
    (void)door, (void)code;
    *own = NULL;
    if (r)
        request_ended(r);
}
