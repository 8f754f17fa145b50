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
    "INSERT INTO policy_active (one, version, activated_at) SELECT true, max(id), '2026-01-01'"
    "  FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
    " valid_till, statement, source)"
    " SELECT version, p, 'TLS', p, v, 'd', l, '2025-01-01', 'infinity', '', ''"
    "   FROM policy_active, (VALUES ('reuse.dcv', '100', 'M'), ('dcv.exact.3.2.2.4.18', '1', 'M'),"
    "                               ('dcv.method.3.2.2.4.2', NULL, 'X')) AS r (p, v, l);"
    "INSERT INTO validation (account_id, identifier, kind, method, br_method, completed_at, "
    "evidence, csr_sha256)"
    " SELECT 900, d, k, 'x', m, t::timestamptz, '{}', sha256(c::bytea)"
    "   FROM (VALUES ('both.example', 'dns', '3.2.2.4.7', '2026-01-01', NULL),"
    "                ('www.both.example', 'dns', '3.2.2.4.7', '2026-01-11', NULL),"
    "                ('file.example', 'dns', '3.2.2.4.18', '2026-01-01', NULL),"
    "                ('banned.example', 'dns', '3.2.2.4.2', '2026-01-01', NULL),"
    "                ('b.deep.example', 'dns', '3.2.2.4.7', '2026-01-01', NULL),"
    "                ('b.files.example', 'dns', '3.2.2.4.18', '2026-01-01', NULL),"
    "                ('d.e.f.g.h.i.j.eight.example', 'dns', '3.2.2.4.7', '2026-01-01', NULL),"
    "                ('192.0.2.1', 'ip', '3.2.2.5.2', '2026-01-01', NULL),"
    "                ('token.example', 'dns', '3.2.2.4.7', '2026-01-01', 'a'),"
    "                ('token.example', 'dns', '3.2.2.4.7', '2026-01-11', 'b'),"
    "                ('old.example', 'dns', '3.2.2.4.7', '2025-09-01', NULL)) AS v (d, k, m, t, c);"
    "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
    " SELECT 900, 'many.example', 'x', '3.2.2.4.7', '2026-01-20'::timestamptz - n * interval '1 "
    "min',"
    "        '{}' FROM generate_series(0, 1999) n;"
    "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence, "
    "csr_sha256)"
    " SELECT 900, 'many.example', 'x', '3.2.2.4.7', '2026-01-20'::timestamptz - n * interval '1 "
    "min',"
    "        '{}', sha256(n::text::bytea) FROM generate_series(0, 1999) n;"
    "INSERT INTO authority VALUES"
    " ('00000000000000AA', 'public', 'a', 'ec', NULL, '', true, true, '2026-01-01'),"
    " ('00000000000000BB', 'private', 'b', 'ec', NULL, '', false, true, '2026-01-01');"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
    "signature_hash, ca_id, dcv_scope, requester_id, created_at)"
    " SELECT n, n, 900, 1, 'new_request', 'approved', 'TLS', 'sha256', ca, 'base_domain', 1, "
    "'2026-01-01'"
    "   FROM (VALUES (1, '00000000000000AA'), (2, '00000000000000BB'), (3, '00000000000000CC')) "
    "AS r (n, ca);"
    "INSERT INTO request_name SELECT n, 0, 900, 'dns', 'new.example', 'new.example'"
    "  FROM generate_series(1, 3) n;"
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
    { 900, "banned.example",     "banned.example", "TLS", "none" }, /* by a method that is prohibited now */
    { 900, "192.0.2.1",          "192.0.2.1",     "TLS",  "2026-04-11" }, /* what ends in .2 there does not here */
    { 900, "both.example",       "both.example",  "PRIV", "none" },
    /* Below its authorization domain name a name may be proved, too: for itself and what lies below. */
    { 900, "b.deep.example",     "deep.example",  "TLS",  "2026-04-11" },
    { 900, "a.b.deep.example",   "deep.example",  "TLS",  "2026-04-11" },
    { 900, "x.y.z.b.deep.example", "deep.example", "TLS", "2026-04-11" },
    { 900, "*.b.deep.example",   "deep.example",  "TLS",  "2026-04-11" },
    { 900, "c.deep.example",     "deep.example",  "TLS",  "none" },
    { 900, "ab.deep.example",    "deep.example",  "TLS",  "none" },
    { 900, "*.deep.example",     "deep.example",  "TLS",  "none" },
    { 900, "deep.example",       "deep.example",  "TLS",  "none" },
    { 900, "a.b.deep.example",   "a.b.deep.example", "TLS", "none" }, /* of scope fqdn */
    { 900, "b.files.example",    "files.example", "TLS",  "2026-04-11" },
    { 900, "a.b.files.example",  "files.example", "TLS",  "none" },
    { 900, "*.b.files.example",  "files.example", "TLS",  "none" },
    { 900, "0.1.2.3.4.5.6.d.e.f.g.h.i.j.eight.example", "eight.example", "TLS", "2026-04-11" },
    { 900, "0.1.2.3.4.5.6.7.d.e.f.g.h.i.j.eight.example", "eight.example", "TLS", "none" },
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

/* Names need no proof below an authority that is not public, and below no other: not because of a rule,
 * and not because nobody knows it. */
static void only_a_private_authority_excuses(void **state)
{
    (void)state;
    assert_string_equal(
        ask(issuer,
            "SELECT string_agg(concat_ws(' ', request_id, exempt, valid_until), ', ' ORDER BY "
            "request_id) FROM request_need('{1,2,3}', '2026-01-20')"),
        "1 f, 2 t infinity, 3 f");
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
                "dcv_evidence(900, $1, $2, 'TLS', sha256('none'), $3)");
    run(issuer, "BEGIN");
    long before = rows_read();
    assert_string_equal(
        ask(issuer, "EXECUTE evidence ('www.many.example', 'many.example', '2026-01-21')"),
        "2026-04-30");
    assert_int_equal(rows_read() - before, 1);
    run(issuer, "ROLLBACK");
}

/* What strangers say, and what is made of it, fills no row beyond an end, in whatever column it stands. */
static void what_strangers_say_has_an_end(void **state)
{
    static const char *const fat[] = {
        "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, evidence) VALUES (900, "
        "'a.example', now(), 0, 'permitted', jsonb_build_object('a', repeat('x', 70000)))",
        "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, evidence, "
        "corroboration) VALUES (900, 'a.example', now(), 0, 'permitted', '{}', "
        "jsonb_build_object('a', repeat('x', 70000)))",
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence, corroboration) VALUES (900, 'a.example', 'x', '3.2.2.4.7', now(), '{}', "
        "jsonb_build_object('a', repeat('x', 70000)))",
    };
    struct fault f;

    (void)state;
    assert_string_equal(
        ask(admin,
            "SELECT string_agg(a.attrelid::regclass || '.' || a.attname, ' ') FROM pg_attribute a"
            " WHERE a.attrelid::regclass::text IN ('caa_check', 'caa_report', 'validation',"
            " 'challenge', 'delivery_attempt', 'email_invitation', 'email_token', 'job_dead')"
            " AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''"
            " AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype, 'bytea'::regtype,"
            " 'text[]'::regtype) AND NOT EXISTS (SELECT FROM pg_constraint c"
            " WHERE c.conrelid = a.attrelid AND a.attnum = ANY (c.conkey) AND (c.contype = 'f' OR"
            " pg_get_constraintdef(c.oid) ~ (a.attname || '\\)* *(<=|=) [0-9]+|' || a.attname ||"
            " ' = ANY')))"),
        "none");
    for (size_t i = 0; i < sizeof fat / sizeof *fat; i++) {
        assert_false(script_run(admin, fat[i], &f));
        assert_non_null(strstr(f.detail, "_size"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newest_proof_counts),
        cmocka_unit_test(only_a_private_authority_excuses),
        cmocka_unit_test(many_proofs_cost_no_more_than_one),
        cmocka_unit_test(what_strangers_say_has_an_end),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
