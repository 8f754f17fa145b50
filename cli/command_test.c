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

/* ---- key files */

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
        FRESH(key_files_are_made_once),
        FRESH(perspectives_have_keys_of_their_own),
        FRESH(without_a_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
