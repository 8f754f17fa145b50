/* Endpoints as an operator reads them, and why they do not take what they are sent. */
#include "fixture_test.h"

/* Three endpoints of two accounts; that of 1235 has failed since the second of January. */
static void webhooks_make(void)
{
    must(run_with(account_create_command, WORDS("Example Ltd"),
                  WORDS("username", "ann", "email", "ann@example.com")));
    must(run_with(account_create_command, WORDS("Second"),
                  WORDS("username", "bob", "email", "bob@example.net")));
    execute(
        "INSERT INTO webhook (account_id, endpoint, secret_sealed, events, status, instant, chain, "
        "instant_chain, frequency, verified, failing_since, warnings, created_at) VALUES "
        "(900, 'https://hooks.slack.com/services/T/B/hush', '\\x00', "
        "'{certificate_issued}', 'active', false, false, false, '{}', true, NULL, 0, '2026-01-01'),"
        "(901, 'https://ops.example:8443/in', NULL, '{order_rejected,certificate_issued}', "
        "'active', true, false, false, '{}', true, '2026-01-02', 1, '2026-01-01'),"
        "(901, 'https://new.example/', NULL, '{certificate_issued}', 'pending', false, false, "
        "false, '{}', false, NULL, 0, '2026-01-01');"
        "INSERT INTO delivery (event_id, webhook_id, account_id, state, tries, failed_at) VALUES "
        "(1, 1235, 901, 'waiting', 2, NULL), (2, 1235, 901, 'waiting', 0, NULL), "
        "(3, 1235, 901, 'failed', 10, '2026-01-02'), (4, 1234, 900, 'delivered', 0, NULL);"
        "INSERT INTO delivery_attempt (delivery_id, webhook_id, account_id, event_name, data, ok, "
        "response_code, cause, reason, sent_at, received_at) VALUES "
        "(3, 1235, 901, 'certificate_issued', '{\"order_id\": 77}', true, 200, NULL, '', "
        "'2026-01-01', '2026-01-01 00:00:00.25'),"
        "(1, 1235, 901, 'order_rejected', '{\"order_id\": 78}', false, NULL, 'could not be "
        "reached', 'Could not resolve host: ops.example', '2026-01-02', NULL),"
        "(NULL, 1234, 900, 'challenge_webhook_endpoint', NULL, true, 204, NULL, '', '2026-01-03', "
        "'2026-01-03')");
}

static void why_one_fails(void **state)
{
    (void)state;
    must(run_with(webhook_list_command, NULL, NULL));
    assert_string_equal(output, "no webhook\n");
    webhooks_make();
    must(run_with(webhook_list_command, NULL, NULL));
    assert_string_equal(
        output,
        "ID    ACCOUNT  STATUS   FAILING SINCE              WAITING  HOST              REASON\n"
        "1236  901      pending  -                          0        new.example       -\n"
        "1235  901      active   2026-01-02T00:00:00+00:00  1        ops.example:8443  Could not "
        "resolve host: ops.example\n"
        "1234  900      active   -                          0        hooks.slack.com   -\n");
    must(run_with(webhook_list_command, NULL, WORDS("failing", "", "json", "")));
    assert_string_equal(output,
                        "[\n{\"id\":1235,\"account\":901,\"status\":\"active\","
                        "\"failing_since\":\"2026-01-02T00:00:00+00:00\",\"waiting\":1,"
                        "\"host\":\"ops.example:8443\",\"reason\":\"Could not resolve host: "
                        "ops.example\"}\n]\n");
    must(run_with(webhook_list_command, NULL, WORDS("account", "900")));
    must_say("hooks.slack.com");
    assert_null(strstr(output, "ops.example"));
    must(run_with(webhook_list_command, NULL, WORDS("limit", "1")));
    must_say("(the first 1;");
    must(run_with(webhook_list_command, NULL, WORDS("account", "900", "failing", "")));
    assert_string_equal(output, "no webhook fails\n");
}

static void one_is_shown(void **state)
{
    (void)state;
    webhooks_make();
    must(run_with(webhook_show_command, WORDS("1235"), WORDS("json", "")));
    must_say("\"account_name\":\"Second\",\"status\":\"active\",\"verified\":\"yes\","
             "\"endpoint\":\"https://ops.example:8443/in\",\"events\":\"order_rejected, "
             "certificate_issued\",\"also_instant\":\"yes\"");
    must_say("\"warnings\":1,\"waiting\":1,\"given_up\":1}");
    must_fail(run(webhook_show_command, "1"), "no webhook has that number");
    must_fail(run(webhook_show_command, "https://ops.example"), "must be the number of a webhook");
}

static void what_was_sent_is_listed(void **state)
{
    (void)state;
    webhooks_make();
    must(run_with(webhook_log_command, WORDS("1235"), NULL));
    assert_string_equal(
        output,
        "SENT                       EVENT               ORDER  TAKEN  ANSWER  MS   REASON\n"
        "2026-01-02T00:00:00+00:00  order_rejected      78     no     -       -    Could not "
        "resolve host: ops.example\n"
        "2026-01-01T00:00:00+00:00  certificate_issued  77     yes    200     250  -\n");
    must(run_with(webhook_log_command, WORDS("1236"), NULL));
    assert_string_equal(output, "nothing was sent to it\n");
    must_fail(run(webhook_log_command, "1"), "no webhook has that number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(why_one_fails),
        FRESH(one_is_shown),
        FRESH(what_was_sent_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
