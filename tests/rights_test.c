/* What the database refuses, whatever a service's program is made to do. Which rights are needed is
 * the statements' own test (statements_test.c); here is what nobody has. */
#include "tests/statements.h"

#include "store/script.h"

static struct script *admin;

static int open_admin(void **state)
{
    struct fault f;

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    return admin ? 0 : -1;
}

static int close_admin(void **state)
{
    script_close(admin);
    return stop(state);
}

static const char *ask(const char *sql)
{
    const char *out = NULL;
    struct fault f;

    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "";
}

/* Of one table, by any of its columns. */
// clang-format off
static const struct {
    const char *what, *table, *column, *roles; /* those who may */
} secrets[] = {
    { "SELECT", "api_key",    "key_hash",         "gateway cli" },
    { "UPDATE", "api_key",    "key_hash",         "" },
    { "UPDATE", "api_key",    "user_id",          "" },
    { "UPDATE", "api_key",    "status",           "gateway" },
    { "UPDATE", "user_account", "account_id",     "" },
    { "UPDATE", "user_account", "role_id",        "gateway" },
    { "UPDATE", "container",  "account_id",       "" },
    { "SELECT", "auth_key",   "auth_key_sealed",  "gateway validation" },
    { "SELECT", "webhook",    "secret_sealed",    "gateway notifier" },
    { "SELECT", "webhook",    "challenge_sha256", "gateway" },
    { "SELECT", "orders",     "random_value",     "gateway validation" },
    { "SELECT", "orders",     "options",          "gateway" },
    { "SELECT", "email_token", "token_sha256",    "validation" },
    { "INSERT", "email_token", "token_sha256",    "notifier" },
    { "UPDATE", "email_token", "used_at",         "validation" },
    { "UPDATE", "email_token", "expires_at",      "" },
    { "UPDATE", "email_invitation", "address",    "" },
    { "INSERT", "validation", "domain",           "validation" },
    { "UPDATE", "validation", "completed_at",     "" },
    { "UPDATE", "orders",     "options",          "gateway" },
    { "UPDATE", "orders",     "csr",              "" },
    { "INSERT", "order_note", "text",             "gateway" },
    { "UPDATE", "order_note", "text",             "" },
    { "UPDATE", "orders",     "account_id",       "" },
    { "UPDATE", "order_name", "domain",           "" },
    { "INSERT", "issuance",   "serial",           "issuer" },
    { "UPDATE", "issuance",   "serial",           "" },
    { "INSERT", "to_sign",    "tbs",              "issuer" },
    { "UPDATE", "to_sign",    "tbs",              "" },
    { "INSERT", "certificate", "der",             "issuer" },
    { "UPDATE", "certificate", "der",             "" },
    { "UPDATE", "authority",  "may_sign",         "" },
    { "UPDATE", "webhook",    "account_id",       "" },
    { "UPDATE", "audit",      "detail",           "" },
    { "INSERT", "audit",      "xid",              "" },
    { "UPDATE", "audit_seal", "hash",             "" },
    { "UPDATE", "policy_rule", "value",           "" },
};
// clang-format on

static void few_may(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        const char *who = ask(arena_format(
            &arena,
            "SELECT coalesce(string_agg(substr(rolname, 10), ' ' ORDER BY array_position(ARRAY["
            "'gateway', 'validation', 'issuer', 'notifier', 'scheduler', 'cli'], substr(rolname, "
            "10))), '') FROM pg_roles WHERE rolname ~ '^chancery_' AND rolname <> 'chancery_owner' "
            "AND has_column_privilege(rolname, '%s', '%s', '%s')",
            secrets[i].table, secrets[i].column, secrets[i].what));

        if (strcmp(who, secrets[i].roles) != 0)
            complain(arena_format(&arena, "%s (%s)", secrets[i].table, secrets[i].column),
                     secrets[i].what, who);
    }
    assert_int_equal(faults, 0);
}

static void nothing_is_deleted_but_work(void **state)
{
    (void)state;
    assert_string_equal(
        ask("SELECT string_agg(DISTINCT c.relname, ' ' ORDER BY c.relname) FROM pg_class c, "
            "pg_roles r WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND "
            "r.rolname ~ '^chancery_' AND r.rolname <> 'chancery_owner' AND "
            "(has_table_privilege(r.oid, c.oid, 'DELETE') OR "
            "has_table_privilege(r.oid, c.oid, 'TRUNCATE'))"),
        "delivery delivery_attempt event idempotency job job_dead webhook");
}

/* Evidence for one name says nothing about another, even if the gateway claims so. */
static void a_name_lies_within_its_domain(void **state)
{
    static const struct {
        const char *fqdn, *domain;
        bool good;
    } cases[] = {
        { "example.com", "example.com", true },      { "www.example.com", "example.com", true },
        { "*.example.com", "example.com", true },    { "www.example.com", "www.example.com", true },
        { "www.example.net", "example.com", false }, { "badexample.com", "example.com", false },
        { "example.com", "www.example.com", false }, { "example.com", "", false },
    };

    (void)state;
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        struct fault f = { 0 };
        bool ok =
            script_run(admin,
                       arena_format(&arena, "INSERT INTO order_name VALUES (1, %d, 1, '%s', '%s')",
                                    i, cases[i].fqdn, cases[i].domain),
                       &f);

        if (ok != cases[i].good)
            fail_msg("%s in \"%s\": %s", cases[i].fqdn, cases[i].domain, ok ? "taken" : f.detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_may),
        cmocka_unit_test(nothing_is_deleted_but_work),
        cmocka_unit_test(a_name_lies_within_its_domain),
    };

    return cmocka_run_group_tests(tests, open_admin, close_admin);
}
