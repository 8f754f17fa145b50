/* What an operator makes before there is anything: schema, accounts, keys, files of keys. */
#include "fixture_test.h"

#include "pki/digest.h"

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
    must_fail(run_with(jobs_command, NULL, NULL),
              "CHANCERY_DATABASE_URL must be set (the database, as role "
              "chancery_cli; on an installed host: . /etc/chancery/operator.sh)");
    file_put(path_of("url"), arena_format(&arena, "%s\n", database_url(database, "cli")));
    setenv("CHANCERY_DATABASE_URL_FILE", path_of("url"), 1);
    must(run_with(jobs_command, NULL, NULL));
    unsetenv("CHANCERY_DATABASE_URL_FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(migrates_and_sets_passwords, empty, end),
        FRESH(accounts),
        FRESH(keys),
        FRESH(key_files_are_made_once),
        FRESH(perspectives_have_keys_of_their_own),
        FRESH(without_a_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
