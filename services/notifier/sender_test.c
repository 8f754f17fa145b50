/* What one request meets. */
#include "sender_rig.h"

#include "channels/webhook.h"

static void webhook_arrives_with_its_headers(void **state)
{
    const struct webhook to = { "", .secret = { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } };
    struct sender *s = start((struct sender_options){ 0 });
    struct fault f = { 0 };
    char url[URL_SIZE], *log;
    struct sent sent = { 0 };
    struct post p;
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_true(webhook_post(&a, &to, "msg_p5jXN8AQM9LWM0D4loKWxJek", instant_from_unix(1614265330),
                             BYTES_OF("{\"test\": 2432232314}"), &p, &f));
    p.url = url_of(url, SINK, sink.port, "/arrives");
    sender_post(s, &p, on_done, &sent);
    await_number(&sent.times, 1);
    assert_int_equal(sent.result.outcome, POST_ANSWERED);
    assert_int_equal(sent.result.status, 200);
    assert_true(sent.result.sent.us != 0 && sent.result.received.us != 0);
    log = strstr(https_sink_log(&sink, &a), "\"method\":\"POST\",\"path\":\"/arrives\"");
    assert_non_null(log);
    assert_non_null(strstr(log, "\"content-type\":\"application/json\""));
    assert_null(strstr(log, "x-webhook-key")); /* such a secret only signs */
    assert_non_null(strstr(log, "\"webhook-id\":\"msg_p5jXN8AQM9LWM0D4loKWxJek\""));
    assert_non_null(strstr(log, "\"webhook-timestamp\":\"1614265330\""));
    assert_non_null(strstr(log, "\"webhook-signature\":\"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIO"
                                "LJ1OE=\""));
    assert_non_null(strstr(log, "\"body\":\"{\\\"test\\\": 2432232314}\""));
    assert_null(strstr(log, "\"expect\""));
    arena_free(&a);
    stop(s);
}

// clang-format off
static const struct answer_case {
    const char *path; enum post_outcome outcome; int status; bool delivered; const char *reason;
} answers[] = {
    { "/ok",                          POST_ANSWERED, 200, true,  "answered 200" },
    { "/status/204",                  POST_ANSWERED, 204, true,  "answered 204" },
    { "/status/410",                  POST_ANSWERED, 410, false, "answered 410" },
    { "/status/500",                  POST_ANSWERED, 500, false, "answered 500" },
    { "/flaky/1/here",                POST_ANSWERED, 500, false, "answered 500" },
    { "/flaky/1/here",                POST_ANSWERED, 200, true,  "answered 200" },
    { "/redirect?to=/redirected",     POST_ANSWERED, 302, false, "redirects are not followed" },
    { "/redirect?to=https://10.0.0.1",POST_ANSWERED, 302, false, "redirects are not followed" },
    { "/huge",                        POST_ANSWERED, 200, true,  "answered 200" },
    { "/close",                       POST_FAILED,   0,   false, "" },
};
// clang-format on

/* With all the time of the day: no answer may come because time is up. */
static void answers_are_what_the_server_says(void **state)
{
    struct sender *s = start((struct sender_options){ .timeout = days(1) });

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        char url[URL_SIZE];
        struct post_result r;

        snprintf(url, sizeof url, "%s%s", sink.url, answers[i].path);
        r = post_and_wait(s, url);
        if (r.outcome != answers[i].outcome || r.status != answers[i].status ||
            !strstr(r.reason, answers[i].reason))
            fail_msg("%s: outcome %d, status %d, %s", url, r.outcome, r.status, r.reason);
        assert_int_equal(webhook_next(&r) == WEBHOOK_TAKEN, answers[i].delivered);
        assert_true(r.reason[0] != '\0');
        assert_int_equal(r.received.us != 0, r.status != 0);
    }
    assert_int_equal(log_lines("\"path\":\"/redirected\""), 0);
    stop(s);
}

static void retry_after_is_handed_on(void **state)
{
    static const char date[] = "Thu, 19 Jan 2023 00:35:31 GMT";
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE];
    struct post_result r;

    (void)state;
    r = post_and_wait(s, url_of(url, SINK, sink.port, "/retry-after/120"));
    assert_int_equal(r.status, 503);
    assert_string_equal(r.retry_after, "120");
    r = post_and_wait(
        s, url_of(url, SINK, sink.port, "/retry-after/Thu,%2019%20Jan%202023%2000:35:31%20GMT"));
    assert_string_equal(r.retry_after, date);
    r = post_and_wait(s, url_of(url, SINK, sink.port, "/status/503"));
    assert_string_equal(r.retry_after, "");
    stop(s);
}

/* The log tells the port that a request came from. */
static void connections_are_used_again(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE], *first, *second;
    struct arena a;

    (void)state;
    url_of(url, SINK, sink.port, "/again");
    assert_int_equal(post_and_wait(s, url).status, 200);
    assert_int_equal(post_and_wait(s, url).status, 200);
    arena_init(&a);
    first = strstr(https_sink_log(&sink, &a), "/again\",\"from\":");
    second = strstr(first + 1, "/again\",\"from\":");
    assert_non_null(second);
    assert_memory_equal(first, second, (size_t)(strstr(first, "\"headers\"") - first));
    arena_free(&a);
    stop(s);
}

static void unknown_ca_is_not_trusted(void **state)
{
    const struct sender_options no_ca = { .guard.loopback = true };
    struct fault f = { 0 };
    struct sender *s = sender_start(&no_ca, &f);
    char url[URL_SIZE];
    struct post_result r;

    (void)state;
    assert_non_null(s);
    r = post_and_wait(s, url_of(url, SINK, sink.port, "/unknown-ca"));
    assert_int_equal(r.outcome, POST_FAILED);
    assert_non_null(strstr(r.reason, "certificate"));
    assert_int_equal(log_lines("/unknown-ca"), 0);
    stop(s);
}

static void silent_servers_time_out(void **state)
{
    struct sender *s = start((struct sender_options){ .timeout = milliseconds(300) });
    const struct {
        const char *host;
        int port;
    } silent[] = { { HOLE, hole_port }, { SINK, sink.port } };

    (void)state;
    for (size_t i = 0; i < COUNT(silent); i++) {
        char url[URL_SIZE];
        struct post_result r =
            post_and_wait(s, url_of(url, silent[i].host, silent[i].port, "/slow/100"));

        assert_int_equal(r.outcome, POST_FAILED);
        assert_int_equal(r.failure, POST_LATE);
        assert_non_null(strstr(r.reason, "time")); /* "timed out", and "timeout" of TLS */
    }
    stop(s);
}

static void refused_connections_are_told(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE];
    struct post_result r;

    (void)state;
    r = post_and_wait(s, url_of(url, HOLE, closed_port, "/"));
    assert_int_equal(r.outcome, POST_FAILED);
    assert_non_null(strstr(r.reason, "Connection refused"));
    assert_true(r.sent.us != 0 && r.received.us == 0 && r.status == 0);
    stop(s);
}

static void loopback_wants_the_setting(void **state)
{
    static const char *const hosts[] = { SINK, "[::ffff:" SINK "]", "[::1]", "localhost" };
    const struct sender_options strict = { .ca_file = sink.ca_file,
                                           .guard.ports = { (uint16_t)sink.port } };
    struct fault f = { 0 };
    struct sender *s = sender_start(&strict, &f);

    (void)state;
    assert_non_null(s);
    for (size_t i = 0; i < COUNT(hosts); i++) {
        char url[URL_SIZE];
        struct post_result r = post_and_wait(s, url_of(url, hosts[i], sink.port, "/strict"));

        assert_int_equal(r.outcome, POST_REFUSED);
        assert_int_equal(r.sent.us, 0);
    }
    assert_int_equal(log_lines("/strict"), 0);
    stop(s);
}

static void missing_ca_file_is_a_fault(void **state)
{
    const struct sender_options o = { .ca_file = "/nowhere/ca.pem" };
    struct fault f = { 0 };

    (void)state;
    assert_null(sender_start(&o, &f));
    assert_non_null(strstr(f.detail, "/nowhere/ca.pem"));
    sender_stop(NULL, seconds(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(webhook_arrives_with_its_headers),
        cmocka_unit_test(answers_are_what_the_server_says),
        cmocka_unit_test(retry_after_is_handed_on),
        cmocka_unit_test(connections_are_used_again),
        cmocka_unit_test(unknown_ca_is_not_trusted),
        cmocka_unit_test(silent_servers_time_out),
        cmocka_unit_test(refused_connections_are_told),
        cmocka_unit_test(loopback_wants_the_setting),
        cmocka_unit_test(missing_ca_file_is_a_fault),
    };

    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
