/* What an operator does when something is wrong: jobs that were given up, a restored backup, an authority that must stop. */
#include "fixture_test.h"

#include "base/text.h"

static void jobs(void **state)
{
    (void)state;
    must(run_with(jobs_command, NULL, NULL));
    must_say("no jobs");
    execute("INSERT INTO job (lane, subject, run_at, lease_owner, lease_until) VALUES"
            " ('dcv', 700101, '2026-01-02', 'validation/a/1', '2999-01-01'),"
            " ('issue', 700102, '2026-01-03', 'issuer/b/2', '2001-01-01');"
            "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at)"
            " VALUES (77, 'deliver', 5, '2026-01-01', 10, 0, 'nobody answers', '2026-01-01')");
    must(run_with(jobs_command, NULL, NULL));
    must_say("700101   2026-01-02T00:00:00+00:00  0        validation/a/1\n");
    must_say("700102   2026-01-03T00:00:00+00:00  0        -\n");
    must(run_with(jobs_command, NULL, WORDS("lane", "issue")));
    assert_null(strstr(output, "700101"));
    must(run_with(jobs_command, NULL, WORDS("limit", "1")));
    must_say("(the first 1;");
    must(run_with(jobs_command, NULL, WORDS("dead", "")));
    must_say("77  deliver  5        2026-01-01T00:00:00+00:00  10       nobody answers\n");
    must(run_with(jobs_command, NULL, WORDS("lane", "dcv", "limit", "1", "json", "")));
    assert_string_equal(output, "[\n{\"id\":1,\"lane\":\"dcv\",\"subject\":700101,\"run_at\":"
                                "\"2026-01-02T00:00:00+00:00\",\"attempt\":0,\"held_by\":"
                                "\"validation/a/1\"}\n]\n");
    must(run_with(jobs_command, NULL, WORDS("lane", "mail", "json", "")));
    assert_string_equal(output, "[\n]\n");
    must_fail(run_with(jobs_command, NULL, WORDS("limit", "0")), "--limit");
    must_fail(run_with(jobs_command, NULL, WORDS("lane", "foo")), "--lane is one of issue, dcv, ");
}

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *journal_with(const char *journal)
{
    const char *path = path_of("journal");
    file_put(path, journal);
    return path;
}

static void journal_of_a_lost_day_is_quarantined(void **state)
{
    (void)state;
    const char *path = journal_with(
        "intent 1767225600000000 5001 901 0011223344556677 0a0b0c0d0e0f10111213141516171819 " HASH
        "\nintent 1767225600000000 5002 902 0011223344556677 1a0b0c0d0e0f10111213141516171819 " HASH
        "\nsignature 1767225600000001 5001 3045\nintent 17672");
    file_put(
        path_of("journal.000001"),
        "intent 1767225600000000 5000 900 0011223344556677 2a0b0c0d0e0f10111213141516171819 " HASH
        " 3 a.example.com,*.example.com\nsignature 1767225600000001 5000 3045 3082\n");
    must_fail(run(quarantine_command, path_of("no-journal")),
              "cannot be read: No such file or directory");
    must(run_with(quarantine_command, NULL, NULL));
    must_say("nothing is in quarantine");
    must(run(quarantine_command, path));
    must_say("901      gone   -        0011223344556677  0a0b0c0d0e0f10111213141516171819  signed: "
             "revoke it");
    must_say("3        0011223344556677  2a0b0c0d0e0f10111213141516171819  signed: "
             "revoke it           a.example.com,*.example.com");
    must_say("not signed as far as known");
    must_say("6 lines read, 3 attempts that the database did not know");
    must(run(quarantine_command, path));
    must_say("0 attempts that the database did not know");
    must(run_with(quarantine_command, WORDS(path), WORDS("json", "")));
    assert_int_equal(strncmp(output, "[\n{\"request\":", 13), 0);
    assert_string_equal(output + strlen(output) - 4, "}\n]\n");
    must_say("\"ca\":\"0011223344556677\",\"serial\":\"2a0b0c0d0e0f10111213141516171819\"");
    must_fail(run(quarantine_settle_command, "903"), "in quarantine");
    must(run(quarantine_settle_command, "901"));
    must_say("1 attempts settled; the request is gone");
    must_fail(run(quarantine_settle_command, "901"), "in quarantine");
}

/* A signature that stands far behind its intent is one. */
static void late_signatures_are_signatures(void **state)
{
    (void)state;
    struct text t;
    text_init(&t, &arena);
    for (int i = 0; i < 3200; i++)
        text_format(&t, "intent 1 %d %d 0011223344556677 %032x " HASH "\n", i, i, i + 1);
    for (int i = 0; i < 3200; i++)
        text_format(&t, "signature 2 %d 3045\n", i);
    must(run(quarantine_command, journal_with(t.data)));
    assert_int_equal(number("SELECT count(*) FROM quarantine WHERE signed"), 3200);
    assert_null(strstr(output, "not signed as far as known"));
}

/* A request that was being issued when the database went. */
static void request_new(const char *signature)
{
    execute(arena_format(
        &arena,
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "valid_till, created_at, answer_by, status_at) VALUES (7, 900, 1, 'p', 'pending', 77, "
        "'2027-01-01', '2026-01-01', '2026-01-01', '2026-01-01');"
        "INSERT INTO authority VALUES ('0011223344556677', 'CA', 'ca', 'p256', NULL, '', false, "
        "true, '2026-01-01');"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
        "signature_hash, ca_id, dcv_scope, requester_id, created_at) VALUES (77, 7, 900, 1, "
        "'new_request', 'approved', 'PRIV', 'sha256', '0011223344556677', 'fqdn', 1, "
        "'2026-01-01');"
        "INSERT INTO request_name VALUES (77, 0, 900, 'dns', 'intern.corp', 'intern.corp');"
        "INSERT INTO issuance VALUES (5001, 77, 900, '0011223344556677', "
        "'\\x0a0b0c0d0e0f10111213141516171819', 0, 'ghost', 1, 1, 1, '', '{}', '2026-01-01', "
        "'2026-02-01', '2026-01-01');"
        "INSERT INTO to_sign VALUES (5001, 'final', '', '\\x" HASH "', %s)",
        signature));
}

/* The database has the attempt, and has not heard that it was signed. */
static void signature_that_the_database_lacks_is_quarantined(void **state)
{
    (void)state;
    const char *journal = "intent 1 5001 77 0011223344556677 0a0b0c0d0e0f10111213141516171819 " HASH
                          "\nsignature 2 5001 3045\n";
    request_new("NULL");
    must(run(quarantine_command, journal_with(journal)));
    must_say("77       7      900      0011223344556677");
    must_say("signed: revoke it  intern.corp");
    assert_string_equal(answer("SELECT string_agg(kind, ' ') FROM request_open_task('{77}', "
                               "'2026-02-01') WHERE owner = 'ca'"),
                        "quarantine");
    assert_int_equal(number("SELECT count(*) FROM job"), 0);
    must(run(quarantine_settle_command, "77"));
    must_say("1 attempts settled; the request goes on with issue");
    assert_int_equal(number("SELECT count(*) FROM job WHERE idem_key = 'issue/77'"), 1);
}

#define SERIAL           "0a0b0c0d0e0f10111213141516171819"
#define LINE(word, more) word " 1 5001 77 0011223344556677 " SERIAL " " HASH "\n" more

/* Where the database has stopped on the way of a precertificate, and what the journal has. A precertificate binds like a
 * certificate, so one that the database does not know as signed is revoked; one of which the journal has the certificate
 * becomes no second one. */
static const struct {
    const char *state, *stored, *journal, *state_then;
    bool found, ct; /* has it to be seen to; is it with the logs afterwards */
} on_the_way[] = {
    { "reserved", "INSERT INTO to_sign VALUES (5001, 'precert', '', '\\x" HASH "', NULL)",
      LINE("precert_intent", "precert_signature 2 5001 3045 3082\n"), "reserved", true, false },
    { "precert_signed",
      "INSERT INTO to_sign VALUES (5001, 'precert', '', '\\x" HASH "', '\\x3045')",
      LINE("precert_intent", "precert_signature 2 5001 3045 3082\n"), "precert_signed", false,
      true },
    { "precert_signed",
      "INSERT INTO to_sign VALUES (5001, 'precert', '', '\\x" HASH "', '\\x3045')",
      LINE("precert_intent", "precert_signature 2 5001 3045 3082\n")
          LINE("intent", "signature 3 5001 3046 3083\n"),
      "ghost", true, false },
    { "precert_signed",
      "INSERT INTO to_sign VALUES (5001, 'precert', '', '\\x" HASH "', '\\x3045')",
      "signature 3 5001 3046 3083\n", "ghost", true,
      false }, /* its intent is in a file that is gone */
    { "final_reserved",
      "INSERT INTO to_sign VALUES (5001, 'precert', '', '\\x" HASH "', '\\x3045'),"
      " (5001, 'final', '', '\\x" HASH "', NULL)",
      LINE("intent", "signature 3 5001 3046 3083\n"), "ghost", true, false },
};

static void precertificates_on_their_way_are_compared(void **state)
{
    for (size_t i = 0; i < sizeof on_the_way / sizeof *on_the_way; i++) {
        if (i)
            begin(state);
        request_new("'\\x3045'");
        execute(arena_format(&arena,
                             "DELETE FROM to_sign; UPDATE issuance SET state = '%s'; %s;"
                             "INSERT INTO precertificate SELECT id, request_id, account_id, ca_id, "
                             "serial, '', '2026-01-01', '2026-01-03'"
                             "  FROM issuance WHERE state <> 'reserved'",
                             on_the_way[i].state, on_the_way[i].stored));
        must(run(quarantine_command, journal_with(on_the_way[i].journal)));
        assert_int_equal(strstr(output, SERIAL "  signed: revoke it") != NULL, on_the_way[i].found);
        if (on_the_way[i].found)
            must(run(quarantine_settle_command, "77"));
        assert_string_equal(answer("SELECT state FROM issuance"), on_the_way[i].state_then);
        assert_int_equal(number("SELECT count(*) FROM revocation WHERE serial = '\\x" SERIAL "'"),
                         strcmp(on_the_way[i].state_then, "ghost") == 0);
        assert_int_equal(number("SELECT count(*) FROM request_open_task('{77}', now()) WHERE kind "
                                "= 'transparency'"),
                         on_the_way[i].ct);
        if (i + 1 < sizeof on_the_way / sizeof *on_the_way)
            end(state);
    }
}

static void signature_that_the_database_has_is_no_news(void **state)
{
    (void)state;
    request_new("'\\x3045'");
    must(run(quarantine_command,
             journal_with("intent 1 5001 77 0011223344556677 0a0b0c0d0e0f10111213141516171819 " HASH
                          "\nsignature 2 5001 3045\n")));
    must_say("nothing is in quarantine");
}

static void dead_job_runs_again(void **state)
{
    (void)state;
    must_fail(run_with(jobs_retry_command, WORDS("x"), NULL), "must be the number");
    must_fail(run_with(jobs_retry_command, WORDS("78"), NULL), "78 is no job that was given up");
    must_fail(run_with(jobs_retry_command, NULL, WORDS("lane", "dcv")),
              "dcv has no job that was given up");
    must_fail(run_with(jobs_retry_command, NULL, WORDS("lane", "dvc")), "--lane is one of issue");
    must_fail(run_with(jobs_retry_command, NULL, NULL), "ID");
    must_fail(run_with(jobs_retry_command, WORDS("78"), WORDS("lane", "issue")), "ID");
    execute("INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, idem_key, story, "
            "buried_at) SELECT n, 'issue', n, '2026-01-01', 10, 0, 'issue/' || n, 'token gone', "
            "'2026-01-01' FROM generate_series(78, 80) n");
    must(run_with(jobs_retry_command, WORDS("78"), NULL));
    must_say("job 78 runs again");
    must(run_with(jobs_retry_command, NULL, WORDS("lane", "issue")));
    must_say("job 79 runs again\njob 80 runs again");
    assert_int_equal(number("SELECT count(*) FROM job WHERE idem_key = 'issue/' || subject"), 3);
    assert_int_equal(number("SELECT count(*) FROM job_dead"), 0);
    must(run_with(jobs_command, NULL, WORDS("lane", "issue")));
    must_say("78");
    must_fail(run_with(jobs_retry_command, WORDS("78"), NULL), "was given up");
}

/* In the first minute of an incident. */
static void authority_is_stopped(void **state)
{
    (void)state;
    must(run_with(authority_list_command, NULL, NULL));
    must_say("no authority");
    must(run_with(authority_list_command, NULL, WORDS("json", "")));
    assert_string_equal(output, "[\n]\n");
    execute("INSERT INTO authority VALUES ('00000000000000AA', 'Root', 'root', 'p384', NULL, '', "
            "true, false, '2026-01-01'), ('00000000000000AB', 'CA 1', 'ca', 'p256', NULL, '', "
            "true, true, '2026-01-01')");
    must_fail(run(authority_stop_command, "00000000000000AA"), "no authority that signs");
    must_fail(run(authority_start_command, "00000000000000AA"), "no authority that was stopped");
    must_fail(run(authority_start_command, "00000000000000AB"), "no authority that was stopped");
    must(run(authority_stop_command, "00000000000000AB"));
    must_say("CA 1) signs nothing from now on");
    assert_int_equal(number("SELECT count(*) FROM authority WHERE may_sign"), 0);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'authority changed' AND "
                            "subject = 'authority/00000000000000AB' AND operator IS NOT NULL AND "
                            "detail ->> 'may_sign' = 'false'"),
                     1);
    must(run_with(authority_list_command, NULL, NULL));
    must_say("stopped 20");
    must(run(authority_start_command, "00000000000000AB"));
    must(run_with(authority_list_command, NULL, NULL));
    must_say("proved  signs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(jobs),
        FRESH(dead_job_runs_again),
        FRESH(journal_of_a_lost_day_is_quarantined),
        FRESH(late_signatures_are_signatures),
        FRESH(signature_that_the_database_lacks_is_quarantined),
        FRESH(precertificates_on_their_way_are_compared),
        FRESH(signature_that_the_database_has_is_no_news),
        FRESH(authority_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
