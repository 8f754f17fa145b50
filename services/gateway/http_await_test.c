/* Calls that are answered from elsewhere, late, twice, or by nobody. */
#include <poll.h>

#include "http_toy.h"
#include "service/metrics.h"

/* Of a route whose deadline comes soon, and on a slow machine before anybody has begun: then it is
 * asked again. */
static char *exchange_begun(const struct http *h, struct arena *a, const char *line,
                            const char *body)
{
    char *answer;
    await_that(status_of(answer = exchange(h, a, line, "", body)) != 504);
    return answer;
}

static void finish(struct call *call, const char *text)
{
    char copy[64];
    ToyOut out = TOY_OUT__INIT;
    snprintf(copy, sizeof copy, "%s", text);
    out.text = copy;
    call_answer(&out.base, call);
}

static void another_thread_answers(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    int first = dial(h), second = dial(h);
    ask(first, &a, "POST /v2/wait", "", "{}");
    struct call *one = next_waiting();
    ask(second, &a, "POST /v2/wait", "", "{}");
    struct call *two = next_waiting();
    finish(two, "two");
    assert_string_equal(body_of(hear(second, &a)), "{\"text\":\"two\"}");
    finish(one, "one");
    assert_string_equal(body_of(hear(first, &a)), "{\"text\":\"one\"}");
    toy_stop(h);
    arena_free(&a);
}

/* One worker, many that wait: the API goes on. */
static void slow_calls_do_not_hold_workers(void **state)
{
    struct arena a;
    struct http_options o = toy_options();
    int slow[32];
    (void)state;
    arena_init(&a);
    o.workers = 1;
    struct http *h = toy_start(o);
    for (int i = 0; i < 32; i++) {
        slow[i] = dial(h);
        ask(slow[i], &a, "POST /v2/wait", "", "{}");
    }
    assert_int_equal(status_of(exchange(h, &a, "GET /v2/toy", "", NULL)), 200);
    for (int i = 0; i < 32; i++)
        finish(next_waiting(), "done");
    for (int i = 0; i < 32; i++)
        assert_int_equal(status_of(hear(slow[i], &a)), 200);
    toy_stop(h);
    arena_free(&a);
}

static void at_the_deadline_the_answer_is_504(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    char *answer = exchange(h, &a, "POST /v2/wait/short", "", "{}");
    assert_int_equal(status_of(answer), 504);
    assert_non_null(strstr(answer, "{\"errors\":[{\"code\":\"request_timeout\",\"message\":"));
    waiting_finish("too late"); /* dropped */
    toy_stop(h);
    arena_free(&a);
}

static void nobody_is_refused_before_his_deadline(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    for (int i = 0; i < 3; i++) {
        assert_int_equal(status_of(exchange(h, &a, "POST /v2/wait/short", "", "{}")), 504);
        struct tick answered = tick_now();
        struct call *call = next_waiting();
        assert_true(answered.us >= call->deadline.us);
        finish(call, "too late");
    }
    toy_stop(h);
    arena_free(&a);
}

static void the_late_rpc_tells_the_truth(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    char *answer = exchange_begun(h, &a, "POST /v2/wait/late/me", "{}");
    assert_int_equal(status_of(answer), 201);
    assert_string_equal(body_of(answer), "{\"name\":\"me\",\"text\":\"the note\"}");
    waiting_finish("too late");
    toy_stop(h);
    arena_free(&a);
}

static void a_late_rpc_that_knows_nothing_leaves_504(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    assert_int_equal(status_of(exchange(h, &a, "POST /v2/wait/late/unknown", "", "{}")), 504);
    waiting_finish("too late");
    toy_stop(h);
    arena_free(&a);
}

/* Where the row says so. */
static void a_fault_of_the_late_rpc_is_told(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    assert_int_equal(status_of(exchange_begun(h, &a, "POST /v2/wait/told/unknown", " null\n")),
                     404);
    waiting_finish("too late");
    assert_int_equal(status_of(exchange_begun(h, &a, "POST /v2/wait/told/unknown", "nul")), 400);
    toy_stop(h);
    arena_free(&a);
}

static void a_handler_may_ask_for_the_late_rpc(void **state)
{
    struct arena a;
    struct http_options o = toy_options();
    (void)state;
    arena_init(&a);
    o.deadline = days(1);
    struct http *h = toy_start(o);
    int fd = dial(h);
    ask(fd, &a, "POST /v2/wait/later/me", "", "{}");
    http_late(next_waiting());
    assert_string_equal(body_of(hear(fd, &a)), "{\"name\":\"me\",\"text\":\"the note\"}");
    toy_stop(h);
    arena_free(&a);
}

/* NULL: the deadline came before the handler. */
static struct call *waiting_or_answered(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct call *call;
    await_that((call = any_waiting()) || poll(&p, 1, 0) > 0);
    return call;
}

/* The late rpc and the handler, at the same time: one of them is heard, both end. */
static void answers_race(void **state)
{
    bool missed =
        false; /* a handler that comes after its deadline finds its call in a later turn */
    (void)state;
    struct http *h = toy_start(toy_options());
    for (int i = 0; i < 20; i++) {
        struct arena a;
        arena_init(&a);
        int fd = dial(h);
        ask(fd, &a, "POST /v2/wait/late/me", "", "{}");
        struct call *call = waiting_or_answered(fd);
        missed |= !call;
        if (call) {
            struct tick at = { call->deadline.us + (i % 10) * 10000 };
            await_that(tick_left(at).us == 0);
            finish(call, "mine");
        }
        char *answer = hear(fd, &a);
        const char *body = body_of(answer);
        assert_true(strcmp(body, "{\"text\":\"mine\"}") == 0 ||
                    strcmp(body, "{\"name\":\"me\",\"text\":\"the note\"}") == 0 ||
                    (missed && status_of(answer) == 504));
        arena_free(&a);
    }
    toy_stop(h);
}

static void a_client_that_left_costs_nothing(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    int fd = dial(h);
    ask(fd, &a, "POST /v2/wait", "", "{}");
    struct call *call = next_waiting();
    close(fd);
    finish(call, "for nobody");
    assert_int_equal(status_of(exchange(h, &a, "GET /v2/toy", "", NULL)), 200);
    toy_stop(h);
    arena_free(&a);
}

static void *stop_thread(void *h)
{
    http_stop(h);
    return NULL;
}

/* Waits until nobody accepts any more. */
static void await_refusal(struct http *h)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(http_port(h, 0)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int refused = 0;
    while (!refused) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        refused = connect(fd, (struct sockaddr *)&to, sizeof to) != 0;
        close(fd);
    }
}

static void a_drain_waits_for_answers(void **state)
{
    struct arena a;
    pthread_t thread;
    (void)state;
    arena_init(&a);
    struct http *h = toy_start(toy_options());
    int fd = dial(h);
    ask(fd, &a, "POST /v2/wait", "", "{}");
    struct call *call = next_waiting();
    pthread_create(&thread, NULL, stop_thread, h);
    await_refusal(h);
    finish(call, "in time");
    assert_string_equal(body_of(hear(fd, &a)), "{\"text\":\"in time\"}");
    pthread_join(thread, NULL);
    http_free(h);
    arena_free(&a);
}

static void who_waits_after_the_drain_gets_503(void **state)
{
    struct arena a;
    struct http_options o = toy_options();
    pthread_t thread;
    (void)state;
    arena_init(&a);
    o.drain = milliseconds(100);
    struct http *h = toy_start(o);
    int fd = dial(h), slow = dial(h);
    ask(fd, &a, "POST /v2/wait/later/me", "", "{}");
    struct call *call = next_waiting();
    say(slow, "GET /v2/t", 9);
    pthread_create(&thread, NULL, stop_thread, h);
    assert_int_equal(status_of(hear(fd, &a)), 503);
    pthread_join(thread, NULL);
    finish(call, "after all"); /* as a bus does that is stopped later */
    http_free(h);
    close(slow);
    arena_free(&a);
}

static void waiting_calls_get_503_at_once_when_nothing_is_drained(void **state)
{
    struct arena a;
    struct http_options o = toy_options();
    pthread_t thread;
    (void)state;
    arena_init(&a);
    o.drain = milliseconds(1);
    struct http *h = toy_start(o);
    int fd = dial(h);
    ask(fd, &a, "POST /v2/wait", "", "{}");
    struct call *call = next_waiting();
    pthread_create(&thread, NULL, stop_thread, h);
    char *answer = hear(fd, &a);
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "Retry-After: 2\r\n"));
    assert_non_null(strstr(answer, "\"code\":\"service_unavailable\""));
    pthread_join(thread, NULL);
    finish(call, "after all");
    http_free(h);
    arena_free(&a);
}

/* As a bus or a committer does that is stopped after the door. */
static void a_late_rpc_that_is_asked_for_after_the_end_is_none(void **state)
{
    struct arena a;
    struct http_options o = toy_options();
    pthread_t thread;
    (void)state;
    arena_init(&a);
    o.drain = milliseconds(1);
    struct http *h = toy_start(o);
    int fd = dial(h);
    ask(fd, &a, "POST /v2/wait/later/me", "", "{}");
    struct call *call = next_waiting();
    pthread_create(&thread, NULL, stop_thread, h);
    assert_int_equal(status_of(hear(fd, &a)), 503);
    pthread_join(thread, NULL);
    http_late(call);
    assert_int_equal(metric_get(METRIC_HTTP_QUEUE), 0);
    http_free(h);
    arena_free(&a);
}

static void a_full_queue_answers_503(void **state)
{
    struct arena a;
    struct http_options o = toy_options();
    int held[8];
    (void)state;
    arena_init(&a);
    o.workers = 1;
    o.queue = 2;
    struct http *h = toy_start(o);
    int64_t before = metric_get(METRIC_HTTP_QUEUE_FULL);
    pthread_mutex_lock(&toy_gate); /* the only worker stands here */
    for (int i = 0; i < 8; i++) {
        held[i] = dial(h);
        ask(held[i], &a, "POST /v2/toy/gate", "", "{}");
    }
    await_that(metric_get(METRIC_HTTP_QUEUE_FULL) >= before + 5);
    pthread_mutex_unlock(&toy_gate);
    int counts[2] = { 0 }; /* one in work and two in the queue at most */
    for (int i = 0; i < 8; i++) {
        int status = status_of(hear(held[i], &a));
        counts[0] += status == 200;
        counts[1] += status == 503;
    }
    assert_int_equal(counts[0] + counts[1], 8);
    assert_true(counts[0] >= 2 && counts[0] <= 3);
    toy_stop(h);
    arena_free(&a);
}

static void nothing_is_left_over(void **state)
{
    (void)state;
    assert_int_equal(metric_get(METRIC_HTTP_CALLS), 0);
    assert_int_equal(metric_get(METRIC_HTTP_CONNECTIONS), 0);
    assert_int_equal(metric_get(METRIC_HTTP_QUEUE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_answers),
        cmocka_unit_test(slow_calls_do_not_hold_workers),
        cmocka_unit_test(at_the_deadline_the_answer_is_504),
        cmocka_unit_test(nobody_is_refused_before_his_deadline),
        cmocka_unit_test(the_late_rpc_tells_the_truth),
        cmocka_unit_test(a_late_rpc_that_knows_nothing_leaves_504),
        cmocka_unit_test(a_fault_of_the_late_rpc_is_told),
        cmocka_unit_test(a_handler_may_ask_for_the_late_rpc),
        cmocka_unit_test(answers_race),
        cmocka_unit_test(a_client_that_left_costs_nothing),
        cmocka_unit_test(a_drain_waits_for_answers),
        cmocka_unit_test(who_waits_after_the_drain_gets_503),
        cmocka_unit_test(waiting_calls_get_503_at_once_when_nothing_is_drained),
        cmocka_unit_test(a_late_rpc_that_is_asked_for_after_the_end_is_none),
        cmocka_unit_test(a_full_queue_answers_503),
        cmocka_unit_test(nothing_is_left_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
