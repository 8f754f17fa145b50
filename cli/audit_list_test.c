/* The audit log, as an operator reads it. */
#include "fixture_test.h"

static void log_make(void)
{
    execute(
        "INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, "
        "detail) VALUES ('2026-01-01', 900, 3001, 61, 'api', '192.0.2.1', 'order placed', "
        "'order/7', '{\"names\": [\"a.example\"]}');"
        "INSERT INTO audit (at, account_id, source, activity, subject) VALUES ('2026-01-02', "
        "900, 'system', 'certificate issued', 'order/7')");
    execute("INSERT INTO audit (at, source, activity, subject, detail) VALUES ('2026-01-04', "
            "'cli', 'a\x1B[2Jline', 'order/8', '{\"a\": 1}')");
}

static void the_newest_first(void **state)
{
    (void)state;
    must(run_with(audit_list_command, NULL, NULL));
    assert_string_equal(output, "the audit log has no such row\n");
    log_make();
    must(run_with(audit_list_command, NULL, WORDS("subject", "order/7")));
    assert_string_equal(
        output,
        "ID  AT                         ACTIVITY            SUBJECT  SOURCE  ACCOUNT  USER  KEY  "
        "OPERATOR  IP         DETAIL\n"
        "2   2026-01-02T00:00:00+00:00  certificate issued  order/7  system  900      -     -    "
        "-         -          -\n"
        "1   2026-01-01T00:00:00+00:00  order placed        order/7  api     900      3001  61   "
        "-         192.0.2.1  {\"names\": [\"a.example\"]}\n");
    must(run_with(audit_list_command, NULL, WORDS("limit", "1")));
    must_say("a\\u001b[2Jline");
    must_say("(the first 1;");
    must(run_with(audit_list_command, NULL, WORDS("limit", "1", "subject", "order/8", "json", "")));
    assert_string_equal(
        output, "[\n{\"id\":3,\"at\":\"2026-01-04T00:00:00+00:00\",\"activity\":\"a\\u001b[2J"
                "line\",\"subject\":\"order/8\",\"source\":\"cli\",\"account\":null,\"user\":"
                "null,\"key\":null,\"operator\":null,\"ip\":null,\"detail\":{\"a\": 1}}\n]\n");
}

/* Also what the table itself says of it, which was api_key/N once. */
static void a_key_has_one_name(void **state)
{
    (void)state;
    must(run_with(account_create_command, WORDS("A"),
                  WORDS("username", "ann", "email", "ann@example.com")));
    const char *user = answer("SELECT id FROM user_account");
    must(run(key_create_command, user, "first"));
    const char *subject = arena_format(&arena, "key/%s", answer("SELECT id FROM api_key"));
    assert_string_equal(
        answer(
            "SELECT string_agg(DISTINCT subject, ' ') FROM audit WHERE activity LIKE 'API key%'"),
        subject);
    execute(arena_format(
        &arena,
        "INSERT INTO audit (at, source, activity, subject) VALUES ('2026-01-01', 'cli', "
        "'of a release before', 'api_%s')",
        subject));
    must(run_with(audit_list_command, NULL, WORDS("subject", subject)));
    must_say("API key created");
    must_say("of a release before");
    must(run_with(audit_list_command, NULL, WORDS("subject", "key/1")));
    assert_string_equal(output, "the audit log has no such row\n");
}

/* Seals bound how far it reads, and hide nothing: here all but the last row are sealed. */
static void since_a_day(void **state)
{
    (void)state;
    log_make();
    execute("INSERT INTO audit_seal SELECT 1, '0', max(xid), 2, decode(repeat('00', 32), 'hex'), "
            "decode(repeat('00', 32), 'hex'), '2026-01-02T00:01:00Z' FROM audit");
    static const char *const each[][2] = { { "2026-01-05", "[\n]\n" },
                                           { "2026-01-04", "{\"id\":3," },
                                           { "2026-01-03T12:00:00Z", "{\"id\":3," },
                                           { "2026-01-02", "{\"id\":2," },
                                           { "2026-01-01T00:00:00+00:00", "{\"id\":1," } };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        must(run_with(audit_list_command, NULL, WORDS("since", each[i][0], "json", "")));
        must_say(each[i][1]);
        assert_int_equal(strstr(output, "{\"id\":1,") != NULL, i == 4);
        assert_int_equal(strstr(output, "{\"id\":2,") != NULL, i >= 3);
    }
    must_fail(run_with(audit_list_command, NULL, WORDS("since", "yesterday")),
              "--since is no date");
    must_fail(run_with(audit_list_command, NULL, WORDS("limit", "0")), "--limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(the_newest_first),
        FRESH(a_key_has_one_name),
        FRESH(since_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
