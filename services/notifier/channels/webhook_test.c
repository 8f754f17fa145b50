#include "channels/webhook.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HOURS(n) ((int64_t)3600 * (n))

enum { NOW = 1674087231 };

// clang-format off
/* The example of the Standard Webhooks specification, then secrets that are taken as they are. */
static const char example_id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek", example_body[] = "{\"test\": 2432232314}";
static const struct signature_case { const char *secret, *want; } signatures[] = {
    { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
    { "0123456789abcdef0123456789abcdef",       "v1,hK4CWvngkaAwjY1pABLuUbOIkEJjW9tAapq1no4ojG0=" },
    { "whsec_",                                 "v1,AUsemtRPIzthQtHnPgmHPUvj8jasw1M2BdSl+bqqaVQ=" },
    { "whsec_!!!",                              "v1,EDmJ6ChRH0pknkzchwhY1xI7qCxBM4zi0Ija0rYgQOU=" },
};

static const struct delay_case {
    int attempt; uint32_t random; const char *retry_after; int64_t want_s;
} delays[] = {
    { 0, 0,          "", 0 },
    { 1, 0,          "", 4 },
    { 1, UINT32_MAX, "", 6 },
    { 2, 0,          "", 240 },
    { 2, UINT32_MAX, "", 360 },
    { 3, 0,          "", 1440 },
    { 4, UINT32_MAX, "", HOURS(2) * 6 / 5 },
    { 5, 0,          "", HOURS(4) },
    { 6, 0,          "", HOURS(8) },
    { 7, 0,          "", HOURS(14) * 4 / 5 },
    { 8, 0,          "", HOURS(16) },
    { 9, 0,          "", HOURS(24) * 4 / 5 },
    { 9, UINT32_MAX, "", HOURS(24) * 6 / 5 },
    /* Retry-After delays, never hastens, and has an end. */
    { 1, 0,          "120", 120 },
    { 1, 0,          "0", 4 },
    { 1, 0,          "3", 4 },
    { 2, 0,          "5", 240 },
    { 1, 0,          "86399", 86399 },
    { 1, 0,          "86401", 86400 },
    { 1, 0,          "9223372036854775807", 86400 },
    { 9, UINT32_MAX, "999999999", HOURS(24) * 6 / 5 },
    { 1, 0,          "Thu, 19 Jan 2023 00:35:31 GMT", 1300 },
    { 1, 0,          "Thursday, 19-Jan-23 00:35:31 GMT", 1300 },
    { 1, 0,          "Thu Jan 19 00:35:31 2023", 1300 },
    { 1, 0,          "Thu, 19 Jan 2012 00:15:31 GMT", 4 },
    { 1, 0,          "Thu, 19 Jan 2099 00:15:31 GMT", 86400 },
    { 1, 0,          "-5", 4 },
    { 1, 0,          "tomorrow", 4 },
};
// clang-format on

static const char *header_of(const struct post *p, const char *name)
{
    size_t length = strlen(name);

    for (const char *const *h = p->headers; *h; h++)
        if (strncmp(*h, name, length) == 0 && strncmp(*h + length, ": ", 2) == 0)
            return *h + length + 2;
    return NULL;
}

static void signatures_are_the_standard_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        struct arena a;

        arena_init(&a);
        assert_string_equal(webhook_signature(&a, (struct secret){ signatures[i].secret },
                                              example_id, instant_from_unix(1614265330),
                                              BYTES_OF(example_body)),
                            signatures[i].want);
        arena_free(&a);
    }
}

/* What was chosen by the customer is sent as the published API says, a key of Standard Webhooks never. */
static void post_has_key_and_signature(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(signatures); i++) {
        const struct webhook to = { "https://a.example/", .secret = { signatures[i].secret } };
        bool only_signs = strncmp(signatures[i].secret, "whsec_", 6) == 0;
        struct fault f = { 0 };
        struct post p;
        struct arena a;

        arena_init(&a);
        assert_true(webhook_post(&a, &to, example_id, instant_from_unix(1614265330),
                                 BYTES_OF(example_body), &p, &f));
        assert_string_equal(p.url, to.url);
        assert_string_equal(header_of(&p, "Content-Type"), "application/json");
        assert_string_equal(header_of(&p, "webhook-id"), example_id);
        assert_string_equal(header_of(&p, "webhook-timestamp"), "1614265330");
        assert_string_equal(header_of(&p, "webhook-signature"), signatures[i].want);
        assert_non_null(header_of(&p, "User-Agent"));
        if (only_signs)
            assert_null(header_of(&p, "X-WEBHOOK-KEY"));
        else
            assert_string_equal(header_of(&p, "X-WEBHOOK-KEY"), signatures[i].secret);
        for (const char *const *h = p.headers; *h && only_signs; h++)
            assert_null(strstr(*h, "whsec_"));
        arena_free(&a);
    }
}

/* While a listener changes over either key is good; the header has the present one only. */
static void post_is_signed_with_both_secrets(void **state)
{
    static const struct {
        int now, before; /* of signatures */
    } cases[] = { { 0, 1 }, { 1, 0 } };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct signature_case *now = &signatures[cases[i].now],
                                    *before = &signatures[cases[i].before];
        const struct webhook to = { "https://a.example/", .secret = { now->secret },
                                    .before = { before->secret } };
        struct fault f = { 0 };
        struct post p;
        struct arena a;

        arena_init(&a);
        assert_true(webhook_post(&a, &to, example_id, instant_from_unix(1614265330),
                                 BYTES_OF(example_body), &p, &f));
        assert_string_equal(header_of(&p, "webhook-signature"),
                            arena_format(&a, "%s %s", now->want, before->want));
        for (const char *const *h = p.headers; *h; h++)
            assert_null(strstr(*h, before->secret));
        arena_free(&a);
    }
}

static void post_without_secret_has_neither(void **state)
{
    static const char *const none[] = { NULL, "" };

    (void)state;
    for (size_t i = 0; i < COUNT(none); i++) {
        const struct webhook to = { "https://a.example/", .secret = { none[i] } };
        struct fault f = { 0 };
        struct post p;
        struct arena a;

        arena_init(&a);
        assert_true(webhook_post(&a, &to, "id", instant_from_unix(NOW), BYTES_OF("{}"), &p, &f));
        assert_null(header_of(&p, "X-WEBHOOK-KEY"));
        assert_null(header_of(&p, "webhook-signature"));
        assert_non_null(header_of(&p, "webhook-id"));
        arena_free(&a);
    }
}

static void headers_cannot_be_injected(void **state)
{
    static const struct {
        const char *id, *secret, *field;
    } cases[] = {
        { "a", "0123456789abcdef\r\nHost: b", "secret" },
        { "a", "0123456789abcdef\n", "secret" },
        { "a", "0123456789abcdef\x80", "secret" },
        { "a\r\nb: c", "0123456789abcdef", "id" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct webhook to = { "https://a.example/", .secret = { cases[i].secret } };
        struct fault f = { 0 };
        struct post p;
        struct arena a;

        arena_init(&a);
        assert_false(
            webhook_post(&a, &to, cases[i].id, instant_from_unix(NOW), BYTES_OF("{}"), &p, &f));
        assert_string_equal(f.field, cases[i].field);
        arena_free(&a);
    }
}

static void answers_say_what_follows(void **state)
{
    static const struct {
        enum post_outcome outcome;
        int status;
        const char *retry_after;
        enum webhook_next want;
    } cases[] = {
        { POST_ANSWERED, 200, "", WEBHOOK_TAKEN },  { POST_ANSWERED, 204, "", WEBHOOK_TAKEN },
        { POST_ANSWERED, 299, "", WEBHOOK_TAKEN },  { POST_ANSWERED, 200, "9", WEBHOOK_TAKEN },
        { POST_ANSWERED, 199, "", WEBHOOK_AGAIN },  { POST_ANSWERED, 302, "", WEBHOOK_AGAIN },
        { POST_ANSWERED, 400, "", WEBHOOK_AGAIN },  { POST_ANSWERED, 401, "", WEBHOOK_AGAIN },
        { POST_ANSWERED, 404, "", WEBHOOK_AGAIN },  { POST_ANSWERED, 409, "", WEBHOOK_AGAIN },
        { POST_ANSWERED, 410, "", WEBHOOK_GONE },   { POST_ANSWERED, 410, "9", WEBHOOK_GONE },
        { POST_ANSWERED, 412, "", WEBHOOK_AGAIN },  { POST_ANSWERED, 413, "", WEBHOOK_NEVER },
        { POST_ANSWERED, 413, "9", WEBHOOK_AGAIN }, { POST_ANSWERED, 414, "", WEBHOOK_NEVER },
        { POST_ANSWERED, 415, "", WEBHOOK_NEVER },  { POST_ANSWERED, 416, "", WEBHOOK_AGAIN },
        { POST_ANSWERED, 422, "", WEBHOOK_AGAIN },  { POST_ANSWERED, 429, "", WEBHOOK_AGAIN },
        { POST_ANSWERED, 429, "9", WEBHOOK_AGAIN }, { POST_ANSWERED, 431, "", WEBHOOK_NEVER },
        { POST_ANSWERED, 500, "", WEBHOOK_AGAIN },  { POST_ANSWERED, 501, "", WEBHOOK_AGAIN },
        { POST_ANSWERED, 502, "", WEBHOOK_OUTAGE }, { POST_ANSWERED, 503, "", WEBHOOK_OUTAGE },
        { POST_ANSWERED, 503, "9", WEBHOOK_AGAIN }, { POST_ANSWERED, 504, "", WEBHOOK_OUTAGE },
        { POST_FAILED, 0, "", WEBHOOK_OUTAGE },     { POST_REFUSED, 0, "", WEBHOOK_AGAIN },
        { POST_BUSY, 0, "", WEBHOOK_AGAIN },        { POST_STOPPED, 0, "", WEBHOOK_AGAIN },
        { POST_SHARE, 0, "", WEBHOOK_AGAIN },       { POST_FULL, 0, "", WEBHOOK_AGAIN },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct post_result r = { .outcome = cases[i].outcome, .status = cases[i].status };

        snprintf(r.retry_after, sizeof r.retry_after, "%s", cases[i].retry_after);
        if (webhook_next(&r) != cases[i].want)
            fail_msg("%d \"%s\": %d", r.status, r.retry_after, (int)webhook_next(&r));
    }
}

static void retries_follow_the_table(void **state)
{
    const struct instant now = instant_from_unix(NOW);

    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        const struct delay_case *c = &delays[i];
        struct instant next;

        assert_true(webhook_next_attempt(c->attempt, c->retry_after, now, c->random, &next));
        if (instant_since(next, now).us != seconds(c->want_s).us)
            fail_msg("attempt %d, \"%s\": %lld us", c->attempt, c->retry_after,
                     (long long)instant_since(next, now).us);
    }
}

static void retries_end(void **state)
{
    struct instant next;

    (void)state;
    assert_false(webhook_next_attempt(WEBHOOK_ATTEMPTS, "", instant_from_unix(NOW), 0, &next));
    assert_false(webhook_next_attempt(WEBHOOK_ATTEMPTS, "5", instant_from_unix(NOW), 0, &next));
    assert_false(webhook_next_attempt(-1, "", instant_from_unix(NOW), 0, &next));
}

static void dead_endpoints_are_found_after_warnings(void **state)
{
    static const struct {
        int64_t hours;
        int warnings;
        bool dead;
    } cases[] = {
        { 0, 0, false },  { 23, 0, false },  { 24, 1, false }, { 71, 1, false }, { 72, 2, false },
        { 96, 3, false }, { 119, 3, false }, { 120, 3, true }, { 500, 3, true }, { -5, 0, false },
    };
    const struct instant since = instant_from_unix(NOW);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct instant now = instant_add(since, seconds(cases[i].hours * 3600));

        assert_int_equal(webhook_warnings_due(since, now), cases[i].warnings);
        assert_int_equal(webhook_is_dead(since, now), cases[i].dead);
    }
    assert_int_equal(webhook_warnings_due((struct instant){ 0 }, since), 0);
    assert_false(webhook_is_dead((struct instant){ 0 }, since));
}

static void failures_are_told_apart(void **state)
{
    static const struct {
        struct post_result result;
        const char *cause;
    } cases[] = {
        { { .outcome = POST_ANSWERED, .status = 410 }, "answered with status 410" },
        { { .outcome = POST_ANSWERED, .status = 503 }, "answered with status 503" },
        { { .outcome = POST_ANSWERED, .status = 307 },
          "answered with status 307, and redirects are not followed" },
        { { .outcome = POST_FAILED, .failure = POST_NO_NAME },
          "could not be reached: its name has no address that may be called" },
        { { .outcome = POST_FAILED, .failure = POST_NOT_TRUSTED },
          "could not be reached: its certificate is not trusted" },
        { { .outcome = POST_FAILED, .failure = POST_LATE }, "did not answer in time" },
        { { .outcome = POST_REFUSED },
          "could not be reached: its name has no address that may be called" },
        { { .outcome = POST_BUSY },
          "has too many messages before this one, try again in a minute" },
        { { .outcome = POST_SHARE },
          "was not called: too many of your messages are under way, try again in a minute" },
        { { .outcome = POST_FULL },
          "was not called: too many messages are under way, try again in a minute" },
    };
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(webhook_cause(&a, &cases[i].result), cases[i].cause);
    arena_free(&a);
}

static void failures_are_counted_by_a_word(void **state)
{
    static const struct {
        struct post_result result;
        const char *word;
    } cases[] = {
        { { .outcome = POST_ANSWERED, .status = 200 }, NULL },
        { { .outcome = POST_ANSWERED, .status = 299 }, NULL },
        { { .outcome = POST_ANSWERED, .status = 301 }, "redirect" },
        { { .outcome = POST_ANSWERED, .status = 404 }, "status_4xx" },
        { { .outcome = POST_ANSWERED, .status = 503 }, "status_5xx" },
        { { .outcome = POST_FAILED, .failure = POST_NO_NAME }, "name" },
        { { .outcome = POST_FAILED, .failure = POST_NO_CONNECTION }, "refused" },
        { { .outcome = POST_FAILED, .failure = POST_LATE }, "time_out" },
        { { .outcome = POST_FAILED, .failure = POST_NO_TLS }, "tls" },
        { { .outcome = POST_FAILED, .failure = POST_NOT_TRUSTED }, "certificate" },
        { { .outcome = POST_FAILED, .failure = POST_NO_ANSWER }, "no_answer" },
        { { .outcome = POST_REFUSED }, "blocked_address" },
        { { .outcome = POST_BUSY }, NULL },
        { { .outcome = POST_SHARE }, NULL },
        { { .outcome = POST_FULL }, NULL },
        { { .outcome = POST_STOPPED }, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *word = webhook_failure(&cases[i].result);
        if (!word != !cases[i].word || (word && strcmp(word, cases[i].word) != 0))
            fail_msg("case %zu: %s", i, word ? word : "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_the_standard_ones),
        cmocka_unit_test(post_has_key_and_signature),
        cmocka_unit_test(post_is_signed_with_both_secrets),
        cmocka_unit_test(post_without_secret_has_neither),
        cmocka_unit_test(headers_cannot_be_injected),
        cmocka_unit_test(answers_say_what_follows),
        cmocka_unit_test(retries_follow_the_table),
        cmocka_unit_test(retries_end),
        cmocka_unit_test(dead_endpoints_are_found_after_warnings),
        cmocka_unit_test(failures_are_told_apart),
        cmocka_unit_test(failures_are_counted_by_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
