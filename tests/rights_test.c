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
    { "SELECT", "api_key",      "key_hash",         "gateway" },
    { "UPDATE", "api_key",      "key_hash",         "" },
    { "UPDATE", "api_key",      "user_id",          "" },
    { "UPDATE", "api_key",      "status",           "gateway cli" },
    { "UPDATE", "api_key",      "restricted_to_role_id", "gateway" },
    { "UPDATE", "user_account", "account_id",       "" },
    { "UPDATE", "user_account", "role_id",          "gateway" },
    { "UPDATE", "container",    "account_id",       "" },
    { "SELECT", "auth_key",     "auth_key_sealed",  "gateway validation cli" },
    { "UPDATE", "auth_key",     "auth_key_sealed",  "cli" },
    { "UPDATE", "auth_key",     "account_id",       "" },
    { "SELECT", "webhook",      "secret_sealed",    "gateway notifier cli" },
    { "UPDATE", "webhook",      "secret_sealed",    "gateway cli" },
    { "SELECT", "webhook",      "secret_before_sealed", "gateway notifier cli" },
    { "UPDATE", "webhook",      "secret_before_sealed", "gateway cli" },
    { "UPDATE", "webhook",      "endpoint",         "gateway" },
    { "SELECT", "webhook",      "challenge_sha256", "gateway" },
    { "UPDATE", "webhook",      "account_id",       "" },

    { "SELECT", "challenge",    "random_value",     "gateway validation" },
    { "INSERT", "challenge",    "random_value",     "" },
    { "UPDATE", "challenge",    "random_value",     "" },
    { "UPDATE", "challenge",    "random_value_at",  "" },
    { "UPDATE", "challenge",    "method",           "" },
    { "UPDATE", "challenge",    "poll_from",        "" },
    { "UPDATE", "challenge",    "next_at",          "validation" },
    { "SELECT", "challenge",    "looked",           "gateway validation cli" },
    { "UPDATE", "challenge",    "looked",           "validation" },
    { "INSERT", "validation",   "identifier",       "validation" },
    { "UPDATE", "validation",   "completed_at",     "" },
    { "INSERT", "caa_check",    "result",           "validation" },
    { "UPDATE", "caa_check",    "result",           "" },
    { "SELECT", "email_token",  "token_sha256",     "validation notifier" },
    { "SELECT", "email_token",  "created_at",       "validation cli" },
    { "UPDATE", "email_token",  "unsent",           "notifier" },
    { "INSERT", "email_token",  "token_sha256",     "" },
    { "UPDATE", "email_token",  "used_at",          "validation" },
    { "UPDATE", "email_token",  "expires_at",       "" },
    { "UPDATE", "email_invitation", "domain",       "" },
    { "UPDATE", "email_invitation", "local_part",   "" },
    { "INSERT", "email_local_part", "part",         "" },

    { "INSERT", "orders",       "status",           "gateway" },
    { "UPDATE", "orders",       "status",           "issuer" },
    { "UPDATE", "orders",       "certificate_id",   "issuer" },
    { "UPDATE", "orders",       "request_id",       "" },
    { "UPDATE", "orders",       "account_id",       "" },
    { "UPDATE", "orders",       "valid_till",       "" },
    { "UPDATE", "orders",       "options",          "gateway" },
    { "SELECT", "orders",       "options",          "gateway" },
    { "INSERT", "order_note",   "text",             "gateway" },
    { "UPDATE", "order_note",   "text",             "" },
    { "INSERT", "request",      "csr",              "gateway" },
    { "UPDATE", "request",      "csr",              "" },
    { "UPDATE", "request",      "status",           "" },
    { "UPDATE", "request",      "rule_scope",       "" },
    { "UPDATE", "request",      "ca_id",            "" },
    { "UPDATE", "request_name", "domain",           "" },

    { "INSERT", "issuance",     "serial",           "issuer" },
    { "UPDATE", "issuance",     "serial",           "" },
    { "UPDATE", "issuance",     "state",            "issuer" },
    { "INSERT", "to_sign",      "tbs",              "issuer" },
    { "UPDATE", "to_sign",      "tbs",              "" },
    { "INSERT", "certificate",  "der",              "issuer" },
    { "UPDATE", "certificate",  "der",              "" },
    { "INSERT", "authority",    "der",              "ceremony" },
    { "UPDATE", "authority",    "public",           "" },
    { "UPDATE", "authority",    "der",              "" },
    { "UPDATE", "authority",    "may_sign",         "cli" },
    { "INSERT", "blocked_key",  "spki_sha256",      "cli" },
    { "SELECT", "revocation",   "serial",           "cli" },
    { "INSERT", "revocation",   "serial",           "" },
    { "UPDATE", "revocation",   "reason",           "" },
    { "INSERT", "quarantine",   "serial",           "cli" },
    { "INSERT", "policy_rule",  "value",            "cli" },
    { "UPDATE", "policy_rule",  "value",            "" },
    { "INSERT", "policy_day",   "reuse",            "" },
    { "UPDATE", "policy_day",   "reuse",            "" },
    { "UPDATE", "policy_version", "signature",      "" },
    { "UPDATE", "policy_active", "version",         "cli" },

    { "INSERT", "audit",        "activity",         "gateway validation issuer notifier scheduler cli ceremony" },
    { "SELECT", "audit",        "activity",         "scheduler cli" },
    { "INSERT", "audit",        "xid",              "" },
    { "INSERT", "audit",        "by_role",          "" },
    { "INSERT", "audit",        "operator",         "" },
    { "UPDATE", "audit",        "detail",           "" },
    { "INSERT", "audit_seal",   "hash",             "scheduler" },
    { "UPDATE", "audit_seal",   "hash",             "" },
    { "INSERT", "heads_begin",  "seal_id",          "cli" },
    { "UPDATE", "heads_begin",  "seal_id",          "" },
    { "INSERT", "job",          "lane",             "gateway validation issuer scheduler" },
    { "UPDATE", "job",          "run_at",           "validation issuer notifier scheduler" },
    { "INSERT", "job_dead",     "story",            "validation issuer notifier scheduler" },
    { "UPDATE", "job_dead",     "reported",         "scheduler" },
    { "UPDATE", "job_dead",     "story",            "" },
};
// clang-format on

#define EVERY_ROLE "pg_roles r WHERE rolname ~ '^chancery_' AND rolname <> 'chancery_owner'"
#define ROLES_IN_ORDER                                                                             \
    "coalesce(string_agg(substr(rolname, 10), ' ' ORDER BY array_position(ARRAY['gateway', "       \
    "'validation', 'issuer', 'notifier', 'scheduler', 'cli', 'ceremony'], substr(rolname, 10))), " \
    "'')"

static void few_may(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        const char *who = ask(arena_format(&arena,
                                           "SELECT " ROLES_IN_ORDER " FROM " EVERY_ROLE
                                           " AND has_column_privilege(rolname, '%s', '%s', '%s')",
                                           secrets[i].table, secrets[i].column, secrets[i].what));

        if (strcmp(who, secrets[i].roles) != 0)
            complain(arena_format(&arena, "%s (%s)", secrets[i].table, secrets[i].column),
                     secrets[i].what, who);
    }
    assert_int_equal(faults, 0);
}

/* What is done with the owner's rights, or changes something: by whom it may be called. A function that
 * is not here is nobody's to call. */
static const char functions[] = "audit_decision: \n"
                                "audit_key_change: \n"
                                "authority_demonstration: \n"
                                "caa_left: validation\n"
                                "caa_reported: \n"
                                "challenge_await: gateway\n"
                                "challenge_begin: gateway\n"
                                "challenge_change: gateway\n"
                                "challenge_hold: validation issuer\n"
                                "challenge_left: validation\n"
                                "challenge_look: \n"
                                "challenge_restart: gateway\n"
                                "challenge_settle: validation\n"
                                "email_choose: gateway\n"
                                "email_token_add: notifier\n"
                                "ghost_lost: scheduler\n"
                                "ghost_mark: issuer scheduler\n"
                                "job_raise: scheduler cli\n"
                                "order_approve: gateway\n"
                                "order_cancel: gateway\n"
                                "order_ct_status: gateway\n"
                                "order_end: \n"
                                "order_expire: issuer scheduler\n"
                                "order_lock: \n"
                                "order_reject: gateway\n"
                                "order_renewal_begin: gateway\n"
                                "order_set_apart: \n"
                                "order_unlogged: \n"
                                "policy_day_make: \n"
                                "policy_day_told: \n"
                                "policy_is_whole: \n"
                                "precertificate_give_up: issuer cli\n"
                                "precertificate_hopeless: scheduler\n"
                                "proof_reuse: validation\n"
                                "random_value: \n"
                                "random_value_then: \n"
                                "request_advance: gateway validation issuer scheduler cli\n"
                                "request_frozen: \n"
                                "validation_count: \n"
                                "validation_names: \n"
                                "validation_told: \n"
                                "validation_wall: ";

static void few_may_call(void **state)
{
    (void)state;
    assert_string_equal(
        ask("SELECT string_agg(p.proname || ': ' || (SELECT " ROLES_IN_ORDER " FROM " EVERY_ROLE
            " AND has_function_privilege(r.oid, p.oid, 'EXECUTE')), E'\\n' ORDER BY p.proname)"
            "  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND (p.prosecdef OR "
            "p.provolatile = 'v')"),
        functions);
}

/* What only reads, with the rights of whoever calls: nobody has it without a statement that asks. */
static const char questions[] =
    "attempt_fits: gateway\n"
    "audit_line: scheduler\n"
    "audit_source_fits: gateway validation issuer notifier scheduler cli "
    "ceremony\n"
    "caa_rest: \n"
    "caa_rules: validation\n"
    "caa_standing: gateway validation issuer scheduler cli\n"
    "certificate_is_demonstration: \n"
    "challenge_peer: \n"
    "day_method_end: gateway validation issuer scheduler cli\n"
    "day_quorum_missed: gateway validation issuer scheduler cli\n"
    "dcv_evidence: gateway validation issuer scheduler cli\n"
    "dcv_web_rules: validation\n"
    "der_element: \n"
    "email_pause: gateway validation\n"
    "email_wait: \n"
    "evidence_shown: gateway cli\n"
    "evidence_wanted: \n"
    "key_is_blocked: \n"
    "method_exact: gateway validation issuer scheduler cli\n"
    "method_label: gateway validation issuer scheduler cli\n"
    "method_prohibited: gateway validation notifier cli\n"
    "method_transport: validation\n"
    "name_ancestor: \n"
    "name_within: gateway validation notifier\n"
    "order_over: scheduler\n"
    "order_state: gateway scheduler\n"
    "order_unsettled: gateway scheduler cli\n"
    "policy_at: gateway validation issuer notifier scheduler cli\n"
    "policy_day_at: gateway validation issuer scheduler cli\n"
    "proof_lost: cli\n"
    "proof_place: gateway validation issuer scheduler cli\n"
    "quorum_missed: gateway validation issuer scheduler cli\n"
    "quorum_rules: validation\n"
    "request_need: gateway validation issuer scheduler cli\n"
    "request_open_task: gateway scheduler cli\n"
    "request_own_need: gateway validation issuer scheduler cli\n"
    "request_step_need: \n"
    "rule_interval: gateway validation issuer notifier scheduler cli\n"
    "rule_rates: \n"
    "section_label: gateway validation issuer scheduler cli";

static void few_may_ask(void **state)
{
    (void)state;
    assert_string_equal(
        ask("SELECT string_agg(p.proname || ': ' || (SELECT " ROLES_IN_ORDER " FROM " EVERY_ROLE
            " AND has_function_privilege(r.oid, p.oid, 'EXECUTE')), E'\\n' ORDER BY p.proname)"
            "  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND NOT p.prosecdef "
            "AND p.provolatile <> 'v'"),
        questions);
}

/* Whoever calls with the owner's rights has the owner's objects found, and no temporary table of his own
 * that is named like one: those are looked at first unless they are named. On another day the tests' own
 * clock stands before them. */
static void definers_choose_their_path(void **state)
{
    (void)state;
    assert_string_equal(ask("SELECT string_agg(proname, ' ') FROM pg_proc WHERE prosecdef"
                            " AND pronamespace = 'public'::regnamespace"
                            " AND coalesce(array_to_string(proconfig, ';'), '') !~ "
                            "'(^|;)search_path=(test_clock, )?pg_catalog, public, pg_temp(;|$)'"),
                        "");
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
        "delivery delivery_attempt event idempotency job sct webhook");
}

/* Each with the time of its own event, and by hash what is long. */
static void decisions_write_their_row(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_true(script_run(
        admin,
        "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
        " VALUES ('00000000000000AA', 'a', 'a', 'ec', '\\x3000', true, true, '2026-01-01');"
        "UPDATE authority SET may_sign = false, stopped_at = '2026-01-02', changed_at = "
        "'2026-01-02';"
        "UPDATE authority SET may_sign = true, stopped_at = NULL, changed_at = '2026-01-03';"
        "INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, "
        "found_at)"
        " VALUES ('12345678', 'a', 1, 1, false, '', '2026-01-04');"
        "UPDATE quarantine SET signed = true, changed_at = '2026-01-05'",
        &f));
    assert_string_equal(
        ask("SELECT string_agg(concat_ws(' ', extract(day FROM at), activity, detail ->> "
            "'may_sign', detail ->> 'signed'), ', ' ORDER BY id) FROM audit"),
        "1 authority entered true, 2 authority changed false, 3 authority changed "
        "true, 4 quarantined false, 5 quarantine changed true");
    assert_string_equal(
        ask("SELECT (bool_and(detail ->> 'der' = encode(sha256('\\x3000'), 'hex')))::text"
            " FROM audit WHERE subject LIKE 'authority%'"),
        "true");
}

/* Evidence for one name says nothing about another, even if the gateway claims so. */
static void a_name_lies_within_its_domain(void **state)
{
    static const struct {
        const char *name, *domain;
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
        bool ok = script_run(
            admin,
            arena_format(&arena, "INSERT INTO request_name VALUES (1, %d, 1, 'dns', '%s', '%s')", i,
                         cases[i].name, cases[i].domain),
            &f);

        if (ok != cases[i].good)
            fail_msg("%s in \"%s\": %s", cases[i].name, cases[i].domain, ok ? "taken" : f.detail);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_may),
        cmocka_unit_test(few_may_call),
        cmocka_unit_test(few_may_ask),
        cmocka_unit_test(definers_choose_their_path),
        cmocka_unit_test(nothing_is_deleted_but_work),
        cmocka_unit_test(decisions_write_their_row),
        cmocka_unit_test(a_name_lies_within_its_domain),
    };

    return cmocka_run_group_tests(tests, open_admin, close_admin);
}
