#include "webhooks.h"

#include <arpa/inet.h>

#include "message/convert.h"
#include "notifier_rig.h"
#include "service/metrics.h"

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

static bool failures_counted(const char *why)
{
    struct text all;
    text_init(&all, &arena);
    metrics_write(&all);
    return strstr(all.data, arena_format(&arena, "chancery_webhook_failures_total{reason=\"%s\"} ",
                                         why)) != NULL;
}

/* A listener that says no is no fault of ours; what it is told names no address but its own. */
static void listener_fails(void **state)
{
    static const struct {
        const char *url; /* a path of the server, or whole */
        int code;
        const char *reason;
    } cases[] = {
        { "/status/404", 404, "answered with status 404" },
        { "/redirect?to=https://10.0.0.1/", 302,
          "answered with status 302, and redirects are not followed" },
        { "/close", 0, "gave no answer" },
        { "https://127.9.8.3:1/", 0, "could not be reached: no connection could be made" },
        { "https://10.0.0.1/", 0,
          "could not be reached: its name has no address that may be called" },
        { "http://example.com/", 0,
          "could not be reached: its name has no address that may be called" },
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
                                    "coalesce(response_code, 0) = %d AND reason <> '' "
                                    "AND cause IS NOT NULL",
                                    cases[i].code)),
                         cases[i].code ? 1 : i - 1);
    }
    static const char *const counted[] = { "status_4xx", "redirect", "no_answer", "refused",
                                           "blocked_address" };
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        assert_true(failures_counted(counted[i]));
}

/* A host that is answered for by the kernel, and by nobody else; it is gone with the program. */
static char *silent_url(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (void *)&at, size) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (void *)&at, &size) != 0)
        fail_msg("no port");
    return arena_format(&arena, "https://127.0.0.1:%d/", ntohs(at.sin_port));
}

/* Its caller would have gone before its turn came, so it is told so at once. */
static void nobody_waits_behind_others(void **state)
{
    enum { PER_HOST = 8 };
    struct asked ahead[PER_HOST], behind;
    WebhookSend in = message_to("/");
    (void)state;
    in.endpoint = silent_url();
    for (int i = 0; i < PER_HOST; i++) {
        in.account_id = ACCOUNT + 1 + i;
        webhooks_service.send(&webhooks_service, &in, on_sent, asked_call(&ahead[i]));
    }
    in.account_id = ACCOUNT;
    send_it(&behind, &in);
    assert_false(behind.ok);
    assert_string_equal(behind.reason,
                        "has too many messages before this one, try again in a minute");
    notifier_drain();
    for (int i = 0; i < PER_HOST; i++)
        asked_await(&ahead[i]);
}

/* Whose messages are too many is told so, and not that it is the endpoint's fault. */
static void one_account_has_a_share(void **state)
{
    enum { SHARE = 3 };
    struct asked slow[SHARE], late, other;
    WebhookSend in = message_to("/ok/late");
    (void)state;
    for (size_t i = 0; i < SHARE; i++) {
        WebhookSend to = message_to("/");
        to.endpoint = silent_url();
        webhooks_service.send(&webhooks_service, &to, on_sent, asked_call(&slow[i]));
    }
    send_it(&late, &in);
    assert_string_equal(late.reason, "was not called: too many of your messages are under way, "
                                     "try again in a minute");
    assert_int_equal(requests_to("/ok/late"), 0);
    in.account_id++;
    send_it(&other, &in);
    assert_true(other.ok);
    for (size_t i = 0; i < SHARE; i++)
        assert_false(slow[i].done);
    notifier_drain();
    for (size_t i = 0; i < SHARE; i++)
        asked_await(&slow[i]);
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
        CASE(tests_an_endpoint), CASE(sends_a_challenge),          CASE(ids_differ),
        CASE(listener_fails),    CASE(nobody_waits_behind_others), CASE(one_account_has_a_share),
        CASE(is_not_sent),
    };
    return cmocka_run_group_tests(tests, start, rig_stop);
}
