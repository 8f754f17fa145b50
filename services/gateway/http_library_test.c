/* Heads and bodies that libmicrohttpd refuses by itself: its answers are in our form. */
#include "http_toy.h"
#include "service/metrics.h"

#define HOST      "Host: x\r\n"
#define GET_TOY   "GET /v2/toy/1 HTTP/1.1\r\n"
#define POST_TOY  "POST /v2/toy HTTP/1.1\r\n"
#define CHUNKED   POST_TOY HOST "Transfer-Encoding: chunked\r\n\r\n"
#define FORMAT    "bad_request_format"
#define LARGE     "request_too_large"
#define TARGET    "request_target_too_long"
#define HEAD      "request_head_too_large"
#define VERSION   "http_version_not_supported"
#define LENGTH    FORMAT "\",\"message\":\"Content-Length "
#define RAW(text) text, sizeof(text) - 1

struct raw_case {
    const char *text;
    size_t size;
    int status;
    const char *code; /* and what follows it */
};

// clang-format off
static const struct raw_case refused[] = {
    /* The request line. */
    { RAW("GET \r\n\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy HTTP/1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy HTTP/1.10\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy http/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy HTTPS/1.1\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy HTTP/1.1x\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy HTTP/1.1\t\r\n" HOST "\r\n"), 400, FORMAT },
    { RAW("GET /v2/toy HTTP/0.9\r\n" HOST "\r\n"), 505, VERSION },
    { RAW("GET /v2/toy HTTP/2.0\r\n" HOST "\r\n"), 505, VERSION },
    { RAW("GET /v2/toy HTTP/9.9\r\n" HOST "\r\n"), 505, VERSION },
    { RAW("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, VERSION },
    { RAW("OPTIONS * RTSP/1.0\r\n\r\n"), 400, FORMAT },

    /* Lines of the head. */
    { RAW(GET_TOY "no colon\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "no colon\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "no colon\r\nX-A: b\r\n\r\n"), 400, FORMAT },
    { RAW(GET_TOY HOST "X-A\0: b\r\n\r\n"), 400, FORMAT },

    /* Lengths. */
    { RAW(POST_TOY HOST "Content-Length: -1\r\n\r\n"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length: +1\r\n\r\n"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length: 1x\r\n\r\n{"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length: 0x1\r\n\r\n{"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length: 1 \r\n\r\n{"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length: 1, 1\r\n\r\n{"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length:\r\n\r\n"), 400, LENGTH },
    { RAW(POST_TOY HOST "Content-Length: 18446744073709551616\r\n\r\n"), 413, LARGE },
    { RAW(POST_TOY HOST "Content-Length: 99999999999999999999999\r\n\r\n"), 413, LARGE },

    /* Chunks, and what follows them. */
    { RAW(CHUNKED "zz\r\n"), 400, FORMAT },
    { RAW(CHUNKED "-1\r\n"), 400, FORMAT },
    { RAW(CHUNKED "0x8\r\n{\"id\":1}\r\n0\r\n\r\n"), 400, FORMAT },
    { RAW(CHUNKED "\r\n"), 400, FORMAT },
    { RAW(CHUNKED ";a=b\r\n"), 400, FORMAT },
    { RAW(CHUNKED "8 \r\n{\"id\":1}\r\n0\r\n\r\n"), 400, FORMAT },
    { RAW(CHUNKED "8\r\n{\"id\":1}0\r\n\r\n"), 400, FORMAT },
    { RAW(CHUNKED "ffffffffffffffffff\r\n"), 413, LARGE },
    { RAW(CHUNKED "8\r\n{\"id\":1}\r\n0\r\nno colon\r\n\r\n"), 400, FORMAT },
    { RAW(CHUNKED "8\r\n{\"id\":1}\r\n0\r\nX-A: b\r\nno colon\r\n\r\n"), 400, FORMAT },
};

/* Not HTTP at all: the library closes before it knows what to answer to. */
static const struct raw_case dropped[] = {
    { RAW("GET\r\n\r\n"), 0, NULL },
    { RAW("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"), 0, NULL },
    { RAW("SSH-2.0-OpenSSH_9.2\r\n"), 0, NULL },
};
// clang-format on

static int count_of(const char *all, const char *what)
{
    int count = 0;
    while ((all = strstr(all, what))) {
        count++;
        all += strlen(what);
    }
    return count;
}

static char *ask_raw(const struct http *h, struct arena *a, const char *text, size_t size)
{
    int fd = dial(h);
    (void)!send(fd, text, size, MSG_NOSIGNAL);
    return hear(fd, a);
}

static bool is_ours(const char *answer, int status, const char *code)
{
    static const char *const once[] = { "HTTP/1.1 ", "Content-Type: application/json\r\n",
                                        "Connection: close\r\n",
                                        "Request-Id: ", "X-Content-Type-Options: nosniff\r\n" };
    struct arena a;
    arena_init(&a);
    const char *begins = arena_format(&a, "{\"errors\":[{\"code\":\"%s", code);
    bool good =
        status_of(answer) == status && strncmp(body_of(answer), begins, strlen(begins)) == 0;
    for (size_t i = 0; i < sizeof once / sizeof *once; i++)
        good = good && count_of(answer, once[i]) == 1;
    arena_free(&a);
    return good;
}

static void what_the_library_refuses_is_in_our_form(void **state)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct raw_case *c = &refused[i];
        struct arena a;
        int64_t before = metric_get(METRIC_HTTP_MALFORMED);
        arena_init(&a);
        char *answer = ask_raw(*state, &a, c->text, c->size);
        if (!is_ours(answer, c->status, c->code))
            fail_msg("%zu: %s\nexpected %d %s\n%s", i, c->text, c->status, c->code, answer);
        assert_int_equal(metric_get(METRIC_HTTP_MALFORMED), before + 1);
        arena_free(&a);
    }
}

static void what_is_no_http_is_dropped(void **state)
{
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        struct arena a;
        arena_init(&a);
        assert_string_equal(ask_raw(*state, &a, dropped[i].text, dropped[i].size), "");
        arena_free(&a);
    }
}

/* What does not fit into the memory of a connection, in each place. */
static void what_is_too_long_is_in_our_form(void **state)
{
    static const struct {
        const char *before, *piece, *after;
        size_t most;
        int status;
        const char *code;
    } cases[] = {
        { "GET /v2/toy?a=", "a", " HTTP/1.1\r\n" HOST "\r\n", 40000, 414, TARGET },
        { "G", "E", " / HTTP/1.1\r\n", 40000, 414, TARGET },
        { "GET /v2/toy?", "a&", " HTTP/1.1\r\n" HOST "\r\n", 20000, 431, HEAD },
        { GET_TOY HOST "X-A: ", "a", "\r\n\r\n", 40000, 431, HEAD },
        { GET_TOY HOST, "X-A: b\r\n", "\r\n", 40000, 431, HEAD },
        { GET_TOY HOST "Cookie: ", "a;", "\r\n\r\n", 40000, 431, HEAD },
        { GET_TOY HOST "Cookie: ", "a;", "\r\n\r\n", 15000, 431, HEAD },
        { GET_TOY HOST "X-A: ", "a\r\n ", "\r\n\r\n", 40000, 431, HEAD },
        { CHUNKED "8;", "a", "\r\n{\"id\":1}\r\n0\r\n\r\n", 40000, 400, FORMAT },
        { CHUNKED, "0", "8\r\n{\"id\":1}\r\n0\r\n\r\n", 40000, 400, FORMAT },
        { CHUNKED "8\r\n{\"id\":1}\r\n0\r\nX-A: ", "a", "\r\n\r\n", 40000, 431, HEAD },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        struct text t;
        arena_init(&a);
        text_init(&t, &a);
        text_add(&t, cases[i].before);
        while (t.length < cases[i].most)
            text_add(&t, cases[i].piece);
        text_add(&t, cases[i].after);
        char *answer = ask_raw(*state, &a, t.data, t.length);
        if (!is_ours(answer, cases[i].status, cases[i].code))
            fail_msg("%zu: expected %d %s\n%s\n", i, cases[i].status, cases[i].code, answer);
        arena_free(&a);
    }
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
        cmocka_unit_test(what_the_library_refuses_is_in_our_form),
        cmocka_unit_test(what_is_no_http_is_dropped),
        cmocka_unit_test(what_is_too_long_is_in_our_form),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
