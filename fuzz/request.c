/* What a request says beside its headers: path, query, X-Forwarded-For and body become an input
 * message, and whatever they say, the call stays whose it is. These readers belong to a
 * service, not to the library: the Makefile names them. Five lines: path, a query parameter's
 * name and value, the header, the body (the rest; without one it is a GET). */

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "services/gateway/http_request.h"
#include "services/gateway/proxy.h"
#include "services/gateway/route.h"
#include "toy.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Toys_Service toys = { .base = TOYS__BASE_INIT };

// clang-format off
static const struct route routes[] = {
    { POST, "/toy",               WORKER, RPC(toys, "Echo"), "any", 200, "all" },
    { POST, "/toy/{id}",          WORKER, RPC(toys, "Echo"), "any", 200, "one" },
    { POST, "/toy/{id}/{filters.name}", WORKER, RPC(toys, "Echo"), "any", 200, "deep" },
    { POST, "/need/{id}",         WORKER, RPC(toys, "Need"), "any", 200, "required" },
    { GET,  "/toy",               WORKER, RPC(toys, "Echo"), "any", 200, "all" },
    { GET,  "/toy/{id}",          WORKER, RPC(toys, "Echo"), "any", 200, "one" },
    { POST, "/raw",               WORKER, RPC(toys, "Echo"), "any", 200, "bytes", .flags = ROUTE_RAW },
    { POST, "/rest/{rest...}",    WORKER, RPC(toys, "Echo"), "any", 200, "rest" },
    { 0 },
};
// clang-format on

static const struct route *const tables[] = { routes, NULL };
static const struct route_family families[] = { { .base = "", .tables = tables }, { 0 } };

/* What is sent back of a client's words is still one header line. */
void http_header(struct call *call, const char *name, const char *value)
{
    (void)call;
    assert(*name && *value);
    for (; *value; value++)
        assert((unsigned char)*value >= ' ' && *value != 0x7f);
}

static char *next_line(struct arena *a, const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
    size_t length = end ? (size_t)(end - *data) : *size, used = length + (end != NULL);
    char *line = arena_strndup(a, length ? (const char *)*data : "", length);
    *data += used;
    *size -= used;
    return line;
}

static void check_client(const char *header)
{
    struct proxy_list list;
    struct fault f;
    char text[IP_TEXT_SIZE];
    struct in6_addr ip;
    struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bool good = proxy_list_read("127.0.0.0/8 2001:db8::/32", &list, &f);
    assert(good);
    proxy_client(&list, (struct sockaddr *)&peer, header, text);
    assert(inet_pton(AF_INET6, text, &ip) == 1 || inet_pton(AF_INET, text, &ip) == 1);
    proxy_list_read(header, &list, &f);
}

static const struct actor caller = { .account_id = 5, .user_id = 7, .source = "api" };

static void check_input(const struct request *r, const ProtobufCMessage *in)
{
    if (in->descriptor != &toy_in__descriptor)
        return;
    for (size_t i = 0; r->match.entry->fields[i]; i++)
        assert(utf8_valid(r->match.values[i], strlen(r->match.values[i])));
}

static void check_request(struct request *r, const struct router *router, struct call *call)
{
    router_match(router, &call->arena, r->body_size ? POST : GET, r->path, &r->match);
    ProtobufCMessage *in = r->match.entry ? input_read(r, call) : NULL;
    assert(call->actor.account_id == caller.account_id && call->actor.user_id == caller.user_id &&
           call->actor.api_key_id == 0 && strcmp(call->actor.source, caller.source) == 0);
    if (in)
        check_input(r, in);
    else if (r->match.entry)
        assert(call->fault.code != FAULT_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct router *router;
    struct fault f;
    struct request r = { 0 };
    struct http_header query = { 0 }, prefer = { .name = "Prefer", .value = "handling=strict" };
    struct call *call = &r.own.call;
    if (!router)
        router = router_new(families, &f);
    assert(router);
    arena_init(&call->arena);
    memcpy(&call->actor, &caller, sizeof caller);
    call->door = &r.own;
    r.own.request = &r;
    r.path = next_line(&call->arena, &data, &size);
    query.name = next_line(&call->arena, &data, &size);
    query.value = next_line(&call->arena, &data, &size);
    r.query.first = &query;
    r.headers.first = size % 2 ? &prefer : NULL;
    check_client(next_line(&call->arena, &data, &size));
    r.body = arena_copy(&call->arena, size ? data : (const uint8_t *)"", size);
    r.body_size = size;
    r.input = (struct bytes){ (const uint8_t *)r.body, size };
    check_request(&r, router, call);
    arena_free(&call->arena);
    return 0;
}
