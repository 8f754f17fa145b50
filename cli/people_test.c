/* Accounts, users and keys, as an operator reads them; a key that leaked. */
#include "fixture_test.h"

#define NONE NULL

/* Account 900 with its administrator and key, and another with a service user. */
static void people_make(void)
{
    must(run_with(account_create_command, WORDS("Example Ltd"),
                  WORDS("username", "ann", "email", "ann@example.com", "first-name", "Ann",
                        "last-name", "Other")));
    must(run_with(key_create_command, WORDS("3001", "first"), WORDS("role", "102")));
    must(run_with(account_create_command, WORDS("Second"),
                  WORDS("username", "bob", "email", "bob@example.net")));
    must(run_with(key_create_command, WORDS("3002", "second"), NONE));
    execute("UPDATE account SET created_at = '2026-01-02';"
            "UPDATE user_account SET created_at = '2026-01-03';"
            "UPDATE user_account SET status = 'deleted', is_api_only = true WHERE id = 3002;"
            "UPDATE api_key SET created_at = '2026-01-04';"
            "UPDATE api_key SET last_used_at = '2026-01-05' WHERE id = 61");
}

static void who_is_there(void **state)
{
    (void)state;
    must(run_with(account_list_command, NONE, NONE));
    assert_string_equal(output, "no account (chancery account create)\n");
    people_make();
    must(run_with(account_list_command, NONE, NONE));
    assert_string_equal(
        output, "ID   TYPE    STATUS  USERS  ACTIVE KEYS  CREATED                    NAME\n"
                "900  retail  active  1      1            2026-01-02T00:00:00+00:00  Example Ltd\n"
                "901  retail  active  0      1            2026-01-02T00:00:00+00:00  Second\n");
    must(run_with(user_list_command, NONE, WORDS("account", "900", "json", "")));
    assert_string_equal(output,
                        "[\n{\"id\":3001,\"account\":900,\"username\":\"ann\",\"role\":1,"
                        "\"kind\":\"person\",\"status\":\"active\",\"created\":"
                        "\"2026-01-03T00:00:00+00:00\",\"email\":\"ann@example.com\",\"name\":"
                        "\"Ann Other\"}\n]\n");
    must(run_with(user_list_command, NONE, NONE));
    must_say("3002  901      bob       1     service  deleted");
    must(run_with(user_list_command, NONE, WORDS("limit", "1")));
    must_say("(the first 1;");
    must_fail(run_with(user_list_command, NONE, WORDS("account", "Second")), "--account must be a");
}

/* Neither the key nor what is known of it. */
static void keys_are_listed_without_themselves(void **state)
{
    (void)state;
    people_make();
    must(run_with(key_list_command, NONE, WORDS("user", "3001")));
    assert_string_equal(output,
                        "ID  ACCOUNT  USER  USERNAME  KEY ROLE  STATUS  CREATED                    "
                        "LAST USED                  NAME\n"
                        "61  900      3001  ann       102       active  2026-01-04T00:00:00+00:00  "
                        "2026-01-05T00:00:00+00:00  first\n");
    must(run_with(key_list_command, NONE, WORDS("account", "901", "json", "")));
    must_say("{\"id\":62,\"account\":901,\"user\":3002,\"username\":\"bob\",\"key_role\":null,");
    must(run_with(key_list_command, NONE, WORDS("account", "902")));
    assert_string_equal(output, "no such key (chancery key create)\n");
    assert_int_equal(
        number("SELECT count(*) FROM information_schema.column_privileges WHERE grantee = "
               "'chancery_cli' AND table_name = 'api_key' AND column_name = 'key_hash' "
               "AND privilege_type <> 'INSERT'"),
        0);
}

static void a_key_that_leaked_is_revoked(void **state)
{
    (void)state;
    people_make();
    must_fail(run(key_revoke_command, "first"), "ID must be the number");
    must_fail(run(key_revoke_command, "60"), "60 is no active key");
    must(run(key_revoke_command, "61"));
    must_say("key 61 (first) of ann is revoked");
    assert_string_equal(answer("SELECT string_agg(id || status, ' ' ORDER BY id) FROM api_key"),
                        "61revoked 62active");
    assert_string_equal(
        answer("SELECT string_agg(concat_ws(' ', account_id, source, by_role, subject, "
               "detail ->> 'status'), ',') FROM audit WHERE activity = 'API key "
               "changed' AND operator IS NOT NULL"),
        "900 cli chancery_cli key/61 revoked");
    must_fail(run(key_revoke_command, "61"), "61 is no active key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(who_is_there),
        FRESH(keys_are_listed_without_themselves),
        FRESH(a_key_that_leaked_is_revoked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
