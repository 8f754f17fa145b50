/* Several doors of one process: what each serves, and what they share. */
#include "http_toy.h"

#include "service/metrics.h"

static const struct route page_routes[] = {
    { GET, "/show/{name}", WORKER, RPC(toys, "Echo"), NULL, 200, "Show" },
    { POST, "/wait", AWAIT, RPC(toys, "Wait"), NULL, 200, "Wait" },
    { GET, "/at-once", INLINE, RPC(toys, "Echo"), NULL, 200, "At once" },
    { .path = NULL },
};
static const struct route *const page_tables[] = { page_routes, NULL };
static const struct route_family page_families[] = { { .base = "/pages", .tables = page_tables },
                                                     { .base = NULL } };

enum { API, PAGES };

static struct http *two_doors(void)
{
    return toy_start((struct http_options){
        HTTP_DEFAULTS, .doors = { [API] = { "127.0.0.1:0", toy_families, NULL },
                                  [PAGES] = { "127.0.0.1:0", page_families, "127.0.0.1" } } });
}

static char *exchange_at(const struct http *h, size_t door, struct arena *a, const char *line,
                         const char *headers)
{
    int fd = dial_door(h, door, "127.0.0.1");
    ask(fd, a, line, headers, NULL);
    return hear(fd, a);
}

static void a_path_is_served_at_its_door_alone(void **state)
{
    static const struct {
        size_t door;
        const char *line;
        int status;
    } cases[] = {
        { API, "GET /v2/toy", 200 },         { PAGES, "GET /v2/toy", 404 },
        { API, "GET /v2/inline", 200 },      { PAGES, "GET /v2/inline", 404 },
        { API, "GET /pages/show/x", 404 },   { PAGES, "GET /pages/show/x", 200 },
        { API, "GET /pages/at-once", 404 },  { PAGES, "GET /pages/at-once", 200 },
        { API, "POST /pages/at-once", 404 }, { PAGES, "POST /pages/at-once", 405 },
        { API, "PUT /v2/toy", 405 },         { PAGES, "PUT /v2/toy", 404 },
        { API, "PATCH /v2/toy", 501 },       { PAGES, "PATCH /v2/toy", 404 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange_at(*state, cases[i].door, &a, cases[i].line, "");
        if (status_of(answer) != cases[i].status)
            fail_msg("door %zu, %s: %s", cases[i].door, cases[i].line, answer);
        arena_free(&a);
    }
}

static void page_dress(struct call *call, const struct http_answer *out)
{
    (void)out;
    http_header(call, "X-Page", "yes");
}

/* What no family has is refused as the door's first one does. */
static void the_first_family_refuses_for_its_door(void **state)
{
    static const struct route_family families[] = {
        { .base = "/pages", .tables = page_tables, .dress = page_dress },
        { .base = "/v2", .tables = toy_tables },
        { .base = NULL },
    };
    static const struct {
        const char *line;
        int status;
        bool dressed;
    } cases[] = {
        { "GET /pages/at-once", 200, true },
        { "GET /pages/nowhere", 404, true },
        { "GET /nowhere", 404, true },
        { "BREW /", 404, true },
        { "POST /", 404, true },
        { "GET /v2/toy", 200, false },
        { "GET /v2/nowhere", 404, false },
    };
    struct http *h = toy_start(
        (struct http_options){ HTTP_DEFAULTS, .doors = { { "127.0.0.1:0", families, NULL } } });
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange_at(h, 0, &a, cases[i].line, "");
        if (status_of(answer) != cases[i].status ||
            (strstr(answer, "\r\nX-Page: yes\r\n") != NULL) != cases[i].dressed)
            fail_msg("%s: %s", cases[i].line, answer);
        arena_free(&a);
    }
    toy_stop(h);
}

static void each_door_has_its_proxies(void **state)
{
    struct arena a;
    arena_init(&a);
    const char *headers = "X-Forwarded-For: 192.0.2.7\r\n";
    assert_non_null(
        strstr(exchange_at(*state, API, &a, "GET /v2/toy", headers), "\\\"ip\\\":\\\"127.0.0.1"));
    assert_non_null(strstr(exchange_at(*state, PAGES, &a, "GET /pages/show/x", headers),
                           "\\\"ip\\\":\\\"192.0.2.7"));
    arena_free(&a);
}

static long count_of(const char *metrics, const char *series)
{
    const char *at = strstr(metrics, series);
    return at ? strtol(at + strlen(series), NULL, 10) : 0;
}

/* A series stands once, also that of what is no row at either door. */
static void all_doors_are_counted_together(void **state)
{
    static const char nowhere[] = "{method=\"\",route=\"\",status=\"404\"} ";
    struct http *h = two_doors();
    struct arena a;
    struct text out;
    (void)state;
    arena_init(&a);
    text_init(&out, &a);
    exchange_at(h, API, &a, "GET /nowhere", "");
    exchange_at(h, PAGES, &a, "GET /nowhere", "");
    exchange_at(h, API, &a, "GET /v2/toy", "");
    exchange_at(h, PAGES, &a, "GET /pages/at-once", "");
    metrics_write(&out);
    assert_int_equal(count_of(out.data, nowhere), 2);
    assert_null(strstr(strstr(out.data, nowhere) + 1, nowhere));
    assert_int_equal(
        count_of(out.data, "{method=\"GET\",route=\"/pages/at-once\",status=\"200\"} "), 1);
    assert_int_equal(count_of(out.data, "{method=\"GET\",route=\"/v2/toy\",status=\"200\"} "), 1);
    toy_stop(h);
    arena_free(&a);
}

static void *stop_thread(void *http)
{
    http_stop(http);
    return NULL;
}

/* Both are closed to newcomers, and whoever waits at either gets its answer. */
static void a_stop_waits_at_all_doors(void **state)
{
    struct http *h = two_doors();
    struct arena a;
    pthread_t stopper;
    int fds[] = {
        [API] = dial_door(h, API, "127.0.0.1"), [PAGES] = dial_door(h, PAGES, "127.0.0.1")
    };
    (void)state;
    arena_init(&a);
    ask(fds[API], &a, "POST /v2/wait", "", "{}");
    struct call *first = next_waiting();
    ask(fds[PAGES], &a, "POST /pages/wait", "", "{}");
    struct call *second = next_waiting();
    pthread_create(&stopper, NULL, stop_thread, h);
    ToyOut out = TOY_OUT__INIT;
    call_answer(&out.base, first);
    call_answer(&out.base, second);
    assert_int_equal(status_of(hear(fds[API], &a)), 200);
    assert_int_equal(status_of(hear(fds[PAGES], &a)), 200);
    pthread_join(stopper, NULL);
    http_free(h);
    arena_free(&a);
}

/* The connections of all doors are counted together: who holds many at one does not get more there. */
static void connections_are_of_all_doors(void **state)
{
    struct http_options o = { HTTP_DEFAULTS,
                              .doors = { [API] = { "127.0.0.1:0", toy_families, NULL },
                                         [PAGES] = { "127.0.0.1:0", page_families, NULL } } };
    struct arena a;
    (void)state;
    arena_init(&a);
    o.connections_per_address = 2;
    struct http *h = toy_start(o);
    int one = dial_door(h, API, "127.0.0.1"), two = dial_door(h, PAGES, "127.0.0.1");
    ask(one, &a, "POST /v2/wait", "", "{}");
    struct call *first = next_waiting();
    ask(two, &a, "POST /pages/wait", "", "{}");
    struct call *second = next_waiting();
    assert_int_equal(status_of(exchange_at(h, API, &a, "GET /v2/toy", "")), 0);
    assert_int_equal(status_of(exchange_at(h, PAGES, &a, "GET /pages/at-once", "")), 0);
    ToyOut out = TOY_OUT__INIT;
    call_answer(&out.base, first);
    call_answer(&out.base, second);
    assert_int_equal(status_of(hear(one, &a)), 200);
    assert_int_equal(status_of(hear(two, &a)), 200);
    toy_stop(h);
    arena_free(&a);
}

static void a_bad_second_door_opens_none(void **state)
{
    static const char *const listens[] = { "nowhere", "203.0.113.1:1" };
    (void)state;
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        struct fault f = { 0 };
        struct http_options o = {
            HTTP_DEFAULTS, .doors = { { "127.0.0.1:0", toy_families, NULL, "LISTEN" },
                                      { listens[i], page_families, NULL, "PAGES_LISTEN" } }
        };
        assert_null(http_start(&o, &f));
        assert_string_equal(f.field, "PAGES_LISTEN");
        assert_non_null(strstr(f.detail, listens[i]));
    }
}

static int start(void **state)
{
    *state = two_doors();
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
        cmocka_unit_test_setup_teardown(a_path_is_served_at_its_door_alone, start, stop),
        cmocka_unit_test(the_first_family_refuses_for_its_door),
        cmocka_unit_test_setup_teardown(each_door_has_its_proxies, start, stop),
        cmocka_unit_test(all_doors_are_counted_together),
        cmocka_unit_test(a_stop_waits_at_all_doors),
        cmocka_unit_test(connections_are_of_all_doors),
        cmocka_unit_test(a_bad_second_door_opens_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
