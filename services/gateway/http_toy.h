/* http_toy - for the tests of the door: a toy service behind it, and a client of raw bytes. */
#ifndef GATEWAY_HTTP_TOY_H
#define GATEWAY_HTTP_TOY_H

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "http.h"
#include "message/json.h"
#include "testing/patience.h"
#include "toy.pb-c.h"

/* Calls of Wait that nobody has answered yet. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct call *calls[64];
    int count;
} waiting = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* NULL: there is none now. */
static inline struct call *any_waiting(void)
{
    pthread_mutex_lock(&waiting.lock);
    struct call *call = waiting.count > 0 ? waiting.calls[--waiting.count] : NULL;
    pthread_mutex_unlock(&waiting.lock);
    return call;
}

/* Of a call that has no deadline before that: a handler does not begin what is answered. */
static inline struct call *next_waiting(void)
{
    struct call *call;
    await_under(&waiting.lock, &waiting.changed, waiting.count > 0);
    call = any_waiting();
    assert_non_null(call);
    return call;
}

/* What came, and who is said to have sent it. */
static ToySeen *toy_seen(struct call *call, const ToyIn *in)
{
    const struct actor *by = &call->actor;
    uint8_t *packed = arena_alloc(&call->arena, toy_in__get_packed_size(in));
    ToySeen *seen = toy_seen__unpack(&call->arena.pb, toy_in__pack(in, packed), packed);
    assert_non_null(seen);
    seen->has_account_id = by->account_id != 0;
    seen->account_id = by->account_id;
    seen->has_user_id = by->user_id != 0;
    seen->user_id = by->user_id;
    seen->source = call->actor.source;
    seen->ip = *by->ip ? call->actor.ip : NULL;
    return seen;
}

/* "text" of the answer is what came, as JSON. */
static void toys_echo(Toys_Service *self, const ToyIn *in, ToyOut_Closure answer, void *data)
{
    struct call *call = data;
    ToyOut out = TOY_OUT__INIT;
    struct text text;
    (void)self;
    text_init(&text, &call->arena);
    message_to_json(&toy_seen(call, in)->base, &text);
    out.text = text.data;
    if (in->name && strcmp(in->name, "header") == 0)
        http_header(call, "Duplicate-Of", "17");
    if (in->name && strcmp(in->name, "kept") == 0)
        http_not_modified(call, "\"a,b\"", (struct instant){ 784111777500000 });
    if (in->name && strcmp(in->name, "method") == 0)
        http_header(call, "Method", http_is_head(call) ? "HEAD" : "GET");
    if (in->name && strcmp(in->name, "nothing") == 0)
        http_status(call, 204);
    if (in->name && strcmp(in->name, "seen") == 0)
        out.text = arena_strdup(&call->arena, http_request_header(call, "IDEMPOTENCY-key"));
    if (in->name && strcmp(in->name, "fault") == 0) {
        fault_set(&call->fault, FAULT_CSR, "certificate.csr", "is \"truncated\"");
        call_fail(call);
    } else if (in->name && strcmp(in->name, "internal") == 0) {
        fault_set(&call->fault, FAULT_INTERNAL, "secret_table", "secret detail");
        call_fail(call);
    } else {
        answer(&out, call);
    }
}

static void toys_need(Toys_Service *self, const ToyNeedy *in, ToyOut_Closure answer, void *data)
{
    ToyOut out = TOY_OUT__INIT;
    (void)self;
    out.has_id = true;
    out.id = in->id;
    out.name = in->name;
    answer(&out, data);
}

static void toys_wait(Toys_Service *self, const ToyIn *in, ToyOut_Closure answer, void *data)
{
    (void)self, (void)in, (void)answer;
    http_keep(data, (void *)(uintptr_t) "the note");
    pthread_mutex_lock(&waiting.lock);
    assert_true(waiting.count < 64);
    waiting.calls[waiting.count++] = data;
    pthread_cond_broadcast(&waiting.changed);
    pthread_mutex_unlock(&waiting.lock);
}

static void toys_late(Toys_Service *self, const ToyIn *in, ToyOut_Closure answer, void *data)
{
    ToyOut out = TOY_OUT__INIT;
    struct call *call = data;
    (void)self;
    if (in->name && strcmp(in->name, "unknown") == 0) {
        fault_set(&call->fault, FAULT_NO_ORDER, NULL, "there is none");
        call_fail(call);
        return;
    }
    out.text = http_kept(call);
    out.name = in->name;
    answer(&out, call);
}

/* A handler on a path of its own stands here as long as a test holds it. */
static pthread_mutex_t toy_gate = PTHREAD_MUTEX_INITIALIZER;

static bool gate_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)call, (void)answer, (void)out;
    pthread_mutex_lock(&toy_gate);
    pthread_mutex_unlock(&toy_gate);
    return false;
}

static Toys_Service toys = TOYS__INIT(toys_);

static bool toy_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer;
    http_header(call, "Content-Disposition", "attachment");
    out->type = "text/plain";
    out->body = BYTES_OF("as text");
    return true;
}

// clang-format off
static const struct route toy_routes[] = {
    { GET,    "/toy",             WORKER, RPC(toys, "Echo"), "toy:read",  200, "List" },
    { POST,   "/toy",             WORKER, RPC(toys, "Echo"), "toy:write", 201, "Make" },
    { GET,    "/toy/{id}",        WORKER, RPC(toys, "Echo"), "toy:read",  200, "Show" },
    { PUT,    "/toy/{id}",        WORKER, RPC(toys, "Echo"), "toy:write", 204, "Change" },
    { DELETE, "/toy/{id}",        WORKER, RPC(toys, "Echo"), "toy:write", 200, "Remove" },
    { GET,    "/toy/plain",       WORKER, RPC(toys, "Echo"), "toy:read",  200, "As text", .shape = toy_shape },
    { GET,    "/toy/by/{name}",   WORKER, RPC(toys, "Echo"), "toy:read",  200, "By name", .flags = ROUTE_NO_BODY },
    { POST,   "/toy/user/{parent_id}", WORKER, RPC(toys, "Echo"), "toy:write", 200, "For a user" },
    { POST,   "/toy/need/{id}",   WORKER, RPC(toys, "Need"), "toy:write", 200, "Needs" },
    { POST,   "/toy/need/{id}/{name}", WORKER, RPC(toys, "Need"), "toy:write", 200, "Needs no more" },
    { POST,   "/toy/raw",         WORKER, RPC(toys, "Echo"), "toy:write", 200, "Bytes", .flags = ROUTE_RAW },
    { POST,   "/toy/typed",       WORKER, RPC(toys, "Echo"), "toy:write", 200, "Typed", .takes = "application/json, text/csv" },
    { DELETE, "/toy/typed",       WORKER, RPC(toys, "Echo"), "toy:write", 200, "Typed", .takes = "application/json" },
    { POST,   "/toy/small",       WORKER, RPC(toys, "Echo"), "toy:write", 200, "Small", .body_max = 10 },
    { POST,   "/wait",            AWAIT,  RPC(toys, "Wait"), "toy:write", 200, "Wait" },
    { POST,   "/wait/short",      AWAIT,  RPC(toys, "Wait"), "toy:write", 200, "Wait", .deadline = { 100000 } },
    { POST,   "/wait/late/{name}", AWAIT, RPC(toys, "Wait"), "toy:write", 201, "Wait", .late = RPC(toys, "Late"), .deadline = { 100000 } },
    { POST,   "/wait/told/{name}", AWAIT, RPC(toys, "Wait"), "toy:write", 201, "Wait", .late = RPC(toys, "Late"), .deadline = { 100000 }, .flags = ROUTE_LATE_FAULTS },
    { POST,   "/wait/later/{name}", AWAIT, RPC(toys, "Wait"), "toy:write", 201, "Wait", .late = RPC(toys, "Late") },
    { POST,   "/toy/gate",        WORKER, RPC(toys, "Echo"), "toy:write", 200, "Stands", .shape = gate_shape },
    { GET,    "/inline",          INLINE, RPC(toys, "Echo"), NULL,        200, "At once" },
    { GET,    "/rest/{rest...}",  WORKER, RPC(toys, "Echo"), NULL,        200, "All of it" },
    { 0 },
};
// clang-format on

static const struct route *const toy_tables[] = { toy_routes, NULL };

/* X-Toy: 403 or 429 refuses; everybody else is user 7 of account 5. */
static bool toy_admit(struct call *call, const struct route *route, void *context)
{
    const char *toy = http_request_header(call, "X-Toy");
    (void)route, (void)context;
    if (toy && strcmp(toy, "403") == 0)
        return fault_set(&call->fault, FAULT_KEY, NULL, "%s", "");
    if (toy && strcmp(toy, "429") == 0) {
        http_header(call, "Retry-After", "3");
        return fault_set(&call->fault, FAULT_RATE, NULL, "%s", "");
    }
    call->actor.account_id = 5;
    call->actor.api_key_id = 11;
    call->actor.user_id = 7;
    return true;
}

/* Who says 401 is refused at a glance. */
static bool toy_glance(struct call *call, const struct route *route, void *context)
{
    const char *toy = http_request_header(call, "X-Toy");
    (void)route, (void)context;
    return !toy || strcmp(toy, "401") != 0 || fault_set(&call->fault, FAULT_KEY, NULL, "%s", "");
}

/* The last two are not served. */
static const struct published toy_published[] = {
    { GET, "/toy" },
    { POST, "/toy" },
    { GET, "/toy/{toy_id}" },
    { PUT, "/toy/{toy_id}" },
    { POST, "/toy/need/{toy_id}" },
    { POST, "/toy/need/{toy_id}/{word}" },
    { POST, "/toy/user/{toy_id}" },
    { PATCH, "/toy" },
    { GET, "/toy/{toy_id}/box" },
    { 0 },
};

static const struct route_family toy_families[] = {
    { .base = "/v2",
      .tables = toy_tables,
      .admit = toy_admit,
      .glance = toy_glance,
      .published = toy_published },
    { 0 },
};

/* For tests that are about something else than haste: nothing ends because the machine is slow. */
static inline struct http_options toy_options(void)
{
    struct http_options o = { HTTP_DEFAULTS };
    o.head = o.receive = o.deadline = o.late = o.drain = patience();
    return o;
}

static inline struct http *toy_start(struct http_options options)
{
    struct fault f = { 0 };
    signal(SIGPIPE, SIG_IGN);
    if (!options.doors[0].listen) {
        options.doors[0].listen = "127.0.0.1:0";
        options.doors[0].families = toy_families;
    }
    struct http *h = http_start(&options, &f);
    if (!h)
        fail_msg("%s %s", f.field, f.detail);
    return h;
}

/* As a bus or a committer does that is stopped later. */
static inline void waiting_finish(const char *text)
{
    char copy[64];
    ToyOut out = TOY_OUT__INIT;
    snprintf(copy, sizeof copy, "%s", text);
    out.text = copy;
    for (struct call *call; (call = any_waiting());)
        call_answer(&out.base, call);
}

static inline void toy_stop(struct http *h)
{
    http_stop(h);
    waiting_finish("after the end");
    http_free(h);
}

/* ---- a client */

static inline int dial_door(const struct http *h, size_t door, const char *address)
{
    struct timeval most = { .tv_sec = PATIENCE_S };
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address) };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(http_port(h, door)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    return fd;
}

static inline int dial_from(const struct http *h, const char *address)
{
    return dial_door(h, 0, address);
}

static inline int dial(const struct http *h)
{
    return dial_from(h, "127.0.0.1");
}

static inline void say(int fd, const char *bytes, size_t size)
{
    assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), (ssize_t)size);
}

/* All that comes until the other side closes; ends with NUL. Closes. */
static inline char *hear(int fd, struct arena *a)
{
    struct text out;
    char piece[4096];
    ssize_t got;
    text_init(&out, a);
    while ((got = recv(fd, piece, sizeof piece, 0)) > 0)
        text_add_bytes(&out, piece, (size_t)got);
    close(fd);
    return out.data;
}

static inline void ask(int fd, struct arena *a, const char *line, const char *headers,
                       const char *body)
{
    const char *text =
        arena_format(a, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s", line, headers);
    if (body)
        text = arena_format(a, "%sContent-Length: %zu\r\n\r\n%s", text, strlen(body), body);
    else
        text = arena_format(a, "%s\r\n", text);
    say(fd, text, strlen(text));
}

static inline char *exchange(const struct http *h, struct arena *a, const char *line,
                             const char *headers, const char *body)
{
    int fd = dial(h);
    ask(fd, a, line, headers, body);
    return hear(fd, a);
}

static inline int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static inline const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end ? end + 4 : "";
}

#endif
