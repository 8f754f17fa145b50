/* Heads that a proxy in front may read otherwise, and such as only look so. */
#include <netinet/tcp.h>

#include "http_toy.h"
#include "service/metrics.h"

#define HOST      "Host: x\r\n"
#define GET_TOY   "GET /v2/toy/1 HTTP/1.1\r\n"
#define POST_TOY  "POST /v2/toy HTTP/1.1\r\n"
#define FORMAT    "\"code\":\"bad_request_format\""
#define CODING    "\"code\":\"transfer_coding_not_supported\""
#define FIELD(f)  FORMAT ",\"message\":\"" f " "
#define RAW(text) text, sizeof(text) - 1

struct raw_case {
    const char *head;
    size_t size;
    int status;
    const char *expect; /* in the body */
};

// clang-format off
static const struct raw_case refused[] = {
    /* One length: RFC 9112 6.1, 6.3. */
    { RAW(POST_TOY HOST "Content-Length: 2\r\nContent-Length: 4\r\n\r\n"), 400, FIELD("Content-Length") },
    { RAW(POST_TOY HOST "Content-Length: 2\r\ncontent-length: 2\r\n\r\n"), 400, FIELD("content-length") },
    { RAW(GET_TOY HOST "Content-Length: 0\r\nX-A: b\r\nContent-Length: 40\r\n\r\n"), 400, FIELD("Content-Length") },
    { RAW(POST_TOY HOST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, FIELD("Transfer-Encoding") },
    { RAW(POST_TOY HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400, FIELD("Transfer-Encoding") },
    { RAW(POST_TOY HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, FIELD("Transfer-Encoding") },
    { RAW("POST /v2/toy HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400, FIELD("Transfer-Encoding") },
    { RAW(POST_TOY HOST "Transfer-Encoding: xchunked\r\n\r\n"), 501, CODING },
    { RAW(POST_TOY HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, CODING },
    { RAW(POST_TOY HOST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 501, CODING },
    { RAW(POST_TOY HOST "Transfer-Encoding: identity\r\n\r\n"), 501, CODING },
    { RAW(POST_TOY HOST "Transfer-Encoding: chunked;a=b\r\n\r\n"), 501, CODING },
    { RAW(POST_TOY HOST "Transfer-Encoding:\r\n\r\n"), 501, CODING },
    { RAW(GET_TOY HOST "Transfer-Encoding: \vchunked\r\n\r\n"), 400, FIELD("Transfer-Encoding") },

    /* Names: RFC 9112 5.1, RFC 9110 5.6.2. */
    { RAW(GET_TOY HOST "Content-Length : 40\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "Content-Length\t: 40\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "Content Length: 40\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X(a): b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "\x01X: b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X\xc3\xa4: b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY " Content-Length: 40\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST ": x\r\nX-A: b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST ":\r\nX-A: b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST " : x\r\n\r\n"), 400, FORMAT },

    /* Folded: RFC 9112 5.2. */
    { RAW(GET_TOY HOST "Content-Length:\r\n 40\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "Content-Length:\r\n\t40\r\nX-A: b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: a\r\n b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: a\r\n  \r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: a\r\n \r\nContent-Length: 40\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY "Host: x\r\n y\r\n\r\n"), 400, FORMAT },

    /* NUL, other control characters, other ends of lines: RFC 9110 5.5, RFC 9112 2.2. */
    { RAW(GET_TOY HOST "X-A: b\0c\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: b\0\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: \0\r\nX-B: c\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-DC-DEVKEY: key\0zz\r\nX-B: c\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: b\rContent-Length: 40\r\n\r\n"), 400, FIELD("X-A") },
    { RAW(GET_TOY HOST "X-A: b\x7f\r\n\r\n"), 400, FIELD("X-A") },
    { RAW(GET_TOY HOST "X-A: b\x1b[1m\r\n\r\n"), 400, FIELD("X-A") },
    { RAW(GET_TOY HOST "X-A: b\nX-B: c\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: b\n\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1 HTTP/1.1\n" HOST "\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A: b\r\n\n"), 400, FORMAT },

    /* Whom it is for, and who asks: RFC 9112 3.2. */
    { RAW(GET_TOY "\r\n"), 400, FIELD("Host") },
    { RAW("GET /v2/toy/1 HTTP/1.2\r\n\r\n"), 400, FIELD("Host") },
    { RAW(GET_TOY HOST HOST "\r\n"), 400, FIELD("Host") },
    { RAW(GET_TOY HOST "hOST: y\r\n\r\n"), 400, FIELD("hOST") },
    { RAW(GET_TOY "Host: x y\r\n\r\n"), 400, FIELD("Host") },
    { RAW(GET_TOY "Host: x, y\r\n\r\n"), 400, FIELD("Host") },
    { RAW(GET_TOY "Host: a@x\r\n\r\n"), 400, FIELD("Host") },
    { RAW(GET_TOY HOST "X-DC-DEVKEY: a\r\nX-DC-DEVKEY: b\r\n\r\n"), 400, FIELD("X-DC-DEVKEY") },
    { RAW(POST_TOY HOST "Idempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n"), 400, FIELD("Idempotency-Key") },

    /* The request line: RFC 9112 3. */
    { RAW("GET  /v2/toy/1 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1  HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1 x HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1?a=b HTTP/1.1 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1\t HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET\t/v2/toy/1 /v2/toy/1 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("G(T /v2/toy/1 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1\0x HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1?limit=1\0x HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1\0 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1\x01 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy/1\r/2 HTTP/1.1\r\n" HOST "\r\n"), 400, FORMAT },
};

static const struct raw_case taken[] = {
    { RAW(GET_TOY "Host:x\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY "Host: \t x \t \r\nX-A:\r\nX-B: \t\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY "Host:\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY "Host: [2001:db8::1]:8080\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY "x-A: b\r\nhost: x\r\nX-A: c\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY HOST "X-A: \xc3\xa4\tb \xff\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY HOST "!#$%&'*+-.^_`|~1: a:b\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW(GET_TOY HOST "Cookie: a=b; c=d\r\nX-A: b\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW("\r\n" GET_TOY HOST "\r\n"), 200, "\\\"id\\\":1" },
    { RAW("GET /v2/toy/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), 200, "\\\"id\\\":1" },
    { RAW("GET /v2/toy/1?limit=5&&a=b&name=%20x HTTP/1.1\r\n" HOST "\r\n"), 200, "\\\"limit\\\":5" },
    { RAW("GET http://x/v2/toy/1 HTTP/1.1\r\n" HOST "\r\n"), 200, "\\\"id\\\":1" },
    { RAW("GET HTTPS://x:8443/v2/toy/1?limit=5 HTTP/1.1\r\n" HOST "\r\n"), 200, "\\\"limit\\\":5" },
    { RAW("GET http://x HTTP/1.1\r\n" HOST "\r\n"), 404, "not_found|route" },
    { RAW("GET http://x?limit=5 HTTP/1.1\r\n" HOST "\r\n"), 404, "not_found|route" },
    { RAW(POST_TOY HOST "Transfer-Encoding: Chunked\r\n\r\n8\r\n{\"id\":1}\r\n0\r\n\r\n"), 201, "\\\"id\\\":1" },
    { RAW(POST_TOY HOST "Content-Length:  008\r\n\r\n{\"id\":1}"), 201, "\\\"id\\\":1" },
    { RAW(POST_TOY HOST "Idempotency-Key:  k \t\r\nContent-Length: 15\r\n\r\n{\"name\":\"seen\"}"), 201, "\"text\":\"k\"" },
};
// clang-format on

static int count_answers(const char *all)
{
    int count = 0;
    while ((all = strstr(all, "HTTP/1.1 "))) {
        count++;
        all++;
    }
    return count;
}

/* What another reading may hide comes behind it. */
static void two_readings_are_refused(void **state)
{
    static const char hidden[] = "GET /v2/toy/9 HTTP/1.1\r\nHost: x\r\n\r\n";
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a;
        int64_t before = metric_get(METRIC_HTTP_MALFORMED);
        arena_init(&a);
        int fd = dial(*state);
        say(fd, refused[i].head, refused[i].size);
        (void)!send(fd, hidden, sizeof hidden - 1, MSG_NOSIGNAL);
        char *answer = hear(fd, &a);
        if (status_of(answer) != refused[i].status || count_answers(answer) != 1 ||
            !strstr(body_of(answer), refused[i].expect) ||
            !strstr(answer, "Content-Type: application/json\r\n") ||
            !strstr(answer, "Connection: close\r\n"))
            fail_msg("%zu: %s\nexpected %d %s\n%s", i, refused[i].head, refused[i].status,
                     refused[i].expect, answer);
        assert_int_equal(metric_get(METRIC_HTTP_MALFORMED), before + 1);
        arena_free(&a);
    }
}

/* ... and the connection goes on. */
static void what_http_allows_is_taken(void **state)
{
    static const char last[] = "GET /v2/toy/9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct arena a;
        arena_init(&a);
        int fd = dial(*state);
        say(fd, taken[i].head, taken[i].size);
        say(fd, last, sizeof last - 1);
        char *answer = hear(fd, &a);
        if (status_of(answer) != taken[i].status || count_answers(answer) != 2 ||
            !strstr(answer, taken[i].expect) || !strstr(answer, "\\\"id\\\":9"))
            fail_msg("%zu: %s\nexpected %d %s\n%s", i, taken[i].head, taken[i].status,
                     taken[i].expect, answer);
        arena_free(&a);
    }
}

/* However it is cut into packets. */
static void heads_come_in_pieces(void **state)
{
    static const char good[] = GET_TOY HOST "X-A: b\r\nConnection: close\r\n\r\n";
    static const char folded[] = GET_TOY HOST "X-A: b\r\n c\r\nConnection: close\r\n\r\n";
    for (size_t cut = 1; cut < sizeof good - 1; cut++) {
        struct arena a;
        arena_init(&a);
        int one = dial(*state), two = dial(*state), nodelay = 1;
        setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay);
        setsockopt(two, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay);
        say(one, good, cut);
        say(two, folded, cut);
        assert_int_equal(status_of(exchange(*state, &a, "GET /v2/toy", "", NULL)), 200);
        say(one, good + cut, sizeof good - 1 - cut);
        say(two, folded + cut, sizeof folded - 1 - cut);
        assert_int_equal(status_of(hear(one, &a)), 200);
        assert_int_equal(status_of(hear(two, &a)), 400);
        arena_free(&a);
    }
}

/* A head that the library's buffer had to grow for. */
static void long_heads_are_whole(void **state)
{
    struct arena a;
    struct text head;
    arena_init(&a);
    text_init(&head, &a);
    text_add(&head, GET_TOY HOST "Connection: close\r\n");
    for (int i = 0; i < 50; i++)
        text_format(&head, "X-%d: %0300d\r\n", i, i);
    int fd = dial(*state);
    say(fd, head.data, head.length);
    say(fd, "\r\n", 2);
    assert_int_equal(status_of(hear(fd, &a)), 200);
    fd = dial(*state);
    say(fd, head.data, head.length);
    say(fd, " folded\r\n\r\n", 11);
    assert_int_equal(status_of(hear(fd, &a)), 400);
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
        cmocka_unit_test(two_readings_are_refused),
        cmocka_unit_test(what_http_allows_is_taken),
        cmocka_unit_test(heads_come_in_pieces),
        cmocka_unit_test(long_heads_are_whole),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
