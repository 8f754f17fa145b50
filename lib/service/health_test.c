#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"
#include "service/health.h"
#include "service/metrics.h"
#include "testing/patience.h"

static atomic_bool database_up;

static bool database_ready(void *context, struct fault *f)
{
    return atomic_load((atomic_bool *)context) ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "no \"connection\"");
}

static bool always_ready(void *context, struct fault *f)
{
    (void)context, (void)f;
    return true;
}

static const struct health_check checks[] = {
    { "database", database_ready, &database_up },
    { "bus", always_ready, NULL },
    { 0 },
};

static char *fetch(struct health *h, struct arena *a, const char *line)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(health_port(h)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct text out;
    char piece[4096];
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    const char *request = arena_format(a, "%s HTTP/1.0\r\n\r\n", line);
    assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
    text_init(&out, a);
    while ((got = recv(fd, piece, sizeof piece, 0)) > 0)
        text_add_bytes(&out, piece, (size_t)got);
    close(fd);
    return out.data;
}

static bool says(struct health *h, const char *line, const char *status, const char *part)
{
    struct arena a;
    arena_init(&a);
    char *answer = fetch(h, &a, line);
    bool good = strncmp(answer + strlen("HTTP/1.0 "), status, 3) == 0 && strstr(answer, part);
    arena_free(&a);
    return good;
}

static struct health *start(void)
{
    struct fault f = { 0 };
    struct health_options o = { .listen = "127.0.0.1:0", .checks = checks };
    struct health *h = health_start(&o, &f);
    if (!h)
        fail_msg("%s", f.detail);
    health_refresh(h);
    return h;
}

static void readiness_follows_the_checks(void **state)
{
    (void)state;
    atomic_store(&database_up, false);
    struct health *h = start();
    assert_true(says(h, "GET /livez", "200", "{\"status\":\"live\"}"));
    assert_true(says(h, "GET /readyz", "503",
                     "{\"status\":\"not ready\",\"checks\":[{\"name\":\"database\",\"ready\":false,"
                     "\"detail\":\"no \\\"connection\\\"\"},{\"name\":\"bus\",\"ready\":true}]}"));
    atomic_store(&database_up, true);
    health_refresh(h);
    assert_true(says(h, "GET /readyz", "200", "{\"status\":\"ready\",\"checks\":["));
    health_drain(h);
    assert_true(says(h, "GET /readyz", "503", "{\"status\":\"draining\""));
    assert_true(says(h, "GET /livez", "200", "live"));
    health_stop(h);
}

static void other_pages_are_not_there(void **state)
{
    (void)state;
    struct health *h = start();
    assert_true(says(h, "GET /", "404", "not found"));
    assert_true(says(h, "POST /livez", "404", "not found"));
    assert_true(says(h, "HEAD /livez", "200", "Content-Type: application/json"));
    health_stop(h);
}

static void metrics_are_shown(void **state)
{
    (void)state;
    struct health *h = start();
    metric_add(METRIC_HTTP_2XX, 3);
    metric_set(METRIC_HTTP_QUEUE, 4);
    metric_add(METRIC_HTTP_QUEUE, -1);
    metric_observe(METRIC_HTTP_SECONDS, milliseconds(3));
    metric_observe(METRIC_HTTP_SECONDS, seconds(100));
    assert_true(says(h, "GET /metrics", "200",
                     "# HELP chancery_http_answers_total HTTP requests answered\n"
                     "# TYPE chancery_http_answers_total counter\n"
                     "chancery_http_answers_total{class=\"1xx\"} 0\n"
                     "chancery_http_answers_total{class=\"2xx\"} 3\n"));
    assert_true(says(h, "GET /metrics", "200", "chancery_http_queue 3\n"));
    assert_true(says(h, "GET /metrics", "200",
                     "chancery_http_seconds_bucket{le=\"0.0025\"} 0\n"
                     "chancery_http_seconds_bucket{le=\"0.005\"} 1\n"));
    assert_true(says(h, "GET /metrics", "200",
                     "chancery_http_seconds_bucket{le=\"+Inf\"} 2\n"
                     "chancery_http_seconds_sum 100.003000\n"
                     "chancery_http_seconds_count 2\n"));
    assert_int_equal(metric_get(METRIC_HTTP_SECONDS), 2);
    health_stop(h);
}

static void a_bad_address_is_a_fault(void **state)
{
    static const char *const listens[] = { "localhost:1", "203.0.113.1:1", "" };
    (void)state;
    for (size_t i = 0; i < sizeof listens / sizeof *listens; i++) {
        struct fault f = { 0 };
        struct health_options o = { .listen = listens[i], .checks = checks };
        assert_null(health_start(&o, &f));
        assert_string_equal(f.field, "ADMIN_LISTEN");
    }
    health_stop(NULL);
}

/* ---- rounds */

/* A check that hangs while `held`, and knows when it was asked. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held, ready;
    int asked;
    struct tick at[64];
} door = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static bool door_ready(void *context, struct fault *f)
{
    (void)context;
    pthread_mutex_lock(&door.lock);
    door.at[door.asked++ % 64] = tick_now();
    pthread_cond_broadcast(&door.changed);
    while (door.held)
        pthread_cond_wait(&door.changed, &door.lock);
    bool ready = door.ready;
    pthread_mutex_unlock(&door.lock);
    return ready || fault_set(f, FAULT_UNAVAILABLE, NULL, "closed");
}

static void door_set(bool held, bool ready)
{
    pthread_mutex_lock(&door.lock);
    door.held = held;
    door.ready = ready;
    door.asked = 0;
    pthread_cond_broadcast(&door.changed);
    pthread_mutex_unlock(&door.lock);
}

static void door_await(int asked)
{
    pthread_mutex_lock(&door.lock);
    while (door.asked < asked)
        pthread_cond_wait(&door.changed, &door.lock);
    pthread_mutex_unlock(&door.lock);
}

static struct health *start_with_door(struct duration every, struct duration stuck)
{
    static const struct health_check with_door[] = { { "bus", always_ready, NULL },
                                                     { "door", door_ready, NULL },
                                                     { 0 } };
    struct fault f = { 0 };
    struct health_options o = {
        .listen = "127.0.0.1:0", .checks = with_door, .every = every, .stuck = stuck
    };
    struct health *h = health_start(&o, &f);
    if (!h)
        fail_msg("%s", f.detail);
    return h;
}

/* Asks until it says so. */
static void await_says(struct health *h, const char *line, const char *status, const char *part)
{
    await_that(says(h, line, status, part));
}

static void what_is_out_of_date_is_not_ready(void **state)
{
    (void)state;
    door_set(false, true);
    struct health *h = start_with_door(milliseconds(20), days(1));
    health_refresh(h);
    door_set(true, true);
    door_await(1);
    await_says(h, "GET /readyz", "503",
               "{\"status\":\"not ready\",\"checks\":[{\"name\":\"bus\",\"ready\":true},"
               "{\"name\":\"door\",\"ready\":false,\"detail\":\"has not ended for ");
    assert_true(says(h, "GET /livez", "200", "{\"status\":\"live\"}"));
    door_set(false, true);
    await_says(h, "GET /readyz", "200", "{\"status\":\"ready\"");
    health_stop(h);
}

static void a_check_that_does_not_end_is_the_end(void **state)
{
    (void)state;
    door_set(true, true);
    struct health *h = start_with_door(milliseconds(20), milliseconds(50));
    door_await(1);
    await_says(h, "GET /livez", "503", "{\"status\":\"stuck\",\"check\":\"door\"}");
    door_set(false, true);
    await_says(h, "GET /livez", "200", "{\"status\":\"live\"}");
    health_stop(h);
}

/* 10 ms, 20, 40, 80, 160, and never more than half of a round; from the beginning once all was well. */
static void the_longer_it_is_away_the_less_it_is_asked(void **state)
{
    static const int64_t least_ms[] = { 10, 20, 40, 80, 160, 200, 200 };
    enum { PAUSES = sizeof least_ms / sizeof *least_ms };
    (void)state;
    door_set(false, false);
    struct health *h = start_with_door(milliseconds(400), days(1));
    for (int again = 0; again < 2; again++) {
        door_await(PAUSES + 1);
        for (int i = 0; i < PAUSES; i++)
            if (door.at[i + 1].us - door.at[i].us < 1000 * least_ms[i])
                fail_msg("%d: %lld us", i, (long long)(door.at[i + 1].us - door.at[i].us));
        door_set(false, true);
        health_refresh(h);
        await_says(h, "GET /readyz", "200", "ready"); /* which is so for a round or two */
        door_set(false, false);
    }
    health_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_follows_the_checks),
        cmocka_unit_test(other_pages_are_not_there),
        cmocka_unit_test(metrics_are_shown),
        cmocka_unit_test(a_bad_address_is_a_fault),
        cmocka_unit_test(what_is_out_of_date_is_not_ready),
        cmocka_unit_test(a_check_that_does_not_end_is_the_end),
        cmocka_unit_test(the_longer_it_is_away_the_less_it_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
