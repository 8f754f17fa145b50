/* What a family has of its own on all its answers, whoever gives them and at whatever moment. */
#include "http_toy.h"

// clang-format off
static const struct route page_routes[] = {
    { GET,  "/page/{name}", WORKER, RPC(toys, "Echo"), NULL, 200, "Show" },
    { POST, "/page",        WORKER, RPC(toys, "Echo"), NULL, 200, "Send", .body_max = 1000 },
    { POST, "/raw",         WORKER, RPC(toys, "Echo"), NULL, 200, "Send", .flags = ROUTE_RAW },
    { GET,  "/inline",      INLINE, RPC(toys, "Echo"), NULL, 200, "At once" },
    { POST, "/wait",        AWAIT,  RPC(toys, "Wait"), NULL, 200, "Wait" },
    { POST, "/wait/short",  AWAIT,  RPC(toys, "Wait"), NULL, 200, "Wait", .deadline = { 100000 } },
    { .path = NULL },
};
// clang-format on
static const struct route *const page_tables[] = { page_routes, NULL };

/* What came is in an envelope, "wrapped:...". */
static bool page_body(struct call *call, struct bytes *body)
{
    static const char before[] = "wrapped:";
    if (body->size == 0)
        return true;
    if (body->size < sizeof before - 1 || memcmp(body->data, before, sizeof before - 1) != 0)
        return fault_set(&call->fault, FAULT_BODY_FORMAT, NULL, "is not wrapped");
    body->data += sizeof before - 1;
    body->size -= sizeof before - 1;
    return true;
}

static void page_dress(struct call *call, const struct http_answer *out)
{
    const char *origin = http_request_header(call, "Origin");
    http_header(call, "X-Status", arena_format(&call->arena, "%d", out->status));
    http_header(call, "X-Origin", origin ? origin : "none");
    http_header(call, "Cache-Control", "no-store");
    http_header(call, "Duplicate-Of", "nothing");
}

static void page_shape_fault(struct call *call, const struct fault *f, struct http_answer *out)
{
    http_header(call, "X-Fault", "shaped");
    out->type = "text/html";
    out->body = BYTES_OF(f->code == FAULT_NO_ROUTE ? "<p>no such page" : "<p>a fault");
}

static const struct route_family page_families[] = {
    { .base = "/v2", .tables = toy_tables },
    { .base = "/pages",
      .tables = page_tables,
      .source = "console",
      .takes = "application/json",
      .admit = toy_admit,
      .glance = toy_glance,
      .body = page_body,
      .dress = page_dress,
      .shape_fault = page_shape_fault },
    { .base = NULL },
};

static struct http *pages(struct http_options o)
{
    o.doors[0] = (struct http_door){ "127.0.0.1:0", page_families, NULL };
    return toy_start(o);
}

static void is_dressed(const char *answer, const char *label, int status)
{
    char x_status[32];
    snprintf(x_status, sizeof x_status, "\r\nX-Status: %d\r\n", status);
    if (status_of(answer) != status || !strstr(answer, x_status) ||
        !strstr(answer, "\r\nX-Origin: https://a.example\r\n") ||
        !strstr(answer, "\r\nCache-Control: no-store\r\n") ||
        !strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n") ||
        (strstr(answer, "\r\nX-Fault: shaped\r\n") != NULL) != (status >= 400))
        fail_msg("%s, expected %d: %s", label, status, answer);
}

#define ORIGIN "Origin: https://a.example\r\n"
#define JSON   "Content-Type: application/json\r\n"

static void all_answers_are_dressed(void **state)
{
    static char large[2000];
    // clang-format off
    const struct {
        const char *line, *headers, *body;
        int status;
    } cases[] = {
        { "GET /pages/page/x", "", NULL, 200 },
        { "HEAD /pages/page/x", "", NULL, 200 },
        { "GET /pages/inline", "", NULL, 200 },
        { "GET /pages/page/kept", "If-None-Match: *\r\n", NULL, 304 },
        { "POST /pages/page", JSON, "wrapped:{\"name\":\"nothing\"}", 204 },
        { "POST /pages/page", JSON, "wrapped:{\"name\":\"fault\"}", 400 },
        { "POST /pages/page", JSON, "wrapped:{\"name\":\"internal\"}", 500 },
        { "POST /pages/page", JSON, "wrapped:{", 400 },
        { "POST /pages/page", JSON, "{}", 400 },
        { "POST /pages/page", "", "wrapped:{}", 415 },
        { "POST /pages/page", "Content-Type: text/plain\r\n", "wrapped:{}", 415 },
        { "POST /pages/page", JSON, large, 413 },
        { "GET /pages/page/x", "X-Toy: 403\r\n", NULL, 403 },
        { "GET /pages/page/x", "X-Toy: 429\r\n", NULL, 429 },
        { "POST /pages/page", JSON "X-Toy: 401\r\n", "wrapped:{}", 403 },
        { "POST /pages/page", JSON "X-Toy: 401\r\nExpect: 100-continue\r\n", "wrapped:{}", 403 },
        { "GET /pages/nowhere", "", NULL, 404 },
        { "GET /pages", "", NULL, 404 },
        { "POST /pages/nowhere", JSON, "wrapped:{}", 404 },
        { "PUT /pages/page", JSON, "wrapped:{}", 405 },
        { "BREW /pages/page", "", NULL, 405 },
        { "GET /pages/page/x", "Bad : header\r\n", NULL, 400 },
        { "GET /pages/page/x", "Host: y\r\n", NULL, 400 },
        { "POST /pages/page", "Transfer-Encoding: gzip\r\n", NULL, 501 },
        { "POST /pages/page", "Transfer-Encoding: chunked\r\n", "wrapped:{}", 400 },
        { "GET /pages/page/x?limit=many", "", NULL, 400 },
    };
    // clang-format on
    memset(large, '1', sizeof large - 1);
    struct http *h = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        const char *headers = arena_format(&a, ORIGIN "%s", cases[i].headers);
        is_dressed(exchange(h, &a, cases[i].line, headers, cases[i].body),
                   arena_format(&a, "%s %s", cases[i].line, cases[i].headers), cases[i].status);
        arena_free(&a);
    }
}

/* Whoever found it: of a door that has pages alone, what the library cannot read is refused by a page, and of
 * a body that it cannot read on the row of the request is known. */
static void what_the_library_refuses_is_dressed(void **state)
{
    static const char head[] = "GET /pages/page/x HTTP/9.9\r\n\r\n";
    static const char body[] = "POST /pages/page HTTP/1.1\r\nHost: x\r\n" ORIGIN JSON
                               "Transfer-Encoding: chunked\r\n\r\nzz\r\n";
    struct http_options o = toy_options();
    struct arena a;
    (void)state;
    arena_init(&a);
    o.doors[0] = (struct http_door){ "127.0.0.1:0", page_families + 1, NULL, "LISTEN" };
    struct http *h = toy_start(o);
    int fd = dial(h);
    say(fd, head, sizeof head - 1);
    char *answer = hear(fd, &a);
    assert_int_equal(status_of(answer), 505);
    assert_non_null(strstr(answer, "\r\nX-Fault: shaped\r\n"));
    assert_non_null(strstr(answer, "\r\nContent-Type: text/html\r\n"));
    assert_string_equal(body_of(answer), "<p>a fault");
    fd = dial(h);
    say(fd, body, sizeof body - 1);
    is_dressed(hear(fd, &a), "a bad chunk", 400);
    toy_stop(h);
    arena_free(&a);
}

/* Who sends on behind the limit, in chunks. */
static void a_body_that_grows_too_large_is_dressed(void **state)
{
    static const char request[] = "POST /pages/page HTTP/1.1\r\nHost: x\r\n" ORIGIN JSON
                                  "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    static char chunk[2000];
    struct arena a;
    arena_init(&a);
    memset(chunk, '1', sizeof chunk);
    int fd = dial(*state);
    say(fd, request, sizeof request - 1);
    say(fd, "7d0\r\n", 5);
    say(fd, chunk, sizeof chunk);
    say(fd, "\r\n0\r\n\r\n", 7);
    is_dressed(hear(fd, &a), "chunks", 413);
    arena_free(&a);
}

static void too_many_bodies_are_dressed(void **state)
{
    struct http_options o = { HTTP_DEFAULTS };
    struct arena a;
    (void)state;
    arena_init(&a);
    o.bodies_max = 7;
    struct http *h = pages(o);
    is_dressed(exchange(h, &a, "POST /pages/page", ORIGIN JSON, "wrapped:{}"), "bodies", 503);
    toy_stop(h);
    arena_free(&a);
}

static void a_full_queue_is_dressed(void **state)
{
    struct http_options o = { HTTP_DEFAULTS };
    struct arena a;
    (void)state;
    arena_init(&a);
    o.queue = 0;
    struct http *h = pages(o);
    is_dressed(exchange(h, &a, "GET /pages/page/x", ORIGIN, NULL), "full", 503);
    toy_stop(h);
    arena_free(&a);
}

/* The handler's call is still its own. */
static void a_deadline_is_dressed(void **state)
{
    ToyOut out = TOY_OUT__INIT;
    struct arena a;
    arena_init(&a);
    is_dressed(exchange(*state, &a, "POST /pages/wait/short", ORIGIN, NULL), "deadline", 504);
    call_answer(&out.base, next_waiting());
    arena_free(&a);
}

static void a_stop_is_dressed(void **state)
{
    struct http_options o = { HTTP_DEFAULTS };
    ToyOut out = TOY_OUT__INIT;
    struct arena a;
    (void)state;
    arena_init(&a);
    o.drain = (struct duration){ 0 };
    struct http *h = pages(o);
    int fd = dial(h);
    ask(fd, &a, "POST /pages/wait", ORIGIN, NULL);
    struct call *call = next_waiting();
    http_stop(h);
    is_dressed(hear(fd, &a), "stop", 503);
    call_answer(&out.base, call);
    http_free(h);
    arena_free(&a);
}

/* Of two headers of a name the handler's counts. */
static void the_handlers_header_counts(void **state)
{
    struct arena a;
    arena_init(&a);
    char *answer = exchange(*state, &a, "GET /pages/page/header", "", NULL);
    assert_non_null(strstr(answer, "\r\nDuplicate-Of: 17\r\n"));
    assert_null(strstr(answer, "nothing"));
    assert_non_null(strstr(exchange(*state, &a, "GET /pages/page/x", "", NULL),
                           "\r\nDuplicate-Of: nothing\r\n"));
    arena_free(&a);
}

static void others_are_not_dressed(void **state)
{
    static const char *const lines[] = { "GET /v2/toy", "GET /v2/nowhere", "GET /nowhere",
                                         "PUT /v2/toy", "GET /pagesx",     "GET /" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, lines[i], ORIGIN, NULL);
        assert_null(strstr(answer, "X-Origin"));
        assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(answer, "\r\nCache-Control: private, no-cache\r\n"));
        arena_free(&a);
    }
}

/* The input is what the family finds in the body, and the actor of its kind. */
static void the_body_is_opened(void **state)
{
    struct arena a;
    arena_init(&a);
    char *answer = exchange(*state, &a, "POST /pages/page", JSON, "wrapped:{\"id\":12}");
    assert_non_null(strstr(answer, "{\\\"id\\\":12,"));
    assert_non_null(strstr(answer, "\\\"source\\\":\\\"console\\\""));
    answer = exchange(*state, &a, "POST /pages/raw", JSON, "wrapped:\x01{");
    assert_non_null(strstr(answer, "\\\"body\\\":\\\"AXs=\\\""));
    answer = exchange(*state, &a, "GET /pages/page/x", "", "not wrapped");
    assert_int_equal(status_of(answer), 200);
    answer = exchange(*state, &a, "GET /v2/toy", "", NULL);
    assert_non_null(strstr(answer, "\\\"source\\\":\\\"api\\\""));
    arena_free(&a);
}

static int start(void **state)
{
    *state = pages((struct http_options){ HTTP_DEFAULTS });
    return 0;
}

static int stop(void **state)
{
    toy_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_answers_are_dressed),
        cmocka_unit_test(what_the_library_refuses_is_dressed),
        cmocka_unit_test(a_body_that_grows_too_large_is_dressed),
        cmocka_unit_test(too_many_bodies_are_dressed),
        cmocka_unit_test(a_full_queue_is_dressed),
        cmocka_unit_test(a_deadline_is_dressed),
        cmocka_unit_test(a_stop_is_dressed),
        cmocka_unit_test(the_handlers_header_counts),
        cmocka_unit_test(others_are_not_dressed),
        cmocka_unit_test(the_body_is_opened),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
