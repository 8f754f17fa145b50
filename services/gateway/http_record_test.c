/* What is kept of a request: a line of the log and a count, by the row of its route. */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/log.h"
#include "http_toy.h"
#include "service/metrics.h"

#define TRACE       "0af7651916cd43dd8448eb211c80319c"
#define TRACEPARENT "traceparent: 00-" TRACE "-b7ad6b7169203331-01\r\n"

/* Each path and query has the word "secret" where a client has something to say. */
// clang-format off
static const struct {
    const char *line, *headers, *body;
    const char *level, *method, *route;
    int status;
    const char *code;
    bool known; /* whose it was */
} cases[] = {
    { "GET /v2/toy/by/secret",      "", NULL, "debug", "GET",    "/v2/toy/by/{name}",  200, "",              true },
    { "HEAD /v2/toy?secret=1",      "", NULL, "debug", "GET",    "/v2/toy",            200, "",              true },
    { "POST /v2/toy",               "", "{\"name\":\"secret\"}", "info", "POST", "/v2/toy", 201, "",         true },
    { "PUT /v2/toy/3",              "", "{}", "info",  "PUT",    "/v2/toy/{id}",       204, "",              true },
    { "GET /v2/toy?limit=secret",   "", NULL, "info",  "GET",    "/v2/toy",            400, "invalid_field", true },
    { "POST /v2/toy",               "", "{\"secret",  "info", "POST", "/v2/toy",       400, "bad_request_format", true },
    { "POST /v2/toy/need/5?secret", "", "{}", "info",  "POST",   "/v2/toy/need/{id}",  400, "missing_field", true },
    { "GET /v2/toy/by/secret",      "X-Toy: 403\r\n", NULL, "info", "GET", "/v2/toy/by/{name}", 403,
      "access_denied|access_denied_invalid_key", false },
    { "POST /v2/toy",               "X-Toy: 401\r\n", "{}", "info", "POST", "/v2/toy", 403,
      "access_denied|access_denied_invalid_key", false },
    { "GET /v2/toy",                "X-Toy: 429\r\n", NULL, "info", "GET", "/v2/toy",  429, "request_limit_exceeded", false },
    { "GET /v2/secret",             "", NULL, "info",  "GET",    "",                   404, "not_found|route", false },
    { "BREW /v2/toy/secret",        "", NULL, "info",  "",       "",                   405, "method_not_allowed", false },
    { "GET /v2/toy/secret/box",     "", NULL, "info",  "GET",    "/v2/toy/{toy_id}/box", 501, "not_served",  false },
    { "POST /v2/toy/small",         "", "{\"name\":\"secret\"}", "info", "POST", "/v2/toy/small", 413, "request_too_large", false },
    { "POST /v2/toy",               "", "{\"name\":\"internal\"}", "info", "POST", "/v2/toy", 500, "internal_error", true },
    { "GET /v2/inline",             "", NULL, "debug", "GET",    "/v2/inline",         200, "",              true },
    { "GET /v2/toy",                "Host: secret\r\n", NULL, "debug", "GET", "/v2/toy", 400, "bad_request_format", false },
};
// clang-format on

static int real_stderr, captured;
static char lines[256 * 1024];

static void capture(void)
{
    real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    captured = memfd_create("log", MFD_CLOEXEC);
    assert_true(captured >= 0 && dup2(captured, STDERR_FILENO) >= 0);
}

static void release(void)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    ssize_t size = pread(captured, lines, sizeof lines - 1, 0);
    lines[size > 0 ? size : 0] = '\0';
    close(captured);
}

/* The line of `message` that the log has; it has one. */
static char *line_of(struct arena *a, const char *message)
{
    const char *wanted = arena_format(a, "\"message\":\"%s\"", message);
    const char *at = strstr(lines, wanted);
    if (!at || strstr(at + 1, wanted)) {
        fail_msg("not one line \"%s\" in:\n%s", message, lines);
        return NULL;
    }
    while (at > lines && at[-1] != '\n')
        at--;
    return arena_strndup(a, at, strcspn(at, "\n"));
}

static void has(const char *line, const char *member)
{
    if (!strstr(line, member))
        fail_msg("no %s in %s", member, line);
}

static void check_line(struct arena *a, size_t i)
{
    const char *line = line_of(a, "request");
    has(line, arena_format(a, "\"level\":\"%s\"", cases[i].level));
    has(line, arena_format(a, "\"method\":\"%s\",\"route\":\"%s\",\"status\":%d,\"ms\":",
                           cases[i].method, cases[i].route, cases[i].status));
    has(line, arena_format(a, "\"code\":\"%s\"", cases[i].code));
    has(line, cases[i].known ? "\"account_id\":5,\"api_key_id\":11"
                             : "\"account_id\":0,\"api_key_id\":0");
    has(line, "\"ip\":\"127.0.0.1\"");
    has(line, "\"trace\":\"00-" TRACE "-");
}

static void each_request_is_a_line(void **state)
{
    (void)state;
    log_start("gateway", LOG_DEBUG);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        capture();
        struct http *h = toy_start(toy_options());
        char *answer =
            exchange(h, &a, cases[i].line, arena_format(&a, TRACEPARENT "%s", cases[i].headers),
                     cases[i].body);
        toy_stop(h);
        release();
        assert_int_equal(status_of(answer), cases[i].status);
        has(answer, "Request-Id: " TRACE);
        check_line(&a, i);
        if (cases[i].status != 500)
            assert_null(strstr(lines, "secret"));
        arena_free(&a);
    }
    log_start("", LOG_INFO);
}

/* What a handler could not do is a line of its own; where it was is not told by the path. */
static void a_failure_names_the_route(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    capture();
    struct http *h = toy_start(toy_options());
    exchange(h, &a, "PUT /v2/toy/77", TRACEPARENT, "{\"name\":\"internal\"}");
    toy_stop(h);
    release();
    const char *line = line_of(&a, "request failed");
    has(line, "\"method\":\"PUT\",\"route\":\"/v2/toy/{id}\",\"fault\":\"INTERNAL\"");
    assert_null(strstr(lines, "toy/77"));
    arena_free(&a);
}

static int count_of(const char *words)
{
    int count = 0;
    for (const char *at = lines; (at = strstr(at, words)); at++)
        count++;
    return count;
}

/* Whoever is not known is told of a few times a second; who is, each time. */
static void strangers_fill_no_log(void **state)
{
    enum { MANY = 150, A_SECOND = 5 };
    (void)state;
    capture();
    struct http *h = toy_start(toy_options());
    struct tick begun = tick_now();
    for (int i = 0; i < MANY; i++) {
        struct arena a;
        arena_init(&a);
        exchange(h, &a, "GET /v2/toy", "X-Toy: 403\r\n", NULL);
        exchange(h, &a, "GET /v2/toy?limit=x", "", NULL);
        arena_free(&a);
    }
    int64_t seconds_most = (tick_now().us - begun.us) / 1000000 + 2;
    toy_stop(h);
    release();
    int strangers = count_of("\"status\":403");
    assert_int_equal(count_of("\"status\":400"), MANY);
    assert_in_range(strangers, 1, A_SECOND * seconds_most);
    assert_int_equal(strangers == MANY, count_of("more requests of nobody") == 0);
}

static const char *series(struct arena *a)
{
    struct text out;
    text_init(&out, a);
    metrics_write(&out);
    const char *at = strstr(out.data, "# HELP chancery_http_route_answers_total");
    return at ? arena_strndup(a, at, (size_t)(strstr(at, "# HELP chancery_http_connections") - at))
              : "";
}

/* As many as there are rows and statuses, whatever is asked for. */
static void answers_are_counted_by_route(void **state)
{
    static const char *const asked[] = { "GET /v2/toy/1", "GET /v2/toy/2", "GET /v2/toy/x",
                                         "GET /v2/a",     "BREW /v2/b",    "GET /v2/toy/1/box",
                                         "GET /v2/c" };
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        exchange(h, &a, asked[i], "", NULL);
#define ROW(method, route, status, n)                                                              \
    "chancery_http_route_answers_total{method=\"" method "\",route=\"" route "\",status=\"" status \
    "\"} " n "\n"
    assert_string_equal(
        series(&a),
        "# HELP chancery_http_route_answers_total HTTP requests answered, by the row of their "
        "route "
        "and by status\n"
        "# TYPE chancery_http_route_answers_total counter\n" ROW("GET", "/v2/toy/{id}", "200", "2")
            ROW("GET", "/v2/toy/{id}", "404", "1") ROW("", "", "404", "3") ROW("", "", "501", "1"));
    toy_stop(h);
    assert_string_equal(series(&a), "");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_is_a_line),
        cmocka_unit_test(strangers_fill_no_log),
        cmocka_unit_test(a_failure_names_the_route),
        cmocka_unit_test(answers_are_counted_by_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
