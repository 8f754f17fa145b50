#include "webhooks.h"

#include "message/convert.h"
#include "notifier_rig.h"

static void on_sent(const WebhookSent *sent, void *call)
{
    call_answer(&sent->base, call);
}

static WebhookSend message_to(const char *path)
{
    WebhookSend in = WEBHOOK_SEND__INIT;
    in.account_id = ACCOUNT;
    in.endpoint = arena_format(&arena, "%s%s", sink.url, path);
    in.event = arena_strdup(&arena, "test_webhook_endpoint");
    return in;
}

static void send_it(struct asked *a, const WebhookSend *in)
{
    webhooks_service.send(&webhooks_service, in, on_sent, asked_call(a));
    asked_await(a);
}

static void secret_add(WebhookSend *in, long long sealed_for)
{
    const char *aad = arena_format(&arena, WEBHOOK_SECRET_AAD, sealed_for);
    struct bytes sealed = seal(&arena, notifier.seal, BYTES_OF(aad), BYTES_OF(RIG_SECRET));
    in->has_secret_sealed = true;
    in->secret_sealed = bytes_message(&arena, sealed);
}

static void tests_an_endpoint(void **state)
{
    (void)state;
    struct asked a;
    WebhookSend in = message_to("/ok/test");
    secret_add(&in, 0);
    send_it(&a, &in);
    assert_int_equal(a.fault.code, FAULT_NONE);
    assert_true(a.ok);
    assert_int_equal(a.code, 200);
    assert_string_equal(a.reason, "");
    assert_true(has(request_to("/ok/test", 0), "body", "{\"event\":\"test_webhook_endpoint\"}"));
    assert_true(has(request_to("/ok/test", 0), "x-webhook-key", RIG_SECRET));
    assert_string_equal(ask("SELECT concat_ws(' ', webhook_id, account_id, event_name, ok, "
                            "response_code, delivery_id, data, received_at >= sent_at) "
                            "FROM delivery_attempt"),
                        "0 900 test_webhook_endpoint t 200 t");
}

/* The token is a secret until it is shown: it is sent and not logged. */
static void sends_a_challenge(void **state)
{
    (void)state;
    struct asked a;
    WebhookSend in = message_to("/ok/challenge");
    in.event = (char[]){ "challenge_webhook_endpoint" };
    in.body = (char[]){ "{\"token\":\"t0k\",\"webhook_id\":1234}" };
    in.has_webhook_id = true;
    in.webhook_id = 1234;
    secret_add(&in, 1234);
    send_it(&a, &in);
    assert_true(a.ok);
    assert_true(has(request_to("/ok/challenge", 0), "body",
                    "{\"event\":\"challenge_webhook_endpoint\",\"data\":{\"token\":\"t0k\","
                    "\"webhook_id\":1234}}"));
    assert_true(has(request_to("/ok/challenge", 0), "x-webhook-key", RIG_SECRET));
    assert_string_equal(
        ask("SELECT concat_ws(' ', webhook_id, event_name, data) "
            "FROM delivery_attempt WHERE delivery_attempt::text NOT LIKE '%%t0k%%'"),
        "1234 challenge_webhook_endpoint");
}

/* Each message is its own fact. */
static void ids_differ(void **state)
{
    (void)state;
    struct asked a;
    WebhookSend in = message_to("/ok/twice");
    send_it(&a, &in);
    send_it(&a, &in);
    assert_string_not_equal(header(request_to("/ok/twice", 0), "webhook-id"),
                            header(request_to("/ok/twice", 1), "webhook-id"));
}

/* A listener that says no is no fault of ours; what it is told names no address but its own. */
static void listener_fails(void **state)
{
    static const struct {
        const char *url; /* a path of the server, or whole */
        int code;
        const char *reason;
    } cases[] = {
        { "/status/404", 404, "the endpoint answered with status 404" },
        { "/redirect?to=https://10.0.0.1/", 302, "the endpoint answered with status 302" },
        { "/close", 0, "the endpoint could not be reached, or did not answer in time" },
        { "https://127.9.8.3:1/", 0,
          "the endpoint could not be reached, or did not answer in time" },
        { "https://10.0.0.1/", 0, "messages to this address are not allowed" },
        { "http://example.com/", 0, "messages to this address are not allowed" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct asked a;
        WebhookSend in = message_to(cases[i].url);
        if (cases[i].url[0] != '/')
            in.endpoint = arena_strdup(&arena, cases[i].url);
        send_it(&a, &in);
        assert_int_equal(a.fault.code, FAULT_NONE);
        assert_false(a.ok);
        assert_int_equal(a.code, cases[i].code);
        assert_string_equal(a.reason, cases[i].reason);
        assert_int_equal(number(ask("SELECT count(*) FROM delivery_attempt WHERE NOT ok AND "
                                    "coalesce(response_code, 0) = %d AND reason <> ''",
                                    cases[i].code)),
                         cases[i].code ? 1 : i - 1);
    }
}

static void is_not_sent(void **state)
{
    struct asked a;
    WebhookSend foreign = message_to("/ok/unsent"), broken = message_to("/ok/unsent");
    (void)state;
    secret_add(&foreign, 77);
    send_it(&a, &foreign);
    assert_int_equal(a.fault.code, FAULT_INTERNAL);
    broken.body = (char[]){ "{" };
    send_it(&a, &broken);
    assert_int_equal(a.fault.code, FAULT_BODY_FORMAT);
    notifier_drain();
    broken.body = NULL;
    send_it(&a, &broken);
    assert_int_equal(a.fault.code, FAULT_UNAVAILABLE);
    assert_int_equal(requests_to("/ok/unsent"), 0);
    assert_int_equal(number(ask("SELECT count(*) FROM delivery_attempt")), 0);
}

static int start(void **state)
{
    (void)state;
    return rig_start("127.9.8.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(tests_an_endpoint), CASE(sends_a_challenge), CASE(ids_differ),
        CASE(listener_fails),    CASE(is_not_sent),
    };
    return cmocka_run_group_tests(tests, start, rig_stop);
}
