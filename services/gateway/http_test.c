#include "http_toy.h"

#define ERRORS(code, message) "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\"}]}"
#define FIELD(code, message, field)                                                                \
    "{\"errors\":[{\"code\":\"" code "\",\"message\":\"" message "\",\"field\":\"" field "\"}]}"
#define IN_QUERY(member)                                                                           \
    FIELD("invalid_field", member " belongs in the body and must not stand in the query", member)
#define NO_TYPE                                                                                    \
    FIELD("unsupported_media_type", "Content-Type must be application/json, text/csv",             \
          "Content-Type")
#define NO_ROUTE_BODY   ERRORS("not_found|route", "The specified route is not supported.")
#define NOT_SERVED_BODY ERRORS("not_served", "This call of the published API is not served here.")
#define OWN                                                                                        \
    "\\\"account_id\\\":5,\\\"user_id\\\":7,\\\"source\\\":\\\"api\\\",\\\"ip\\\":\\\"127.0.0."    \
    "1\\\"}\"}"

// clang-format off
static const struct {
    const char *line, *headers, *body;
    int status;
    const char *expect;  /* the whole body */
    const char *header;  /* must be there; NULL: none in particular */
} cases[] = {
    /* Paths, with and without a slash at the end; what is spelled out wins over a member. */
    { "GET /v2/toy", "", NULL, 200, "{\"text\":\"{" OWN, "Content-Type: application/json\r\n" },
    { "GET /v2/toy/", "", NULL, 200, "{\"text\":\"{" OWN, "Cache-Control: private, no-cache\r\n" },
    { "GET /v2/toy/12", "", NULL, 200, "{\"text\":\"{\\\"id\\\":12," OWN, "Request-Id: " },
    { "GET /v2/toy/plain", "", NULL, 200, "as text", "Content-Type: text/plain\r\n" },
    { "GET /v2/toy/plain", "", NULL, 200, "as text", "Content-Disposition: attachment\r\n" },
    { "GET /v2/toy/by/a%2Fb%20c+d", "", NULL, 200, "{\"text\":\"{\\\"name\\\":\\\"a/b c+d\\\"," OWN, NULL },
    { "GET /v2/rest/a//b%2F=/", "", NULL, 200,
      "{\"text\":\"{\\\"account_id\\\":5,\\\"user_id\\\":7,\\\"source\\\":\\\"api\\\",\\\"ip\\\":\\\"127.0.0.1\\\",\\\"rest\\\":\\\"a//b/=/\\\"}\"}", NULL },
    { "GET /v2/toy/x1", "", NULL, 404, ERRORS("not_found", "no such address"), NULL },
    { "GET /v2/toy/by/%zz", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /v2/toy/by/%00", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /v2/toy/by/%ff", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /v2/toy//by", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /v2//toy/12", "", NULL, 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "GET //v2/toy/12", "", NULL, 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "GET //v2///toy/12", "", NULL, 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "GET http://x//v2//toy/12", "", NULL, 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "GET //", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /v2//", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /v2/nowhere", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "GET /", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "POST /v2/nowhere", "", "{}", 404, NO_ROUTE_BODY, NULL },
    { "PUT /v2/toy", "", "{}", 405, ERRORS("method_not_allowed", "The method is not allowed here, which takes GET, POST."), "Allow: GET, POST\r\n" },
    { "BREW /v2/toy/1", "", NULL, 405, ERRORS("method_not_allowed", "The method is not allowed here, which takes GET, PUT, DELETE."), "Allow: GET, PUT, DELETE\r\n" },
    { "GET /v2/toy/1/box", "", NULL, 501, NOT_SERVED_BODY, NULL },
    { "GET /v2/toy/1/bocks", "", NULL, 404, NO_ROUTE_BODY, NULL },
    { "PATCH /v2/toy", "X-Toy: 403\r\n", "{\"name\":\"x\"}", 501, NOT_SERVED_BODY, NULL },
    { "HEAD /v2/toy", "", NULL, 200, "", "Content-Type: application/json\r\n" },
    { "HEAD /v2/toy/by/method", "", NULL, 200, "", "\r\nMethod: HEAD\r\n" },
    { "GET /v2/toy/by/method", "", NULL, 200, "{\"text\":\"{\\\"name\\\":\\\"method\\\"," OWN, "\r\nMethod: GET\r\n" },
    { "GET /v2/inline", "", NULL, 200, "{\"text\":\"{" OWN, NULL },

    /* The query. */
    { "GET /v2/toy?limit=5&unknown=1&filters%5Bstatus%5D=a&filters[status][1]=b%26c&filters[name]=x+y", "", NULL, 200,
      "{\"text\":\"{\\\"filters\\\":{\\\"status\\\":[\\\"a\\\",\\\"b&c\\\"],\\\"name\\\":\\\"x y\\\"},\\\"limit\\\":5," OWN, NULL },
    { "GET /v2/toy?limit=&filters[name]=", "", NULL, 200, "{\"text\":\"{" OWN, NULL },
    { "GET /v2/toy?limit&filters[", "", NULL, 200, "{\"text\":\"{" OWN, NULL },
    { "GET /v2/toy?account_id=1&user_id=2&source=system&ip=1.1.1.1", "", NULL, 200, "{\"text\":\"{" OWN, NULL },
    { "GET /v2/toy/3?id=4", "", NULL, 200, "{\"text\":\"{\\\"id\\\":3," OWN, NULL },
    { "GET /v2/toy?parent_id=0", "", NULL, 200, "{\"text\":\"{" OWN, NULL },
    { "GET /v2/toy?limit=0&filters[name]=0", "", NULL, 200,
      "{\"text\":\"{\\\"filters\\\":{\\\"name\\\":\\\"0\\\"},\\\"limit\\\":0," OWN, NULL },

    /* Where there is a body the query gives no member: neither beside it, nor instead of it. */
    { "POST /v2/toy?name=x", "", "{\"id\":1}", 400, IN_QUERY("name"), NULL },
    { "POST /v2/toy?name=x", "", NULL, 400, IN_QUERY("name"), NULL },
    { "PUT /v2/toy/3?filters%5Bname%5D=x", "", "{}", 400, IN_QUERY("filters.name"), NULL },
    { "PUT /v2/toy/3?filters.status=x", "", "{}", 400, IN_QUERY("filters.status"), NULL },
    { "POST /v2/toy/need/5?name=n", "", NULL, 400, IN_QUERY("name"), NULL },
    { "POST /v2/toy?unknown=1&name=&account_id=1&now=1", "", "{\"id\":1}", 201, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "PUT /v2/toy/3?id=4", "", "{}", 204, "", NULL },

    /* The body; the path wins over it, and nobody names another account. */
    { "POST /v2/toy", "", "{\"id\":\"9\",\"tags\":[\"a\"],\"more\":1}", 201, "{\"text\":\"{\\\"id\\\":9,\\\"tags\\\":[\\\"a\\\"]," OWN, NULL },
    { "POST /v2/toy", "Content-Type: application/xml\r\n", "{\"id\":1,\"account_id\":99,\"user_id\":3,\"source\":\"cli\"}", 201, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "PUT /v2/toy/3", "", "{\"id\":4}", 204, "", NULL },
    { "POST /v2/toy/user/44", "", "{\"parent_id\":45}", 200,
      "{\"text\":\"{\\\"account_id\\\":5,\\\"user_id\\\":7,\\\"source\\\":\\\"api\\\",\\\"ip\\\":\\\"127.0.0.1\\\",\\\"parent_id\\\":44}\"}", NULL },
    { "POST /v2/toy", "", NULL, 201, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy/need/5", "", "{\"name\":\"n\",\"id\":6}", 200, "{\"id\":5,\"name\":\"n\"}", NULL },
    { "POST /v2/toy/need/5", "", "{\"id\":6}", 400, FIELD("missing_field", "name is required", "name"), NULL },
    { "POST /v2/toy/need/5", "", NULL, 400, FIELD("missing_field", "name is required", "name"), NULL },
    /* One that is missing has many forms. */
    { "POST /v2/toy", "", "null", 201, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy", "", "[]", 201, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy", "", "\"\"", 201, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy", "", "\xEF\xBB\xBF{}\n", 201, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy/need/5", "", "[]", 400, FIELD("missing_field", "name is required", "name"), NULL },
    { "POST /v2/toy", "", "{\"id\":0,\"name\":\"\",\"tags\":{},\"filters\":{\"name\":\"\"}}", 201, "{\"text\":\"{" OWN, NULL },
    /* Where none is needed, or none has a meaning, it is not looked at. */
    { "POST /v2/toy/need/5/n", "", "order_id=1", 200, "{\"id\":5,\"name\":\"n\"}", NULL },
    { "POST /v2/toy/need/5/n?name=m", "", "[{\"name\":\"m\"}]", 200, "{\"id\":5,\"name\":\"n\"}", NULL },
    { "GET /v2/toy/12", "", "null", 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "GET /v2/toy/12", "", "{\"name\":\"x\"}", 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "HEAD /v2/toy/12", "", "[]", 200, "", NULL },
    { "DELETE /v2/toy/12", "", "order_id=1", 200, "{\"text\":\"{\\\"id\\\":12," OWN, NULL },
    { "DELETE /v2/toy/12?name=x", "", "\"\"", 200, "{\"text\":\"{\\\"id\\\":12,\\\"name\\\":\\\"x\\\"," OWN, NULL },
    { "GET /v2/toy/by/me", "", "this is no JSON", 200, "{\"text\":\"{\\\"name\\\":\\\"me\\\"," OWN, NULL },
    { "POST /v2/toy/raw", "", "\x01{", 200, "{\"text\":\"{" "\\\"account_id\\\":5,\\\"user_id\\\":7,\\\"source\\\":\\\"api\\\",\\\"ip\\\":\\\"127.0.0.1\\\",\\\"body\\\":\\\"AXs=\\\"}\"}", NULL },
    { "POST /v2/toy/small", "", "{\"id\":123456}", 413, ERRORS("request_too_large", "The request is too large."), "Connection: close\r\n" },

    /* What a body is, where the row says what it takes; elsewhere anything goes. */
    { "POST /v2/toy/typed", "Content-Type: application/json\r\n", "{\"id\":1}", 200, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "POST /v2/toy/typed", "content-type:  APPLICATION/Json ; charset=utf-8\r\n", "{\"id\":1}", 200, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "POST /v2/toy/typed", "Content-Type: text/csv\r\n", "{\"id\":1}", 200, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "POST /v2/toy/typed", "Content-Type: text/csv\r\n", "", 200, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy/typed", "", NULL, 200, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy/typed", "", "", 200, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy/typed", "", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: text/plain\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: text/plain\r\n", "", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: application/x-www-form-urlencoded\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: application/jsonx\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: application/\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: \r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: ;application/json\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: application/json\r\nContent-Type: text/csv\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "POST /v2/toy/typed", "Content-Type: text/plain\r\nX-Toy: 401\r\n", "{\"id\":1}", 415, NO_TYPE, NULL },
    { "DELETE /v2/toy/typed", "Content-Type: text/plain\r\n", "x", 200, "{\"text\":\"{" OWN, NULL },
    { "POST /v2/toy", "Content-Type: text/plain\r\n", "{\"id\":1}", 201, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "POST /v2/toy", "Content-Type: application/x-www-form-urlencoded\r\n", "{\"id\":1}", 201, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },
    { "POST /v2/toy", "Content-Type: \r\n", "{\"id\":1}", 201, "{\"text\":\"{\\\"id\\\":1," OWN, NULL },

    /* Answers other than the row's. */
    { "POST /v2/toy", "", "{\"name\":\"nothing\"}", 204, "", NULL },
    { "POST /v2/toy", "Idempotency-Key: k1\r\n", "{\"name\":\"seen\"}", 201, "{\"text\":\"k1\"}", NULL },
    { "POST /v2/toy", "", "{\"name\":\"fault\"}", 400, FIELD("invalid_csr", "certificate.csr is \\\"truncated\\\"", "certificate.csr"), NULL },
    { "POST /v2/toy", "", "{\"name\":\"internal\"}", 500, ERRORS("internal_error", "An error occurred while the request was processed."), NULL },
    { "POST /v2/toy", "X-Toy: 403\r\n", "no JSON", 403,
      ERRORS("access_denied|access_denied_invalid_key", "Access denied due to access_denied_invalid_key."), NULL },
    { "GET /v2/toy", "X-Toy: 429\r\n", NULL, 429,
      ERRORS("request_limit_exceeded", "Service unavailable, please limit request volume"), "Retry-After: 3\r\n" },
};
// clang-format on

static void requests_are_answered(void **state)
{
    struct http *h = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(h, &a, cases[i].line, cases[i].headers, cases[i].body);
        if (status_of(answer) != cases[i].status || strcmp(body_of(answer), cases[i].expect) != 0 ||
            (cases[i].header && !strstr(answer, cases[i].header)))
            fail_msg("%s\n%s\nexpected %d %s", cases[i].line, answer, cases[i].status,
                     cases[i].expect);
        assert_non_null(strstr(answer, "\r\nX-Content-Type-Options: nosniff\r\n"));
        if (cases[i].status == 204)
            assert_null(strstr(answer, "\r\nContent-"));
        arena_free(&a);
    }
}

/* What is no JSON, or JSON that is not strict, is 400 without a field; the codec tests the rest. */
static void bad_bodies_are_refused(void **state)
{
    static const char *const bodies[] = { "{",           "[1]",
                                          "{\"id\":1}x", "{\"id\":1,\"id\":2}",
                                          "id=1",        "{\"name\":\"\xff\"}" };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, "POST /v2/toy", "", bodies[i]);
        assert_int_equal(status_of(answer), 400);
        assert_non_null(strstr(answer, "\"code\":\"bad_request_format\""));
        arena_free(&a);
    }
}

static void a_wrong_query_value_names_its_member(void **state)
{
    struct arena a;
    arena_init(&a);
    char *answer = exchange(*state, &a, "GET /v2/toy?limit=many", "", NULL);
    assert_int_equal(status_of(answer), 400);
    assert_non_null(strstr(answer, "\"code\":\"invalid_field\""));
    assert_non_null(strstr(answer, "\"field\":\"limit\"}"));
    arena_free(&a);
}

static void a_handlers_header_is_sent(void **state)
{
    struct arena a;
    arena_init(&a);
    char *answer = exchange(*state, &a, "POST /v2/toy", "", "{\"name\":\"header\"}");
    assert_non_null(strstr(answer, "\r\nDuplicate-Of: 17\r\n"));
    arena_free(&a);
}

/* RFC 9110 13.1.2, 13.1.3: tags, compared weakly; a date only without them. */
static void what_the_client_has_is_not_sent_again(void **state)
{
    static const struct {
        const char *headers;
        int status;
    } kept[] = {
        { "", 200 },
        { "If-None-Match: \"a,b\"\r\n", 304 },
        { "If-None-Match: W/\"a,b\"\r\n", 304 },
        { "If-None-Match: *\r\n", 304 },
        { "If-None-Match: \"x\", \"a,b\"\r\n", 304 },
        { "If-None-Match: \"x\",,W/\"y,z\" ,\t\"a,b\"\r\n", 304 },
        { "If-None-Match: \"x\"\r\nIf-None-Match: \"a,b\"\r\n", 304 },
        { "If-None-Match: \"a\"\r\n", 200 },
        { "If-None-Match: \"a,b\r\n", 200 },
        { "If-None-Match: \"a,bc\"\r\n", 200 },
        { "If-None-Match: a,b\r\n", 200 },
        { "If-None-Match: \r\n", 200 },
        { "If-None-Match: nonsense, \"a,b\"\r\n", 200 },
        { "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 304 },
        { "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304 },
        { "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200 },
        { "If-Modified-Since: Mon, 07 Nov 1994 08:49:36 GMT\r\n", 304 },
        { "If-Modified-Since: yesterday\r\n", 200 },
        { "If-None-Match: \"x\"\r\nIf-Modified-Since: Mon, 07 Nov 1994 08:49:36 GMT\r\n", 200 },
        { "If-None-Match: \"a,b\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 304 },
    };
    struct arena all;
    arena_init(&all);
    const char *whole = exchange(*state, &all, "GET /v2/toy/by/kept", "", NULL);
    const char *length = arena_format(&all, "\r\nContent-Length: %zu\r\n", strlen(body_of(whole)));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        for (int head = 0; head < 2; head++) {
            struct arena a;
            arena_init(&a);
            char *answer =
                exchange(*state, &a, head ? "HEAD /v2/toy/by/kept" : "GET /v2/toy/by/kept",
                         kept[i].headers, NULL);
            if (status_of(answer) != kept[i].status)
                fail_msg("%sexpected %d: %s", kept[i].headers, kept[i].status, answer);
            assert_int_equal(*body_of(answer) != 0, kept[i].status == 200 && !head);
            assert_int_equal(strstr(answer, "\r\nContent-Type:") != NULL, kept[i].status == 200);
            assert_non_null(strstr(answer, length));
            assert_non_null(strstr(answer, "\r\nETag: \"a,b\"\r\n"));
            assert_non_null(strstr(answer, "\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
            arena_free(&a);
        }
    arena_free(&all);
}

static void a_trace_is_continued(void **state)
{
    static const char *const traces[][2] = {
        { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "0af7651916cd43dd8448eb211c80319c" },
        { "00-00000000000000000000000000000000-b7ad6b7169203331-01", NULL },
        { "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", NULL },
        { "nonsense", NULL },
    };
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, "GET /v2/toy",
                                arena_format(&a, "traceparent: %s\r\n", traces[i][0]), NULL);
        const char *id = strstr(answer, "Request-Id: ");
        assert_non_null(id);
        if (traces[i][1])
            assert_memory_equal(id + 12, traces[i][1], 32);
        else
            assert_int_not_equal(strspn(id + 12, "0"), 32);
        assert_memory_equal(id + 44, "\r\n", 2);
        arena_free(&a);
    }
}

static void one_connection_serves_many_requests(void **state)
{
    struct arena a;
    arena_init(&a);
    static const char three[] =
        "GET /v2/toy/1 HTTP/1.1\r\nHost: x\r\n\r\n"
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\n{\"id\"\r\n3\r\n:2}\r\n0\r\n\r\n"
        "GET /v2/toy/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    int fd = dial(*state);
    say(fd, three, sizeof three - 1);
    char *answer = hear(fd, &a);
    assert_non_null(strstr(answer, "\\\"id\\\":1,"));
    assert_non_null(strstr(answer, "\\\"id\\\":2,"));
    assert_non_null(strstr(answer, "\\\"id\\\":3,"));
    arena_free(&a);
}

static int start(void **state)
{
    *state = toy_start(toy_options());
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
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(bad_bodies_are_refused),
        cmocka_unit_test(a_wrong_query_value_names_its_member),
        cmocka_unit_test(a_handlers_header_is_sent),
        cmocka_unit_test(what_the_client_has_is_not_sent_again),
        cmocka_unit_test(a_trace_is_continued),
        cmocka_unit_test(one_connection_serves_many_requests),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
