/* A rotation of the sealing key has an end: everything opens with the new key alone. */
#include "fixture_test.h"

#include "cli/reseal.sql.h"
#include "message/convert.h"
#include "pki/seal.h"
#include "seal.pb-c.h"

enum { WEBHOOKS = 3, FIRST = 1234 };
static const char auth_key[] = "account.auth_key|900", *const webhooks[WEBHOOKS] = {
    "webhook.secret|1234", "webhook.secret|1235", "webhook.secret|1236"
};
#define OLD_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NEW_KEY "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define LOST    "aa0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static struct seal_key *key_of(const char *name, const char *text)
{
    file_put(path_of(name), text);
    struct seal_key *key = seal_key_load(path_of(name), &f);
    if (!key)
        fail_msg("%s %s", f.field, f.detail);
    return key;
}

static const char *sealed(const struct seal_key *key, const char *aad, const char *plain)
{
    struct bytes out = seal(&arena, key, BYTES_OF(aad), BYTES_OF(plain));
    return arena_format(&arena, "decode('%s', 'hex')", hex_lower(&arena, out));
}

/* An account with an AuthKey and three webhooks, all under `key`. */
static void secrets_make(const struct seal_key *key)
{
    must(run_with(account_create_command, WORDS("Example Ltd"),
                  WORDS("username", "ann", "email", "ann@example.com")));
    execute(arena_format(&arena, "INSERT INTO auth_key VALUES (900, 'id', %s, '2026-01-01')",
                         sealed(key, auth_key, "the AuthKey")));
    for (int i = 0; i < WEBHOOKS; i++)
        execute(arena_format(
            &arena,
            "INSERT INTO webhook (account_id, endpoint, secret_sealed, secret_before_sealed, "
            "events, status, instant, chain, instant_chain, frequency, created_at) VALUES (900, "
            "'https://a.example/', %s, %s, '{}', 'active', false, false, false, '{}', "
            "'2026-01-01')",
            sealed(key, webhooks[i], "the secret"),
            i ? "NULL" : sealed(key, webhooks[i], "the one before")));
}

static void rotated(void)
{
    struct seal_key *old = key_of("key", OLD_KEY);
    secrets_make(old);
    seal_key_free(old);
    must(rename(path_of("key"), path_of("key.old")) == 0);
    file_put(path_of("key"), NEW_KEY);
}

static void opens(const struct seal_key *key, const char *sql, const char *aad, const char *plain)
{
    struct bytes bytes, got;
    assert_true(hex_read(&arena, answer(sql), &bytes));
    must(unseal(&arena, key, BYTES_OF(aad), bytes, &got, &f));
    assert_string_equal((const char *)got.data, plain);
}

static void all_opens_with_the_new_key_alone(void)
{
    struct seal_key *alone = key_of("alone", NEW_KEY);
    opens(alone, "SELECT encode(auth_key_sealed, 'hex') FROM auth_key", auth_key, "the AuthKey");
    for (int i = 0; i < WEBHOOKS; i++)
        opens(alone,
              arena_format(&arena, "SELECT encode(secret_sealed, 'hex') FROM webhook WHERE id = %d",
                           FIRST + i),
              webhooks[i], "the secret");
    opens(alone, "SELECT encode(secret_before_sealed, 'hex') FROM webhook WHERE id = 1234",
          webhooks[0], "the one before");
    seal_key_free(alone);
}

static void the_old_key_can_go(void **state)
{
    (void)state;
    rotated();
    must(run_with(reseal_command, WORDS(path_of("key")), WORDS("batch", "2")));
    must_say("AuthKeys: 1 sealed anew\nsecrets of webhooks: 2 sealed anew\n"
             "secrets of webhooks: 3 sealed anew\nearlier secrets of webhooks: 1 sealed anew\n"
             "5 secrets sealed anew\nnothing is under another key");
    assert_int_equal(status, 0);
    all_opens_with_the_new_key_alone();
    assert_int_equal(number("SELECT (detail ->> 'count')::int FROM audit WHERE activity = "
                            "'secrets sealed anew' AND operator IS NOT NULL"),
                     5);
    must(run_with(reseal_command, WORDS(path_of("key")), NULL)); /* there is nothing left to do */
    assert_string_equal(output, "0 secrets sealed anew\nnothing is under another key: the one of "
                                "before can go\n");
}

/* The database ends it after each statement in turn; what was done stays done, and no secret is lost. */
static void it_goes_on_where_it_was_cut_off(void **state)
{
    (void)state;
    rotated();
    execute("CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
            "'cut off'; END $$;"
            "CREATE TRIGGER cut BEFORE UPDATE ON webhook FOR EACH ROW WHEN (OLD.id = 1235) "
            "EXECUTE FUNCTION cut();");
    must_fail(run_with(reseal_command, WORDS(path_of("key")), WORDS("batch", "1")), "cut off");
    setenv("CHANCERY_SEAL_KEY", path_of("key"), 1);
    must(run_with(status_command, NULL, WORDS("json", "")));
    must_say("\"which\":\"old\",\"auth_keys\":0,\"webhook_secrets\":3}");
    must_say("\"which\":\"new\",\"auth_keys\":1,\"webhook_secrets\":1}");
    execute("DROP TRIGGER cut ON webhook");
    must(run_with(reseal_command, WORDS(path_of("key")), NULL));
    must_say("3 secrets sealed anew\nnothing is under another key");
    all_opens_with_the_new_key_alone();
    must(run_with(status_command, NULL, NULL));
    must_say("SEALED SECRETS\nKEY       WHICH  AUTH KEYS  WEBHOOK SECRETS\n");
    assert_null(strstr(output, " old "));
    unsetenv("CHANCERY_SEAL_KEY");
}

static void what_no_key_opens_is_named(void **state)
{
    (void)state;
    rotated();
    struct seal_key *lost = key_of("lost", LOST);
    execute(arena_format(&arena, "UPDATE webhook SET secret_sealed = %s WHERE id = 1235",
                         sealed(lost, webhooks[1], "gone")));
    seal_key_free(lost);
    must(run_with(reseal_command, WORDS(path_of("key")), NULL));
    must_say("secrets of webhooks, of 1235: a secret is sealed with an unknown key\n");
    must_say("4 secrets sealed anew\n1 cannot be opened");
    assert_int_equal(status, 1);
}

/* Its owner has set another secret between our reading and our writing. */
static void what_was_set_meanwhile_stays(void **state)
{
    (void)state;
    SealedAnew in = SEALED_ANEW__INIT;
    const ProtobufCMessage *all[] = { &in.base };
    struct rows rows;
    rotated();
    struct store_options o = { .url = { database_url(database, "cli") },
                               .prepare = true,
                               .timeout = seconds(5) };
    struct store *store = store_new(&o);
    in.id = FIRST;
    in.sealed = bytes_message(&arena, BYTES_OF("as it was read"));
    in.anew = bytes_message(&arena, BYTES_OF("as it would be written"));
    must(store_set(store, &arena, &sql_reseal_webhooks_put, all, 1, &rows, &f));
    assert_int_equal(rows.count, 0);
    store_free(store);
    assert_int_equal(number("SELECT count(*) FROM webhook WHERE secret_sealed = 'as it would be "
                            "written'"),
                     0);
}

static void bad_words(void **state)
{
    (void)state;
    must_fail(run(reseal_command, path_of("none")), "cannot be read");
    file_put(path_of("key"), NEW_KEY);
    must_fail(run_with(reseal_command, WORDS(path_of("key")), WORDS("batch", "0")), "from 1 to");
    must_fail(run_with(reseal_command, WORDS(path_of("key")), WORDS("batch", "x")), "a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(the_old_key_can_go),
        FRESH(it_goes_on_where_it_was_cut_off),
        FRESH(what_no_key_opens_is_named),
        FRESH(what_was_set_meanwhile_stays),
        FRESH(bad_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
