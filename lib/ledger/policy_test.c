#include "ledger/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pki/digest.h"
#include "pki/ed25519.h"
#include "store/script.h"
#include "store/store.h"
#include "testing/database.h"
#include "testing/patience.h"

static struct database *database;
static struct arena arena;
static struct script *admin;
static char *key;

/* What the release after this one may load: a product without members that this one needs. */
static const char policy[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2026-01-01');"
    "INSERT INTO policy_document (version, kind, name, document, sha256)"
    " SELECT v.id, d.kind, d.name, d.document::json, sha256(convert_to(d.document, 'UTF8'))"
    "   FROM policy_version v, (VALUES"
    "        ('product', 'later', '{\"name_id\":\"later\"}'),"
    "        ('profile', 'later', '{}'),"
    "        ('profile', 'tls', '{\"name\":\"tls\",\"include_common_name\":true,"
    "\"include_subject_key_identifier\":false,\"basic_constraints\":true,\"rule_scope\":\"TLS\","
    "\"backdate_seconds\":3600}')) AS d (kind, name, document);"
    "INSERT INTO policy_active SELECT true, id, '2026-01-01' FROM policy_version";

static int open_database(void **state)
{
    (void)state;
    struct fault f = { 0 };
    database = database_new("db/migrations");
    arena_init(&arena);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    assert_true(script_run(admin, policy, &f));
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    script_close(admin);
    arena_free(&arena);
    database_free(database);
    return 0;
}

static struct store *store_of_issuer(void)
{
    struct store_options options = { .url = { database_url(database, "issuer") },
                                     .prepare = true,
                                     .timeout = patience(),
                                     .application = "policy_test" };
    struct store *store = store_new(&options);
    store_set_mine(store);
    return store;
}

static void store_gone(struct store *store)
{
    store_set_mine(NULL);
    store_free(store);
}

static void what_a_later_release_brings_is_left_out(void **state)
{
    (void)state;
    struct fault f = { 0 };
    const struct policy *p = NULL;
    struct store *store = store_of_issuer();
    assert_true(policy_now(&p, &f));
    assert_int_equal(p->product_count, 0);
    assert_null(policy_product(p, "later"));
    assert_int_equal(p->profile_count, 1);
    assert_non_null(policy_profile_find(p, "tls"));
    assert_null(policy_profile_find(p, "later"));
    store_gone(store);
}

/* ---- rules by their dates */

static bool used(char *scope, char *value, char *level, int64_t from, int64_t until)
{
    Instant begin = INSTANT__INIT, end = INSTANT__INIT;
    Rule rule = RULE__INIT;
    const Rule *rules[] = { &rule };
    const struct policy p = { .rules = rules, .rule_count = 1 };
    begin.us = from;
    end.us = until;
    rule.scope = scope;
    rule.parameter = "csr.sha1";
    rule.value = value;
    rule.level = level;
    rule.from = from ? &begin : NULL;
    rule.until = until ? &end : NULL;
    return policy_uses(&p, "TLS", "csr.sha1", (struct instant){ 1000 }) &&
           !policy_uses(&p, "TLS", "csr.md5", (struct instant){ 1000 });
}

static void what_is_used_is_said_by_a_rule_of_the_day(void **state)
{
    (void)state;
    assert_true(used("TLS", "1", "S", 0, 0));
    assert_true(used("TLS", "1", "M", 1000, 1001));
    assert_false(used("TLS", "1", "S", 1001, 0));
    assert_false(used("TLS", "1", "S", 0, 1000));
    assert_false(used("PRIV", "1", "S", 0, 0));
    assert_false(used("TLS", "1", "X", 0, 0));
    assert_false(used("TLS", "0", "S", 0, 0));
    assert_false(used("TLS", NULL, "S", 0, 0));
}

/* ---- versions that are believed */

static struct ed25519_key *trusted_key(void)
{
    struct fault f = { 0 };
    char *public, path[] = "/tmp/chancery-policy-XXXXXX";
    ed25519_make(&arena, &key, &public);
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fputs(public, file);
    assert_int_equal(fclose(file), 0);
    struct ed25519_key *out = ed25519_load(path, &f);
    unlink(path);
    assert_non_null(out);
    return out;
}

#define RULE                                                                                       \
    "INSERT INTO policy_rule SELECT max(id), 'a-rule', 'TLS', 'validity.max', '47', 'd', 'M', "    \
    "'2029-03-15', 'infinity', 'A statement.', 'A source' FROM policy_version"

static void version_add(const char *more)
{
    struct fault f = { 0 };
    const char *sql = arena_format(
        &arena,
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) SELECT "
        "sha256(count(*)::text::bytea), "
        "'2026-01-01' FROM policy_version; " RULE "; INSERT INTO policy_document SELECT max(id), "
        "'product', 'x', '{}', sha256('{}') FROM policy_version; %s COMMIT",
        more);
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static int64_t newest(void)
{
    struct fault f = { 0 };
    const char *out = NULL;
    assert_true(
        script_ask(admin, &arena, "SELECT max(id)::text FROM policy_version", NULL, 0, &out, &f));
    return strtoll(out, NULL, 10);
}

static void version_sign(const char *with)
{
    static const char text[] =
        "rule {\"id\":\"a-rule\",\"scope\":\"TLS\",\"parameter\":\"validity.max\",\"value\":\"47\","
        "\"unit\":\"d\",\"level\":\"M\",\"from\":\"2029-03-15T00:00:00+00:00\","
        "\"statement\":\"A statement.\",\"source\":\"A source\"}\nproduct {}\n";
    uint8_t hash[SHA256_SIZE], signature[ED25519_SIZE];
    struct fault f = { 0 };
    digest_sha256(BYTES_OF(text), hash);
    assert_true(ed25519_sign(with, (struct bytes){ hash, sizeof hash }, signature, &f));
    const char *sql = arena_format(
        &arena, "UPDATE policy_version SET sha256 = '\\x%s', signature = '\\x%s' WHERE id = %lld",
        hex_lower(&arena, (struct bytes){ hash, sizeof hash }),
        hex_lower(&arena, (struct bytes){ signature, sizeof signature }), (long long)newest());
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static bool believed(void)
{
    struct fault f = { 0 };
    const struct policy *p = NULL;
    bool ok = policy_version_get(newest(), &p, &f);
    if (!ok)
        assert_int_equal(f.code, FAULT_UNAVAILABLE);
    return ok;
}

/* The same hash is one version, so each case takes its version away again. */
static void version_gone(void)
{
    struct fault f = { 0 };
    assert_true(script_run(admin,
                           "DELETE FROM policy_rule WHERE version = (SELECT max(id) FROM "
                           "policy_version); DELETE FROM policy_document WHERE version = (SELECT "
                           "max(id) FROM policy_version); DELETE FROM policy_version WHERE id = "
                           "(SELECT max(id) FROM policy_version)",
                           &f));
}

static void only_what_was_signed_is_believed(void **state)
{
    (void)state;
    struct fault f = { 0 };
    char *other, *ignored;
    struct store *store = store_of_issuer();
    struct ed25519_key *trusted = trusted_key();
    policy_trust(trusted);
    version_add("");
    assert_false(believed());
    ed25519_make(&arena, &other, &ignored);
    version_sign(other);
    assert_false(believed());
    version_gone();

    /* As the owner of the database could. */
    static const char *const edits[] = {
        "UPDATE policy_rule SET value = '48' WHERE id = 'a-rule';",
        "DELETE FROM policy_rule WHERE id = 'a-rule';",
        "INSERT INTO policy_rule SELECT version, 'more', 'TLS', 'x', '1', NULL, 'M', '-infinity', "
        "'infinity', '', '' FROM policy_rule WHERE id = 'a-rule';",
        "UPDATE policy_document SET document = '{ }', sha256 = sha256('{ }') WHERE name = 'x';",
        "INSERT INTO policy_document SELECT version, 'change', 'x', '{}', sha256('{}') FROM "
        "policy_rule WHERE id = 'a-rule';",
    };
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        version_add(edits[i]);
        version_sign(key);
        assert_false(believed());
        version_gone();
    }
    version_add("");
    version_sign(key);
    assert_true(believed());
    /* Nothing comes to it afterwards. */
    assert_false(script_run(admin, RULE, &f));
    policy_trust(NULL);
    ed25519_free(trusted);
    store_gone(store);
}

/* ---- the list of logs */

/* What is to be logged waits where the list is one that only a later release reads. */
static void a_list_that_cannot_be_read_is_not_empty(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        bool lists;
    } rows[] = {
        { "{}", false },
        { "{\"operators\":[]}", false },
        { "{\"operators\":[{\"name\":\"G\",\"logs\":[]}]}", false },
        { "{\"operators\":[{\"name\":\"G\",\"logs\":[{\"log_id\":\"AA==\",\"key\":\"AA==\"}]}]}",
          true },
        { "{\"operators\":[{\"name\":\"G\",\"logs\":[{\"name\":\"later\"}]}]}", true },
    };
    struct store *store = store_of_issuer();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault f = { 0 };
        const struct policy *p = NULL;
        version_add(arena_format(&arena,
                                 "INSERT INTO policy_document SELECT max(id), 'logs', 'tls', '%s', "
                                 "sha256(convert_to('%s', 'UTF8')) FROM policy_version;",
                                 rows[i].list, rows[i].list));
        assert_true(policy_version_get(newest(), &p, &f));
        assert_int_equal(p->lists_logs, rows[i].lists);
        assert_int_equal(p->log_count, 0);
        version_gone();
    }
    store_gone(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_later_release_brings_is_left_out),
        cmocka_unit_test(what_is_used_is_said_by_a_rule_of_the_day),
        cmocka_unit_test(a_list_that_cannot_be_read_is_not_empty),
        cmocka_unit_test(only_what_was_signed_is_believed),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
