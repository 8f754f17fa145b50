/* Clients that mean no good, or know no better. */
#include "http_toy.h"
#include "service/metrics.h"

/* For those that are to be cut. Others may be, too, when the machine is slow: they ask again. */
static struct http_options strict(void)
{
    struct http_options o = toy_options();
    o.head = milliseconds(1000);
    o.receive = milliseconds(1500);
    return o;
}

/* Sends a byte from time to time until the other side is tired of it. */
static bool trickle(int fd, const char *text)
{
    struct tick end = tick_after(patience());
    struct timeval pause = { .tv_usec = 50000 };
    char c;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
    for (size_t i = 0; tick_left(end).us > 0; i++) {
        if (send(fd, text[i % strlen(text)] == '\n' ? "x" : &text[i % strlen(text)], 1,
                 MSG_NOSIGNAL) != 1)
            return true;
        if (recv(fd, &c, 1, 0) == 0)
            return true;
    }
    return false;
}

static void slow_senders_are_cut(void **state)
{
    static const char *const openings[] = {
        "GET /v2/toy HTTP/1.1\r\nHost: x\r\nX-A: ",                           /* of headers */
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", /* of a body */
        "", /* of the request line */
    };
    struct http *h = toy_start(strict());
    (void)state;
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        int64_t before = metric_get(METRIC_HTTP_SLOW_CLIENTS);
        int fd = dial(h);
        (void)!send(fd, openings[i], strlen(openings[i]), MSG_NOSIGNAL);
        assert_true(trickle(fd, "abcdefgh"));
        if (metric_get(METRIC_HTTP_SLOW_CLIENTS) == before)
            fail_msg("\"%s\" was closed by something else", openings[i]);
        close(fd);
    }
    toy_stop(h);
}

/* The status, once the other side closes; 0 when it did before it was asked. */
static int ask_and_idle(const struct http *h)
{
    static const char whole[] = "GET /v2/toy HTTP/1.1\r\nHost: x\r\n\r\n";
    struct arena a;
    int fd = dial(h);
    arena_init(&a);
    (void)!send(fd, whole, sizeof whole - 1, MSG_NOSIGNAL);
    int status = status_of(hear(fd, &a));
    arena_free(&a);
    return status;
}

static void idle_connections_are_closed(void **state)
{
    struct http *h = toy_start(strict());
    (void)state;
    await_that(ask_and_idle(h) == 200);
    toy_stop(h);
}

static void an_announced_size_is_refused_before_it_is_sent(void **state)
{
    struct arena a;
    arena_init(&a);
    static const char huge[] = "POST /v2/toy HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                               "Content-Length: 99999999999\r\n\r\n";
    int fd = dial(*state);
    say(fd, huge, sizeof huge - 1);
    char *answer = hear(fd, &a);
    assert_int_equal(status_of(answer), 413);
    assert_non_null(strstr(answer, "\"code\":\"request_too_large\""));
    arena_free(&a);
}

/* A chunked body has no announced size. Just over the limit it is read and refused; one that goes
 * on and on is cut. */
static void chunked_bodies_are_bounded(void **state)
{
    static const size_t sizes[] = { 300 * 1024, 4 * 1024 * 1024 };
    for (int i = 0; i < 2; i++) {
        struct arena a;
        arena_init(&a);
        int fd = dial(*state);
        const char *head = "POST /v2/toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                           "Connection: close\r\n\r\n";
        char *chunk = arena_format(&a, "1000\r\n%4096d\r\n", 1);
        say(fd, head, strlen(head));
        for (size_t sent = 0; sent < sizes[i]; sent += 4096)
            if (send(fd, chunk, strlen(chunk), MSG_NOSIGNAL) < 0)
                break;
        (void)!send(fd, "0\r\n\r\n", 5, MSG_NOSIGNAL);
        int status = status_of(hear(fd, &a));
        assert_int_equal(status, i == 0 ? 413 : 0);
        arena_free(&a);
    }
}

/* Whatever comes: a refusal or a closed connection, and the door stays open. */
static void nonsense_is_refused(void **state)
{
    static const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /v2/toy HTTP/9.9\r\n\r\n",
        "GET /v2/toy HTTP/1.1\r\n\r\n",                 /* no Host */
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* TLS */
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n{",
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET v2/toy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /v2/toy/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    };
    struct http *h = toy_start(strict());
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct arena a;
        arena_init(&a);
        int fd = dial(h);
        (void)!send(fd, requests[i], strlen(requests[i]), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        int status = status_of(hear(fd, &a));
        if (status && (status < 400 || status > 505))
            fail_msg("%s got %d", requests[i], status);
        await_that(status_of(exchange(h, &a, "GET /v2/toy", "", NULL)) == 200);
        arena_free(&a);
    }
    toy_stop(h);
}

/* Where the log goes meanwhile. */
static FILE *log_aside(int *before)
{
    FILE *aside = tmpfile();
    assert_non_null(aside);
    *before = dup(STDERR_FILENO);
    dup2(fileno(aside), STDERR_FILENO);
    return aside;
}

static long log_back(FILE *aside, int before)
{
    long size = lseek(STDERR_FILENO, 0, SEEK_END);
    dup2(before, STDERR_FILENO);
    close(before);
    fclose(aside);
    return size;
}

/* Whoever fills the log hides something in it, or fills the disk. */
static void nobody_fills_the_log(void **state)
{
    static const char *const requests[] = {
        "GET\r\n\r\n",
        "GET /v2/toy HTTP/9.9\r\n\r\n",
        "GET /v2/toy HTTP/1.1\r\n\r\n",
        "GET /v2/toy HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n{",
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v2/toy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
    };
    struct http_options o = toy_options();
    struct arena a;
    int before;
    (void)state;
    arena_init(&a);
    o.head = o.receive = seconds(3); /* a few of them wait for that */
    o.bodies_max = 7;
    struct http *h = toy_start(o);
    int64_t lines = metric_get(METRIC_HTTP_LIBRARY),
            refused = metric_get(METRIC_HTTP_BODIES_REFUSED);
    FILE *aside = log_aside(&before);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        int fd = dial(h);
        say(fd, requests[i], strlen(requests[i]));
        shutdown(fd, SHUT_WR);
        hear(fd, &a);
    }
    long size = lseek(STDERR_FILENO, 0, SEEK_END);
    int status = status_of(exchange(h, &a, "POST /v2/toy", "", "{\"id\":1}"));
    toy_stop(h);
    log_back(aside, before);
    assert_int_equal(size, 0);
    assert_int_equal(status, 503);
    assert_true(metric_get(METRIC_HTTP_LIBRARY) >= lines + 5);
    assert_int_equal(metric_get(METRIC_HTTP_BODIES_REFUSED), refused + 2);
    arena_free(&a);
}

static void endless_lists_are_refused(void **state)
{
    struct arena a;
    struct text many;
    arena_init(&a);
    text_init(&many, &a);
    text_add(&many, "GET /v2/toy?");
    for (int i = 0; i < 100; i++)
        text_add(&many, "tags=a&");
    assert_int_equal(status_of(exchange(*state, &a, many.data, "", NULL)), 400);
    text_init(&many, &a);
    for (int i = 0; i < 100; i++)
        text_format(&many, "X-%d: a\r\n", i);
    assert_int_equal(status_of(exchange(*state, &a, "GET /v2/toy", many.data, NULL)), 400);
    text_init(&many, &a);
    text_format(&many, "X-A: %060000d\r\n", 1);
    int status = status_of(exchange(*state, &a, "GET /v2/toy", many.data, NULL));
    assert_true(status == 0 || status >= 400);
    arena_free(&a);
}

/* A proxy may add its entry in a line of its own: all lines are one list, and what the client wrote
 * itself stands before it. */
static void the_proxy_names_the_client(void **state)
{
    static const char *const headers[] = {
        "X-Forwarded-For: 9.9.9.9, 2001:db8::1\r\n",
        "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 2001:db8::1\r\n",
        "x-forwarded-for: 9.9.9.9\r\nX-A: b\r\nX-FORWARDED-FOR: [2001:db8::1]:443\r\n",
        "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For:  2001:db8::1 ,127.0.0.2\r\n"
        "X-Forwarded-For: 127.0.0.3:80\r\n",
    };
    struct arena a;
    struct http_options o = toy_options();
    (void)state;
    arena_init(&a);
    o.doors[0].trusted_proxies = "127.0.0.0/8";
    struct http *h = toy_start(o);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        char *answer = exchange(h, &a, "GET /v2/toy", headers[i], NULL);
        if (!strstr(answer, "\\\"ip\\\":\\\"2001:db8::1\\\""))
            fail_msg("%s%s", headers[i], answer);
    }
    toy_stop(h);
    arena_free(&a);
}

static void a_bad_address_is_a_fault(void **state)
{
    static const char *const listens[] = { "nowhere", "127.0.0.1:x", "203.0.113.1:1" };
    struct fault f = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        struct http_options o = toy_options();
        o.doors[0].families = toy_families;
        o.doors[0].listen = listens[i];
        o.doors[0].setting = "LISTEN";
        assert_null(http_start(&o, &f));
        assert_string_equal(f.field, "LISTEN");
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
        cmocka_unit_test(slow_senders_are_cut),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(an_announced_size_is_refused_before_it_is_sent),
        cmocka_unit_test(chunked_bodies_are_bounded),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(nobody_fills_the_log),
        cmocka_unit_test(endless_lists_are_refused),
        cmocka_unit_test(the_proxy_names_the_client),
        cmocka_unit_test(a_bad_address_is_a_fault),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
