/* The command line, and the commands that make things. */
#include "fixture_test.h"

#include <fcntl.h>

#include "base/version.h"
#include "pki/digest.h"
#include "table.h"

/* ---- words, arguments, options */

static const char *ran;
static char seen[128];

static bool note(struct command_run *r, struct fault *why)
{
    (void)why;
    ran = "note";
    snprintf(seen, sizeof seen, "%s %s --value %s --plain %s", r->words[0] ? r->words[0] : "-",
             r->words[1] ? r->words[1] : "-",
             command_option(r, "value") ? command_option(r, "value") : "-",
             command_option(r, "plain") ? "yes" : "no");
    return true;
}

static bool other(struct command_run *r, struct fault *why)
{
    ran = "other";
    r->status = r->words[0] ? 1 : 0;
    return !r->words[1] || fault_set(why, FAULT_INVALID, "word", "is wrong");
}

static const struct command table[] = {
    { "need", "NAME --this V [--that]", "--this= --that", note, "needs this" },
    { "note", "NAME [MORE] [--value V] [--plain]", "--value= --plain", note, "notes" },
    { "other thing", "[A] [B]", NULL, other, "does otherwise" },
    { 0 },
};

static const struct {
    const char *line;
    int status;
    const char *ran, *seen;
} lines[] = {
    { "note a", 0, "note", "a - --value - --plain no" },
    { "note a b", 0, "note", "a b --value - --plain no" },
    { "note --value v a --plain", 0, "note", "a - --value v --plain yes" },
    { "note a --value --plain", 0, "note", "a - --value --plain --plain no" },
    { "note", 2, NULL, "" },
    { "note a b c", 2, NULL, "" },
    { "note a --value", 2, NULL, "" },
    { "note a --val v", 2, NULL, "" },
    { "note a --valued v", 2, NULL, "" },
    { "note a --nothing", 2, NULL, "" },
    { "not a", 2, NULL, "" },
    { "note --help", 0, NULL, "" },
    { "note a --value --help", 0, NULL, "" },
    { "other", 2, NULL, "" },
    { "other --help", 0, NULL, "" },
    { "other nothing --help", 2, NULL, "" },
    { "need a", 2, NULL, "" },
    { "need a --that", 2, NULL, "" },
    { "need a --this v", 0, "note", "a - --value - --plain no" },
    { "--version", 0, NULL, "" },
    { "--what", 2, NULL, "" },
    { "other thin", 2, NULL, "" },
    { "n", 2, NULL, "" },
    { "--help", 0, NULL, "" },
    { "help", 0, NULL, "" },
    { "", 2, NULL, "" },
};

static int run_line(const struct command *commands, const char *line)
{
    char *words[16] = { (char[]){ "chancery" } }, *rest = NULL;
    int count = 1;
    for (char *w = strtok_r(arena_strdup(&arena, line), " ", &rest); w;
         w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    ran = NULL;
    *seen = '\0';
    return command_main(commands, count, words);
}

static void lines_are_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *line = lines[i].line;
        int got = run_line(table, line);
        if (got != lines[i].status || (ran == NULL) != (lines[i].ran == NULL) ||
            strcmp(seen, lines[i].seen) != 0)
            fail_msg("\"%s\": status %d, ran %s, saw %s", line, got, ran ? ran : "nothing", seen);
    }
}

/* What a line prints on standard output. */
static const char *printed(const struct command *commands, const char *line)
{
    const char *path = path_of("printed");
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(kept >= 0 && dup2(to, STDOUT_FILENO) >= 0);
    close(to);
    run_line(commands, line);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    return file_get(path);
}

static void a_group_lists_its_commands(void **state)
{
    static const struct command group[] = {
        { "job retry", "ID", NULL, note, "tries" },
        { "job end now", "", NULL, note, "ends" },
        { "job", "[--lane L]", "--lane=", note, "lists" },
        { "jobs", "", NULL, note, "is another" },
        { 0 },
    };
    (void)state;
    assert_string_equal(printed(group, "job --help"),
                        "  job retry ID\n      tries\n  job end now\n      ends\n"
                        "  job [--lane L]\n      lists\n");
    assert_string_equal(printed(group, "job end --help"), "  job end now\n      ends\n");
    assert_string_equal(printed(group, "job retry --help"), "  job retry ID\n      tries\n");
    assert_string_equal(printed(group, "job retry 7 --help"), "  job retry ID\n      tries\n");
    assert_string_equal(printed(group, "jop --help"), "");
    assert_string_equal(printed(group, "--version"),
                        arena_format(&arena, "chancery %s\n", version_text()));
}

static void statuses(void **state)
{
    (void)state;
    assert_int_equal(run_line(table, "other thing"), 0);
    assert_int_equal(run_line(table, "other thing a"), 1);
    assert_int_equal(run_line(table, "other thing a b"), 1);
    assert_string_equal(ran, "other");
}

static void columns_are_aligned(void **state)
{
    struct table t;
    struct text out;
    (void)state;
    text_init(&out, &arena);
    table_init(&t, &arena, 3);
    TABLE_ROW(&t, "A", "LONG", "C");
    for (int i = 0; i < 100; i++)
        TABLE_ROW(&t, "\xc3\xa4\xc3\xa4", NULL, "c");
    table_write(&t, 1, &out);
    static const char want[] = " A   LONG  C\n \xc3\xa4\xc3\xa4  -     c\n";
    assert_int_equal(strncmp(out.data, want, strlen(want)), 0);
}

/* ---- migrate */

static int empty(void **state)
{
    begin(state);
    script_close(admin);
    database_free(database);
    database = database_new(NULL);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    setenv("CHANCERY_ADMIN_DATABASE_URL", database_url(database, "owner"), 1);
    return 0;
}

static void migrates_and_sets_passwords(void **state)
{
    (void)state;
    must(run_with(migrate_command, NULL, NULL));
    must_say("applied 0001_roles.sql\n");
    must_say("applied 0011_audit.sql\n");
    file_put(path_of("notifier.password"), "it's \"quoted\" \\ \xc3\xa4\n");
    must(run_with(migrate_command, NULL, WORDS("passwords", folder)));
    must_say("the schema is up to date\npassword set for chancery_notifier\n");
    assert_null(strstr(output, "gateway"));
    assert_string_equal(
        answer("SELECT left(rolpassword, 14) FROM pg_authid WHERE rolname = 'chancery_notifier'"),
        "SCRAM-SHA-256$");
    assert_int_equal(number("SELECT count(*) FROM pg_authid WHERE rolname = 'chancery_notifier'"
                            " AND rolpassword LIKE '%quoted%'"),
                     0);
    file_put(path_of("gateway.password"), "read by others\n");
    assert_int_equal(chmod(path_of("gateway.password"), 0644), 0);
    must_fail(run_with(migrate_command, NULL, WORDS("passwords", folder)), "chmod 600");
    unlink(path_of("gateway.password"));
    file_put(path_of("issuer.password"), "\n");
    must_fail(run_with(migrate_command, NULL, WORDS("passwords", folder)), "is empty");
    must_fail(run_with(migrate_command, NULL, WORDS("passwords", path_of("none"))),
              "cannot be read");
    execute("ALTER ROLE chancery_notifier PASSWORD NULL");
    unsetenv("CHANCERY_ADMIN_DATABASE_URL");
    must_fail(run_with(migrate_command, NULL, NULL), "CHANCERY_ADMIN_DATABASE_URL must be set");
}

/* ---- accounts and keys */

#define ACCOUNT(...)                                                                               \
    run_with(account_create_command, WORDS("Example Ltd"),                                         \
             (const char *const[]){ __VA_ARGS__, NULL })

static const char *word_after(const char *text)
{
    const char *at = strstr(output, text);
    if (!at) {
        fail_msg("\"%s\" is not in:\n%s", text, output);
        return NULL;
    }
    at += strlen(text);
    return arena_strndup(&arena, at, strcspn(at, "\n"));
}

static void accounts(void **state)
{
    (void)state;
    must(ACCOUNT("username", "ann", "email", "ann@example.com", "first-name", "Ann"));
    assert_string_equal(word_after("account_id "), answer("SELECT id FROM account"));
    assert_string_equal(word_after("container_id "), answer("SELECT id FROM container"));
    assert_string_equal(word_after("user_id "), answer("SELECT id FROM user_account"));
    assert_string_equal(answer("SELECT concat_ws('|', a.name, a.status, c.name, u.username, "
                               "u.first_name, u.last_name, u.email, u.role_id)"
                               "  FROM account a JOIN container c ON c.account_id = a.id JOIN "
                               "user_account u ON u.account_id = a.id"),
                        "Example Ltd|active|Example Ltd|ann|Ann||ann@example.com|1");
    must_fail(ACCOUNT("username", "ann", "email", "x@example.com"), "ann is taken");
    must_fail(ACCOUNT("username", "bob"), "must be given");
    must_fail(ACCOUNT("username", "bob", "email", "foo"), "--email must be an email address");
    must_fail(ACCOUNT("username", "b ob", "email", "b@example.com"), "--username takes letters");
    must_fail(ACCOUNT("username", "bob", "email", "b@example.com", "first-name", "B\n"),
              "--first-name has a control character");
    must_fail(ACCOUNT("username", "", "email", "b@example.com"), "--username is required");
    must_fail(run_with(account_create_command, WORDS(" "),
                       (const char *const[]){ "username", "bob", "email", "b@example.com", NULL }),
              "NAME is required");
    must_fail(run_with(account_create_command, WORDS(arena_format(&arena, "%0129d", 0)),
                       (const char *const[]){ "username", "bob", "email", "b@example.com", NULL }),
              "NAME is longer than 128 characters");
    assert_int_equal(number("SELECT count(*) FROM account"), 1);
    assert_string_equal(answer("SELECT string_agg(source || ' ' || activity, ',') FROM audit"),
                        "cli account created");
}

static void keys(void **state)
{
    uint8_t hash[SHA256_SIZE];
    (void)state;
    must(ACCOUNT("username", "ann", "email", "ann@example.com"));
    const char *user = word_after("user_id ");
    must(run_with(key_create_command, WORDS(user, "my key"), WORDS("role", "102")));
    const char *key = word_after("key ");
    assert_int_equal(strlen(key), 47);
    assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789"), 47);
    digest_sha256(BYTES_OF(key), hash);
    assert_string_equal(answer("SELECT concat_ws('|', id, name, status, restricted_to_role_id, "
                               "encode(key_hash, 'hex')) FROM api_key"),
                        arena_format(&arena, "%s|my key|active|102|%s", word_after("key_id "),
                                     hex_lower(&arena, (struct bytes){ hash, sizeof hash })));
    assert_int_equal(
        number(arena_format(&arena, "SELECT count(*) FROM audit WHERE detail::text LIKE '%%%s%%'",
                            key)),
        0);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'API key created'"), 1);
    must_fail(run(key_create_command, "1", "x"), "no active user");
    must_fail(run_with(key_create_command, WORDS(user, "x"), WORDS("role", "7")),
              "--role must be one of 0 (None), 100 (Orders), ");
    must_fail(run_with(key_create_command, WORDS(user, "x"), WORDS("role", "7")), "not \"7\"");
    must_fail(run_with(key_create_command, WORDS(user, "x"), WORDS("role", "View Only")),
              "102 (View Only)");
    must_fail(run_with(key_create_command, WORDS(user, "x"), WORDS("role", "4294967398")),
              "--role must be one of");
    must_fail(run(key_create_command, user, " "), "NAME is required");
    must_fail(run(key_create_command, "ann", "x"), "must be a number");
    execute("UPDATE user_account SET status = 'inactive'");
    must_fail(run(key_create_command, user, "x"), "no active user");
}

/* ---- jobs, key files */

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
                             "serial, '', '2026-01-01'"
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

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void key_files_are_made_once(void **state)
{
    const char *seal = path_of("seal.key");
    (void)state;
    must(run(seal_key_command, seal));
    char *first = file_get(seal);
    assert_int_equal(strlen(first), 65);
    assert_int_equal(mode_of(seal), 0600);
    must(run(seal_key_command, seal));
    must_say("known");
    assert_string_equal(file_get(seal), first);
    must_fail(run(seal_key_command, path_of("none/seal.key")), "cannot be written");

    const char *policy = path_of("policy.key");
    must(run(policy_key_command, policy));
    must_say("made ");
    first = file_get(policy);
    assert_int_equal(mode_of(policy), 0600);
    must(run(policy_key_command, policy));
    must_say("known");
    assert_string_equal(file_get(policy), first);
    uint8_t signature[ED25519_SIZE];
    struct bytes made = { signature, sizeof signature };
    assert_true(ed25519_sign(first, BYTES_OF("x"), signature, &f));
    struct ed25519_key *key = ed25519_load(path_of("policy.key.pub"), &f);
    assert_non_null(key);
    assert_true(ed25519_verify(key, BYTES_OF("x"), made));
    ed25519_free(key);

    must(run(keys_command, path_of("bus")));
    must_say("made ");
    first = file_get(path_of("bus/issuer.key"));
    must(run(keys_command, path_of("bus")));
    assert_null(strstr(output, "made "));
    assert_string_equal(file_get(path_of("bus/issuer.key")), first);
    assert_int_equal(mode_of(path_of("bus/gateway.key")), 0600);
}

static void perspectives_have_keys_of_their_own(void **state)
{
    static const char *const wrong[] = {
        "", "-a", "a-", "Fra", "../fra", "a.b", "a-name-of-eighteen"
    };
    const char *far = path_of("far");
    (void)state;
    must(run_with(keys_command, WORDS(far), WORDS("perspective", "fra", "perspective", "iad-2")));
    assert_int_equal(mode_of(path_of("far/perspective-fra.key")), 0600);
    assert_string_not_equal(file_get(path_of("far/perspective-fra.pub")),
                            file_get(path_of("far/perspective-iad-2.pub")));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        must_fail(run_with(keys_command, WORDS(far), WORDS("perspective", wrong[i])),
                  "--perspective is a name of 1 to 17");
}

static void without_a_database(void **state)
{
    (void)state;
    unsetenv("CHANCERY_DATABASE_URL");
    must_fail(run_with(jobs_command, NULL, NULL), "CHANCERY_DATABASE_URL must be set");
    file_put(path_of("url"), arena_format(&arena, "%s\n", database_url(database, "cli")));
    setenv("CHANCERY_DATABASE_URL_FILE", path_of("url"), 1);
    must(run_with(jobs_command, NULL, NULL));
    unsetenv("CHANCERY_DATABASE_URL_FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(lines_are_understood),
        FRESH(a_group_lists_its_commands),
        FRESH(statuses),
        FRESH(columns_are_aligned),
        cmocka_unit_test_setup_teardown(migrates_and_sets_passwords, empty, end),
        FRESH(accounts),
        FRESH(keys),
        FRESH(jobs),
        FRESH(dead_job_runs_again),
        FRESH(journal_of_a_lost_day_is_quarantined),
        FRESH(late_signatures_are_signatures),
        FRESH(signature_that_the_database_lacks_is_quarantined),
        FRESH(precertificates_on_their_way_are_compared),
        FRESH(signature_that_the_database_has_is_no_news),
        FRESH(authority_is_stopped),
        FRESH(key_files_are_made_once),
        FRESH(perspectives_have_keys_of_their_own),
        FRESH(without_a_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
