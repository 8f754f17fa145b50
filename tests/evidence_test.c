/* Until when what has been proved counts: dcv_evidence(), asked as the issuer asks it. */
#include "tests/statements.h"

#include <stdlib.h>

#include "store/script.h"

static struct script *admin, *issuer;

static const char *ask(struct script *who, const char *sql)
{
    const char *out = NULL;
    struct fault f;

    if (!script_ask(who, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "none";
}

static void run(struct script *who, const char *sql)
{
    struct fault f;

    if (!script_run(who, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* Proofs count for 100 days, and those by a file only for the very name. */
static const char world[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2026-01-01');"
    "INSERT INTO policy_active (one, version) SELECT true, max(id) FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
    " valid_till, statement, source)"
    " SELECT version, p, s, p, v, 'd', 'M', '2025-01-01', 'infinity', '', ''"
    "   FROM policy_active, (VALUES ('TLS', 'reuse.dcv', '100'), ('TLS', 'dcv.exact.18', '1'),"
    "                               ('PRIV', 'dcv.exempt', '1')) AS r (s, p, v);"
    "INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence,"
    " csr_sha256, order_id)"
    " SELECT 900, d, 'x', '3.2.2.4.' || m, t::timestamptz, '{}', sha256(c::bytea), 1"
    "   FROM (VALUES ('both.example', 7, '2026-01-01', NULL),"
    "                ('www.both.example', 7, '2026-01-11', NULL),"
    "                ('file.example', 18, '2026-01-01', NULL),"
    "                ('token.example', 7, '2026-01-01', 'a'),"
    "                ('token.example', 7, '2026-01-11', 'b'),"
    "                ('old.example', 7, '2025-09-01', NULL)) AS v (d, m, t, c);"
    "INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence, "
    "order_id)"
    " SELECT 900, 'many.example', 'x', '3.2.2.4.7', '2026-01-20'::timestamptz - n * interval '1 "
    "min',"
    "        '{}', 1 FROM generate_series(0, 1999) n;"
    "ANALYZE validation";

static int open_world(void **state)
{
    struct fault f;

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    issuer = script_open((struct secret){ database_url(database, "issuer") }, &f);
    if (!admin || !issuer)
        return -1;
    run(admin, world);
    return 0;
}

static int close_world(void **state)
{
    script_close(issuer);
    script_close(admin);
    return stop(state);
}

static const char *until(int account, const char *fqdn, const char *domain, const char *scope)
{
    return ask(issuer, arena_format(&arena,
                                    "SELECT coalesce(max(valid_until)::date::text, 'none') FROM "
                                    "dcv_evidence(%d, '%s', '%s', '%s', sha256('a'), '2026-01-20')",
                                    account, fqdn, domain, scope));
}

// clang-format off
static const struct {
    int account;
    const char *fqdn, *domain, *scope, *until;
} cases[] = {
    { 900, "both.example",       "both.example",  "TLS",  "2026-04-11" },
    { 900, "www.both.example",   "both.example",  "TLS",  "2026-04-21" }, /* the newer of the two */
    { 900, "*.both.example",     "both.example",  "TLS",  "2026-04-11" },
    { 901, "both.example",       "both.example",  "TLS",  "none" },
    { 900, "file.example",       "file.example",  "TLS",  "2026-04-11" },
    { 900, "www.file.example",   "file.example",  "TLS",  "none" },
    { 900, "*.file.example",     "file.example",  "TLS",  "none" },
    { 900, "token.example",      "token.example", "TLS",  "2026-04-11" }, /* another's request token is newer */
    { 900, "old.example",        "old.example",   "TLS",  "none" },
    { 900, "any.internal",       "any.internal",  "PRIV", "infinity" },
};
// clang-format on

static void newest_proof_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *told = until(cases[i].account, cases[i].fqdn, cases[i].domain, cases[i].scope);

        if (strcmp(told, cases[i].until) != 0)
            fail_msg("%s at %s: %s", cases[i].fqdn, cases[i].domain, told);
    }
}

/* Of the table, by this connection. */
static long rows_read(void)
{
    return strtol(ask(issuer, "SELECT coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) "
                              "FROM pg_stat_xact_all_tables WHERE relname = 'validation'"),
                  NULL, 10);
}

/* Each order evaluates it several times, in C1 and in C2, by a plan for all values. */
static void many_proofs_cost_no_more_than_one(void **state)
{
    (void)state;
    run(issuer, "PREPARE evidence (text, text, timestamptz) AS SELECT valid_until::date::text FROM "
                "dcv_evidence(900, $1, $2, 'TLS', NULL, $3)");
    run(issuer, "BEGIN");
    long before = rows_read();
    assert_string_equal(
        ask(issuer, "EXECUTE evidence ('www.many.example', 'many.example', '2026-01-21')"),
        "2026-04-30");
    assert_int_equal(rows_read() - before, 1);
    run(issuer, "ROLLBACK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_proof_counts),
        cmocka_unit_test(many_proofs_cost_no_more_than_one),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
