/* Orders, as an operator finds them, and what each waits for. */
#include "fixture_test.h"

#define DAY      "2026-01-01"
#define SERIAL   "0A0B0C0D0E0F10111213141516171819"
#define CA_ID    "0011223344556677"
#define NO_WORDS NULL

/* Order N of request 10 N, with a name of its own. */
static void order_new(int n, const char *state, const char *placed)
{
    execute(arena_format(
        &arena,
        "INSERT INTO certificate SELECT %d + 5000, %d, %d, 900, '" CA_ID "', "
        "decode('" SERIAL "', 'hex') || '\\x%02x', decode(repeat('00', 20), 'hex'), '2026-01-02', "
        "'2027-01-02', '2026-01-02', '' WHERE '%s' = 'issued';"
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "certificate_id, valid_till, created_at, answer_by, status_at) VALUES (%d, 900, 3001, "
        "'ssl_dv', '%s', %d, CASE WHEN '%s' = 'issued' THEN %d END, '2027-01-01', '%s', '" DAY
        "', '%s');"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
        "signature_hash, ca_id, dcv_scope, dcv_method, requester_id, created_at) VALUES (%d, %d, "
        "900, 1, 'new_request', 'approved', 'TLS', 'sha256', '" CA_ID "', 'fqdn', 'dns-txt-token',"
        " 3001, '%s');"
        "INSERT INTO request_name VALUES (%d, 0, 900, 'dns', 'n%d.example', 'n%d.example');"
        "INSERT INTO issuance SELECT %d + 5000, %d, 900, '" CA_ID "', decode('" SERIAL
        "', 'hex') || '\\x%02x', 0, 'issued', 1, 1, 1, '', '{}', '2026-01-02', '2027-01-02', "
        "'2026-01-02' WHERE '%s' = 'issued'",
        n, n, 10 * n, n, state, n, state, 10 * n, state, n + 5000, placed, placed, 10 * n, n,
        placed, 10 * n, n, n, n, 10 * n, n, state));
}

static void shop_make(void)
{
    must(run_with(account_create_command, WORDS("Example Ltd"),
                  WORDS("username", "ann", "email", "ann@example.com")));
    execute("INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, "
            "created_at) VALUES ('" CA_ID "', 'CA 1', 'ca', 'p256', '', true, true, '" DAY "')");
    order_new(7, "issued", "2026-01-01");
    order_new(8, "pending", "2026-01-02");
    order_new(9, "canceled", "2026-01-03");
}

static void an_order_is_found_by_number_and_serial(void **state)
{
    (void)state;
    shop_make();
    must(run(order_show_command, "7"));
    must_say("ID              7\nSTATUS          issued\n");
    must_say("ACCOUNT NAME    Example Ltd\nUSER            ann\nPRODUCT         ssl_dv\n");
    must_say("AUTHORITY       CA 1\nCERTIFICATE     5007\nSERIAL          " SERIAL "07\n");
    const char *first = arena_strdup(&arena, output);
    must(run(order_show_command, SERIAL "07"));
    assert_string_equal(output, first);
    must(run(order_show_command, "0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:07"));
    assert_string_equal(output, first);
    must(run_with(order_show_command, WORDS("8"), WORDS("json", "")));
    assert_int_equal(strncmp(output, "{\"id\":8,\"status\":\"pending\",", 27), 0);
    must_say("\"names\":\"n8.example\",\"proved_by\":\"dns-txt-token\"");
    must_say("\"certificate\":null,\"serial\":null,\"issued\":null,\"not_after\":null,\"lint_warnings\":null}\n");
    must_fail(run(order_show_command, "6"), "6 no order has that number");
    must_fail(run(order_show_command, SERIAL "06"), "no order has that number");
    must_fail(run(order_show_command, "seven"), "seven must be the number of an order or");
}

static void orders_are_listed(void **state)
{
    (void)state;
    shop_make();
    must(run_with(order_list_command, NO_WORDS, NULL));
    assert_string_equal(output, "ID  ACCOUNT  STATUS    PLACED                     NOT AFTER       "
                                "           PRODUCT  NAMES\n"
                                "9   900      canceled  2026-01-03T00:00:00+00:00  -               "
                                "           ssl_dv   n9.example\n"
                                "8   900      pending   2026-01-02T00:00:00+00:00  -               "
                                "           ssl_dv   n8.example\n"
                                "7   900      issued    2026-01-01T00:00:00+00:00  "
                                "2027-01-02T00:00:00+00:00  ssl_dv   n7.example\n");
    static const char *const each[][2] = { { "issued", "[\n{\"id\":7," },
                                           { "pending", "[\n{\"id\":8," },
                                           { "canceled", "[\n{\"id\":9," },
                                           { "needs_approval", "[\n]\n" } };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        must(run_with(order_list_command, NO_WORDS, WORDS("status", each[i][0], "json", "")));
        assert_int_equal(strncmp(output, each[i][1], strlen(each[i][1])), 0);
        assert_null(strstr(output, "},"));
    }
    must(run_with(order_list_command, NO_WORDS, WORDS("account", "901")));
    assert_string_equal(output, "no such order\n");
    must(run_with(order_list_command, NO_WORDS, WORDS("account", "900", "limit", "1")));
    must_say("n9.example\n(the first 1; --limit shows more)\n");
    must_fail(run_with(order_list_command, NO_WORDS, WORDS("status", "isued")),
              "--status is one of pending, needs_approval, issued,");
    must_fail(run_with(order_list_command, NO_WORDS, WORDS("account", "x")), "--account must be");
}

/* A challenge that was looked at, a job that failed, an authority that was stopped, a job given up. */
static void an_order_says_what_it_waits_for(void **state)
{
    (void)state;
    shop_make();
    must(run(order_why_command, "7"));
    assert_string_equal(output, "order 7 is issued: it waits for nothing\n");
    must(run(order_why_command, "8"));
    must_say("WHAT  OWNER     NAME        SINCE");
    must_say("dcv   customer  n8.example  2026-01-02T00:00:00+00:00");
    execute(
        "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, "
        "random_value_at, poll_from, checked_at, next_at, seen) VALUES (900, 'request', 80, "
        "'TLS', 'dns-txt-token', 'secret', '2026-01-03', '2026-01-03', '2026-01-04', "
        "'2026-01-05', '{\"n8.example\": \"no TXT record\"}');"
        "INSERT INTO job (lane, subject, run_at, attempt, idem_key) VALUES ('dcv', 30001, "
        "'2026-01-05', 2, 'dcv/30001'), ('dcv', 30002, '2026-01-05', 2, 'dcv/30002');"
        "UPDATE authority SET may_sign = false, stopped_at = '2026-01-06', changed_at = "
        "'2026-01-06'");
    must(run_with(order_why_command, WORDS("8"), WORDS("json", "")));
    must_say("[\n{\"what\":\"dcv\",\"owner\":\"customer\",\"name\":\"n8.example\",\"since\":"
             "\"2026-01-03T00:00:00+00:00\",\"next\":\"2026-01-05T00:00:00+00:00\",\"deadline\":");
    must_say("\"detail\":\"no TXT record\"},\n{\"what\":\"authority\",\"owner\":\"ca\",\"name\":"
             "\"CA 1\",\"since\":\"2026-01-06T00:00:00+00:00\"");
    must_say("{\"what\":\"job\",\"owner\":\"ca\",\"name\":\"dcv 1\",\"since\":null,\"next\":"
             "\"2026-01-05T00:00:00+00:00\",\"deadline\":null,\"detail\":\"failed 2 times\"}\n]\n");
    execute("UPDATE authority SET may_sign = true; DELETE FROM job;"
            "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
            "VALUES (77, 'dcv', 30001, '" DAY "', 10, 0, 'the resolver is gone', '2026-01-07')");
    must(run(order_why_command, "8"));
    must_say("held_up       ca        -           2026-01-07T00:00:00+00:00");
    must_say("job given up  ca        dcv 77      2026-01-07T00:00:00+00:00");
    must_say("the resolver is gone\n");
    must(run(order_why_command, "9"));
    assert_string_equal(output, "order 9 is canceled: it waits for nothing\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(an_order_is_found_by_number_and_serial),
        FRESH(orders_are_listed),
        FRESH(an_order_says_what_it_waits_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
