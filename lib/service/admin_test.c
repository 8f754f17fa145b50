#include "service/admin.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "testing/patience.h"

static unsigned write_word(void *context, struct text *out)
{
    text_add(out, context);
    return 200;
}

static const struct admin_page pages[] = { { "/word", "text/plain", write_word }, { 0 } };

static struct admin *start(void)
{
    static char word[] = "chancery";
    struct fault f = { 0 };
    signal(SIGPIPE, SIG_IGN);
    struct admin *a = admin_start("127.0.0.1:0", pages, word, &f);
    if (!a)
        fail_msg("%s", f.detail);
    return a;
}

static int dial(const struct admin *a)
{
    struct timeval most = { .tv_sec = PATIENCE_S };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(admin_port(a)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    return fd;
}

static bool say(int fd, const char *text)
{
    return send(fd, text, strlen(text), 0) == (ssize_t)strlen(text);
}

/* All that comes until the other side closes. */
static size_t hear(int fd, char *out, size_t room)
{
    size_t size = 0;
    ssize_t got;
    while ((got = recv(fd, out + size, room - 1 - size, 0)) > 0)
        size += (size_t)got;
    out[size] = '\0';
    close(fd);
    return size;
}

static bool answers(const struct admin *a)
{
    char text[1024];
    int fd = dial(a);
    say(fd, "GET /word HTTP/1.1\r\nHost: x\r\n\r\n");
    hear(fd, text, sizeof text);
    return strstr(text, "HTTP/1.1 200") && strstr(text, "\r\n\r\nchancery");
}

/* A machine on which we do not get to ask in the two seconds that there are is asked again. */
static void assert_answers(const struct admin *a)
{
    await_that(answers(a));
}

static void a_connection_is_for_one_request(void **state)
{
    char text[1024];
    struct admin *a = start();
    int fd = dial(a);
    (void)state;
    assert_true(say(fd, "GET /word HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"));
    hear(fd, text, sizeof text); /* comes back, since the other side closes */
    assert_non_null(strstr(text, "chancery"));
    admin_stop(a);
}

static bool is_closed(int fd, int wait_ms)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char byte;
    return poll(&p, 1, wait_ms) > 0 && recv(fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

/* A byte now and then does not help. Nobody else comes: whoever has the listener looks after it. */
static void a_request_has_to_be_whole_in_time(void **state)
{
    struct admin *a = start();
    struct tick began = tick_now(), end = tick_after(patience());
    int fd = dial(a);
    (void)state;
    assert_true(say(fd, "GET /word HTTP/1.1\r\nX: "));
    while (!is_closed(fd, 50) && say(fd, "x") && tick_left(end).us > 0)
        admin_cut(a);
    assert_true(tick_left(end).us > 0);
    assert_true(tick_now().us - began.us >= seconds(2).us);
    close(fd);
    assert_answers(a);
    admin_stop(a);
}

static void the_next_one_ends_it_as_well(void **state)
{
    struct admin *a = start();
    struct tick end = tick_after(patience());
    int fd = dial(a);
    (void)state;
    assert_true(say(fd, "POST /word HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"));
    while (!is_closed(fd, 50) && say(fd, "x") && tick_left(end).us > 0)
        assert_answers(a);
    assert_true(tick_left(end).us > 0);
    close(fd);
    admin_stop(a);
}

static void the_newest_pushes_out_the_oldest(void **state)
{
    enum { MANY = 5 * ADMIN_CONNECTIONS };
    struct admin *a = start();
    int fds[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        fds[i] = dial(a);
        say(fds[i], "GET /word HTTP/1.1\r\n");
    }
    assert_answers(a);
    for (int i = 0; i < MANY - ADMIN_CONNECTIONS; i++)
        assert_true(is_closed(fds[i], PATIENCE_S * 1000));
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    assert_answers(a);
    admin_stop(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_for_one_request),
        cmocka_unit_test(a_request_has_to_be_whole_in_time),
        cmocka_unit_test(the_next_one_ends_it_as_well),
        cmocka_unit_test(the_newest_pushes_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
