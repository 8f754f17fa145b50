#include "channels/slack.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "channels/channel.h"
#include "message/convert.h"

static struct arena arena;

static int begin(void **state)
{
    struct fault f = { 0 };
    (void)state;
    arena_init(&arena);
    return slack_places("hooks.slack.com/services/ 127.1.2.3:8443/slack", &f) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void endpoints_are_known(void **state)
{
    // clang-format off
    static const struct { const char *url, *channel; } cases[] = {
        { "https://hooks.slack.com/services/T0/B0/x",      "slack" },
        { "https://HOOKS.slack.com:443/services/T0/B0/x",  "slack" },
        { "https://127.1.2.3:8443/slack/one",              "slack" },
        { "https://hooks.slack.com/workflows/T0/A0",       "webhook" },
        { "https://hooks.slack.com:8443/services/T0/B0/x", "webhook" },
        { "https://hooks.slack.com.example.com/services/", "webhook" },
        { "https://example.com/hooks.slack.com/services/", "webhook" },
        { "https://127.1.2.3/slack/one",                   "webhook" },
        { "https://example.com",                           "webhook" },
        { "nonsense",                                      "webhook" },
    };
    // clang-format on
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(channel_of(cases[i].url)->name, cases[i].channel) != 0)
            fail_msg("%s", cases[i].url);
}

static void places_are_checked(void **state)
{
    struct fault f = { 0 };
    (void)state;
    assert_false(slack_places("hooks.slack.com/services/ no\\where", &f));
    assert_false(slack_places("a.com b.com c.com d.com e.com f.com g.com h.com i.com", &f));
    assert_true(slack_places("  ", &f));
    assert_string_equal(channel_of("https://hooks.slack.com/services/x")->name, "webhook");
    begin(NULL);
}

static char *body(const struct tidings *t)
{
    struct bytes b = slack_channel.body(&arena, t);
    return arena_strndup(&arena, (const char *)b.data, b.size);
}

static void an_issued_certificate(void **state)
{
    EventData data = EVENT_DATA__INIT;
    DeliveryWords words = DELIVERY_WORDS__INIT;
    (void)state;
    data.has_order_id = data.has_certificate_id = true;
    data.order_id = 700101;
    data.certificate_id = 990016;
    words.common_name = (char[]){ "*.example.com" };
    words.product_name = (char[]){ "Secure <Site> & \"More\"" };
    words.valid_from = instant_message(&arena, instant_from_unix(1709251200));
    words.valid_till = instant_message(&arena, instant_from_unix(1717200000));
    assert_string_equal(
        body(&(struct tidings){ "certificate_issued", &data, &words }),
        "{\"text\":\"*A certificate was issued*\\nOrder 700101\\nCertificate 990016\\n"
        "Common name `*.example.com`\\nProduct Secure &lt;Site&gt; &amp; \\\"More\\\"\\n"
        "Valid from 2024-03-01 to 2024-06-01\\n"
        "What to do: Download it and install it on your server.\"}");
}

static void a_challenge_shows_its_token(void **state)
{
    EventData data = EVENT_DATA__INIT;
    (void)state;
    data.has_webhook_id = true;
    data.webhook_id = 1234;
    data.token = (char[]){ "t0k3n" };
    const char *text = body(&(struct tidings){ "challenge_webhook_endpoint", &data, NULL });
    assert_non_null(strstr(text, "\\nWebhook 1234\\nToken `t0k3n`\\n"));
}

static void what_has_no_words_is_named(void **state)
{
    (void)state;
    assert_string_equal(body(&(struct tidings){ "something_new", NULL, NULL }),
                        "{\"text\":\"*something_new*\"}");
}

/* The key is for a program that listens; nobody in a channel should read it. */
static void no_secret_goes_along(void **state)
{
    struct post post;
    struct fault f = { 0 };
    struct webhook to = { .url = "https://hooks.slack.com/services/x",
                          .secret = { "0123456789abcdef0123456789abcdef" } };
    (void)state;
    assert_true(channel_post(&arena, &to, "evt_1_2", instant_from_unix(1709251200),
                             &(struct tidings){ "test_webhook_endpoint", NULL, NULL }, &post, &f));
    for (const char *const *h = post.headers; *h; h++) {
        assert_null(strstr(*h, "0123456789abcdef"));
        assert_null(strstr(*h, "signature"));
    }
    to.url = "https://example.com/";
    assert_true(channel_post(&arena, &to, "evt_1_2", instant_from_unix(1709251200),
                             &(struct tidings){ "test_webhook_endpoint", NULL, NULL }, &post, &f));
    assert_true(bytes_equal(post.body, BYTES_OF("{\"event\":\"test_webhook_endpoint\"}")));
    assert_string_equal(post.headers[4], "X-WEBHOOK-KEY: 0123456789abcdef0123456789abcdef");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_known),         cmocka_unit_test(places_are_checked),
        cmocka_unit_test(an_issued_certificate),       cmocka_unit_test(no_secret_goes_along),
        cmocka_unit_test(a_challenge_shows_its_token), cmocka_unit_test(what_has_no_words_is_named),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
