#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "service/address.h"
#include "service/ask.h"
#include "service/health.h"

static atomic_bool database_up;

static bool database_ready(void *context, struct fault *f)
{
    (void)context;
    return atomic_load(&database_up) ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "nobody answers there");
}

static const struct health_check checks[] = { { "database", database_ready, NULL }, { 0 } };

static struct health *start(bool up)
{
    struct fault f = { 0 };
    atomic_store(&database_up, up);
    struct health *h =
        health_start(&(struct health_options){ .listen = "127.0.0.1:0", .checks = checks }, &f);
    if (!h)
        fail_msg("%s", f.detail);
    health_refresh(h);
    return h;
}

/* Asks as the setting says; what is said on standard error lands in `said`. */
static int ask(const char *listen, char said[1024])
{
    FILE *errors = tmpfile();
    int standard = dup(STDERR_FILENO);
    setenv("CHANCERY_ADMIN_LISTEN", listen, 1);
    dup2(fileno(errors), STDERR_FILENO);
    int status = ask_ready("gateway");
    dup2(standard, STDERR_FILENO);
    close(standard);
    rewind(errors);
    said[fread(said, 1, 1023, errors)] = '\0';
    fclose(errors);
    return status;
}

static int ask_port(const char *host, uint16_t port, char said[1024])
{
    char listen[64];
    snprintf(listen, sizeof listen, "%s:%d", host, port);
    return ask(listen, said);
}

static void who_is_ready_says_nothing(void **state)
{
    char said[1024];
    (void)state;
    struct health *h = start(true);
    assert_int_equal(ask_port("127.0.0.1", health_port(h), said), 0);
    assert_string_equal(said, "");
    health_stop(h);
}

/* The setting names every address there is: the own host's is asked. */
static void a_wildcard_is_asked_on_loopback(void **state)
{
    char said[1024];
    (void)state;
    struct health *h = start(true);
    assert_int_equal(ask_port("0.0.0.0", health_port(h), said), 0);
    health_stop(h);
}

static void who_is_not_ready_says_why(void **state)
{
    char said[1024];
    (void)state;
    struct health *h = start(false);
    assert_int_equal(ask_port("127.0.0.1", health_port(h), said), 1);
    assert_non_null(strstr(said, "chancery-gateway: not ready: {\"status\":\"not ready\""));
    assert_non_null(strstr(said, "nobody answers there"));
    health_drain(h);
    assert_int_equal(ask_port("127.0.0.1", health_port(h), said), 1);
    assert_non_null(strstr(said, "draining"));
    health_stop(h);
}

static void nobody_there_is_not_ready(void **state)
{
    char said[1024];
    (void)state;
    struct health *h = start(true);
    uint16_t port = health_port(h);
    health_stop(h);
    assert_int_equal(ask_port("127.0.0.1", port, said), 1);
    assert_string_equal(said, "chancery-gateway: not ready: Connection refused\n");
}

/* Takes connections and never says a word. */
static void silence_is_not_ready(void **state)
{
    char said[1024];
    struct address at;
    (void)state;
    assert_true(address_read("127.0.0.1:0", &at));
    int fd = address_listen(&at);
    assert_true(fd >= 0);
    assert_int_equal(ask_port("127.0.0.1", address_port(fd), said), 1);
    assert_string_equal(said, "chancery-gateway: not ready: no answer in good time\n");
    close(fd);
}

/* Sends the head of an answer byte by byte, for longer than anybody should wait, or until nobody does. */
static void *drip(void *listener)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nX-Slow: the rest of it comes some day\r\n\r\n";
    int fd = accept4(*(int *)listener, NULL, NULL, SOCK_CLOEXEC);
    struct pollfd gone = { .fd = fd, .events = POLLRDHUP };
    for (size_t i = 0; i < sizeof head - 1 && poll(&gone, 1, 200) == 0; i++)
        send(fd, &head[i], 1, MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

/* The patience is for the whole answer, and not for each piece of it. */
static void who_drips_is_not_ready(void **state)
{
    char said[1024];
    struct address at;
    pthread_t thread;
    (void)state;
    assert_true(address_read("127.0.0.1:0", &at));
    int fd = address_listen(&at);
    assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, drip, &fd), 0);
    assert_int_equal(ask_port("127.0.0.1", address_port(fd), said), 1);
    assert_string_equal(said, "chancery-gateway: not ready: no answer in good time\n");
    pthread_join(thread, NULL);
    close(fd);
}

static void a_bad_setting_is_named(void **state)
{
    char said[1024];
    (void)state;
    assert_int_equal(ask("here", said), 1);
    assert_non_null(strstr(said, "CHANCERY_ADMIN_LISTEN must be an address"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_ready_says_nothing),
        cmocka_unit_test(a_wildcard_is_asked_on_loopback),
        cmocka_unit_test(who_is_not_ready_says_why),
        cmocka_unit_test(nobody_there_is_not_ready),
        cmocka_unit_test(silence_is_not_ready),
        cmocka_unit_test(who_drips_is_not_ready),
        cmocka_unit_test(a_bad_setting_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
