/* Who takes more of the door than is left for others. */
#include <errno.h>

#include "http_request.h"
#include "http_toy.h"
#include "service/metrics.h"

static const char half[] = "GET /v2/toy HTTP/1.1\r\nHost: x\r\n";
static const char rest[] = "Connection: close\r\n\r\n";
static const char going_on[] = "GET /v2/toy HTTP/1.1\r\nHost: x\r\n\r\n";
static const char asks_to_wait[] = "POST /v2/wait HTTP/1.1\r\nHost: x\r\n\r\n";

static struct http_options door_for(int connections)
{
    struct http_options o = toy_options();
    o.connections = connections;
    return o;
}

static int dial_and_say(const struct http *h, const char *from, const char *text)
{
    int fd = dial_from(h, from);
    say(fd, text, strlen(text));
    return fd;
}

/* True when the other side ends the connection and has said nothing. */
static bool is_cut(int fd)
{
    char c;
    ssize_t got = recv(fd, &c, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

/* Head and body have come, in however many pieces; "go on" has no body. */
static bool is_whole(const char *answer)
{
    const char *length = strstr(answer, "Content-Length: "), *end = strstr(answer, "\r\n\r\n");
    if (end && status_of(answer) == 100)
        return true;
    return length && end && strlen(end + 4) >= strtoul(length + 16, NULL, 10);
}

/* The first answer on a connection that stays open. */
static int hear_status(int fd)
{
    char answer[4096] = "";
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && !is_whole(answer)) {
        got = recv(fd, answer + size, sizeof answer - 1 - size, 0);
        size += got > 0 ? (size_t)got : 0;
        answer[size] = 0;
    }
    return status_of(answer);
}

static int ask_from(const struct http *h, const char *from)
{
    struct arena a;
    arena_init(&a);
    int fd = dial_from(h, from);
    (void)!send(fd, half, sizeof half - 1, MSG_NOSIGNAL);
    (void)!send(fd, rest, sizeof rest - 1, MSG_NOSIGNAL);
    int status = status_of(hear(fd, &a));
    arena_free(&a);
    return status;
}

/* Who has heard an answer is ahead of the door, which has yet to note that it has gone. */
static bool has_one_to_push_out(struct http *h)
{
    pthread_mutex_lock(&h->connections_lock);
    bool one = !TAILQ_EMPTY(&h->headless);
    pthread_mutex_unlock(&h->connections_lock);
    return one;
}

static void one_address_has_its_share(void **state)
{
    struct http_options o = toy_options();
    int64_t before = metric_get(METRIC_HTTP_CROWDED);
    int held[3];
    (void)state;
    o.connections_per_address = 3;
    struct http *h = toy_start(o);
    for (int i = 0; i < 3; i++) {
        held[i] = dial_and_say(h, "127.0.0.1", going_on);
        assert_int_equal(hear_status(held[i]), 200);
    }
    assert_int_equal(ask_from(h, "127.0.0.1"), 0);
    assert_int_equal(metric_get(METRIC_HTTP_CROWDED), before + 1);
    assert_int_equal(ask_from(h, "127.0.0.2"), 200);
    close(held[1]);
    await_that(ask_from(h, "127.0.0.1") == 200);
    close(held[0]);
    close(held[2]);
    toy_stop(h);
}

static void proxies_stand_for_many(void **state)
{
    struct http_options o = toy_options();
    int held[5];
    (void)state;
    o.connections_per_address = 1;
    o.doors[0].trusted_proxies = "127.0.0.1";
    struct http *h = toy_start(o);
    for (int i = 0; i < 5; i++) {
        held[i] = dial_and_say(h, "127.0.0.1", going_on);
        assert_int_equal(hear_status(held[i]), 200);
    }
    int other = dial_and_say(h, "127.0.0.2", going_on);
    assert_int_equal(hear_status(other), 200);
    assert_int_equal(ask_from(h, "127.0.0.2"), 0);
    for (int i = 0; i < 5; i++)
        close(held[i]);
    close(other);
    toy_stop(h);
}

/* The oldest without a whole head goes, be it half a head, silence, or idle after an answer; who
 * has asked something stays. */
static void a_full_door_makes_room(void **state)
{
    struct http_options o = door_for(4);
    int64_t before = metric_get(METRIC_HTTP_PUSHED_OUT);
    struct http *h = toy_start(o);
    struct arena a;
    (void)state;
    arena_init(&a);
    int busy = dial_and_say(h, "127.0.0.1", asks_to_wait);
    struct call *call = next_waiting();
    int idle = dial_and_say(h, "127.0.0.2", going_on);
    assert_int_equal(hear_status(idle), 200);
    await_that(has_one_to_push_out(h));
    int silent = dial_from(h, "127.0.0.3");
    int slow = dial_and_say(h, "127.0.0.4", half);
    assert_int_equal(ask_from(h, "127.0.0.5"), 200);
    assert_true(is_cut(idle));
    assert_int_equal(metric_get(METRIC_HTTP_PUSHED_OUT), before + 1);
    int fifth = dial_and_say(h, "127.0.0.5", going_on);
    assert_int_equal(hear_status(fifth), 200);
    say(slow, rest, sizeof rest - 1);
    assert_int_equal(status_of(hear(slow, &a)), 200);
    ToyOut out = TOY_OUT__INIT;
    call_answer(&out.base, call);
    assert_int_equal(hear_status(busy), 200);
    close(busy);
    close(idle);
    close(silent);
    close(fifth);
    toy_stop(h);
    arena_free(&a);
}

/* 300 slow clients at a door for 16, and everybody else is served. */
static void slow_clients_keep_nobody_out(void **state)
{
    struct http_options o = door_for(16);
    struct http *h = toy_start(o);
    int slow[300];
    (void)state;
    for (int i = 0; i < 300; i++) {
        slow[i] = dial_and_say(h, "127.0.0.2", half);
        if (i % 10 == 9)
            assert_int_equal(ask_from(h, "127.0.0.1"), 200);
    }
    for (int i = 0; i < 300; i++)
        close(slow[i]);
    toy_stop(h);
}

static bool is_ready(struct http *h)
{
    struct fault f;
    return http_ready(h, &f);
}

static void a_door_full_of_requests_is_not_ready(void **state)
{
    struct http_options o = door_for(2);
    int64_t before = metric_get(METRIC_HTTP_FULL);
    struct http *h = toy_start(o);
    struct fault f = { 0 };
    (void)state;
    assert_true(http_ready(h, &f));
    int one = dial_and_say(h, "127.0.0.1", asks_to_wait);
    int two = dial_and_say(h, "127.0.0.1", asks_to_wait);
    struct call *first = next_waiting(), *second = next_waiting();
    assert_false(http_ready(h, &f));
    assert_string_equal(f.detail, "all 2 connections are taken");
    assert_int_equal(ask_from(h, "127.0.0.2"), 0);
    assert_int_equal(metric_get(METRIC_HTTP_FULL), before + 1);
    ToyOut out = TOY_OUT__INIT;
    call_answer(&out.base, first);
    call_answer(&out.base, second);
    await_that(is_ready(h));
    assert_int_equal(ask_from(h, "127.0.0.2"), 200);
    close(one);
    close(two);
    toy_stop(h);
}

static void requests_that_wait_too_long_are_told(void **state)
{
    struct http_options o = toy_options();
    struct fault f = { 0 };
    (void)state;
    o.workers = 1;
    o.deadline = milliseconds(400);
    struct http *h = toy_start(o);
    pthread_mutex_lock(&toy_gate);
    int stands = dial_and_say(h, "127.0.0.1", "POST /v2/toy/gate HTTP/1.1\r\nHost: x\r\n\r\n");
    int waits = dial_and_say(h, "127.0.0.1", "POST /v2/toy/gate HTTP/1.1\r\nHost: x\r\n\r\n");
    await_that(!is_ready(h));
    assert_false(http_ready(h, &f));
    assert_non_null(strstr(f.detail, "a request has waited for a worker for "));
    pthread_mutex_unlock(&toy_gate);
    await_that(is_ready(h));
    close(stands);
    close(waits);
    toy_stop(h);
}

/* Until the door has taken the head in time, which may be too short for us on a slow machine. */
static int dial_until(const struct http *h, const char *text, int status)
{
    struct tick end = tick_after(patience());
    while (tick_left(end).us > 0) {
        int fd = dial(h);
        (void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
        if (hear_status(fd) == status)
            return fd;
        close(fd);
    }
    fail_msg("never heard of %d", status);
    return -1;
}

/* While one is cut for its head, another's body may take its time, and a third has asked before. */
static void only_a_head_has_little_time(void **state)
{
    struct http_options o = toy_options();
    struct arena a;
    (void)state;
    arena_init(&a);
    o.head = milliseconds(300);
    struct http *h = toy_start(o);
    int idle = dial_until(h, going_on, 200);
    int body = dial_until(h,
                          "POST /v2/toy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                          "Expect: 100-continue\r\nContent-Length: 8\r\n\r\n",
                          100);
    say(body, "{", 1);
    int silent = dial(h), slow = dial_and_say(h, "127.0.0.1", half);
    assert_true(is_cut(silent));
    assert_true(is_cut(slow));
    int again = dial_until(h, going_on, 200);
    say(again, half, sizeof half - 1); /* the next head on the same connection, too */
    assert_true(is_cut(again));
    say(body, "\"id\":1}", 7);
    assert_int_equal(status_of(hear(body, &a)), 201);
    say(idle, going_on, sizeof going_on - 1);
    assert_int_equal(hear_status(idle), 200);
    close(idle);
    close(silent);
    close(slow);
    close(again);
    toy_stop(h);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_has_its_share),
        cmocka_unit_test(proxies_stand_for_many),
        cmocka_unit_test(a_full_door_makes_room),
        cmocka_unit_test(slow_clients_keep_nobody_out),
        cmocka_unit_test(a_door_full_of_requests_is_not_ready),
        cmocka_unit_test(requests_that_wait_too_long_are_told),
        cmocka_unit_test(only_a_head_has_little_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
