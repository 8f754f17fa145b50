/* What somebody has who has taken over one service: its role and psql. Each row is one thing that he
 * would like to do and what the database says; what a service is trusted with (validation writes what
 * it has validated, the issuer signs) is not here. */
#include "tests/statements.h"

#include "store/script.h"

static struct script *admin;

/* Account 900 has two orders: 1 waits for its proof, 2 for an approval. Mails are asked for. */
static const char world[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2026-01-01');"
    "INSERT INTO policy_active SELECT true, id, '2026-01-01' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
    " valid_till, statement, source)"
    " SELECT version, p, 'TLS', p, '30', 'd', 'M', '2025-01-01', 'infinity', '', ''"
    "   FROM policy_active, unnest(ARRAY['reuse.dcv', 'random.life']) p;"
    "INSERT INTO account (id, name, status, dcv_scope, created_at) OVERRIDING SYSTEM VALUE"
    " VALUES (900, 'a', 'active', 'fqdn', '2026-01-01');"
    "INSERT INTO user_account (id, account_id, username, first_name, last_name, email, role_id, "
    "status, created_at) OVERRIDING SYSTEM VALUE"
    " VALUES (3001, 900, 'ann', 'A', 'N', 'ann@a.example', 1, 'active', '2026-01-01');"
    "INSERT INTO api_key (id, account_id, user_id, name, key_hash, restricted_to_role_id, status, "
    "created_at) OVERRIDING SYSTEM VALUE"
    " VALUES (1001, 900, 3001, 'k', sha256('known'), 102, 'active', '2026-01-01');"
    "INSERT INTO authority VALUES"
    " ('00000000000000AA', 'public', 'a', 'ec', NULL, '', true, true, '2026-01-01');"
    "INSERT INTO blocked_key VALUES (sha256('weak'), 'known', '2026-01-01');"
    "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, valid_till, "
    "created_at, answer_by, status_at)"
    " SELECT n, 900, 3001, 'p', s, n + 5000, '2999-01-01', '2026-01-01', '2026-01-01', "
    "'2026-01-01' FROM (VALUES (1, 'pending'), (2, 'needs_approval')) o (n, s);"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
    "signature_hash, ca_id, dcv_method, dcv_scope, requester_id, created_at)"
    " SELECT n + 5000, n, 900, 1, 'new_request', s, 'TLS', 'sha256', '00000000000000AA', 'email', "
    "'base_domain', 3001, '2026-01-01' FROM (VALUES (1, 'approved'), (2, 'pending')) r (n, s);"
    "INSERT INTO request_name SELECT n, 0, 900, 'dns', 'victim.example', 'victim.example'"
    "  FROM generate_series(5001, 5002) n;"
    "SELECT challenge_begin(5001, 900, 'TLS', 'email', '2026-01-01');"
    "INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, state, created_at)"
    " SELECT id, 900, 'victim.example', 'admin', 'waiting', '2026-01-01' FROM challenge;"
    "INSERT INTO job (id, lane, subject, run_at, idem_key)"
    " SELECT n, l, 1, '2026-01-01', l || '/1' FROM (VALUES (1, 'issue'), (2, 'dcv'), (3, 'mail'),"
    " (4, 'deliver'), (5, 'seal')) j (n, l);"
    "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at)"
    " VALUES (77, 'issue', 5009, '2026-01-01', 1, 0, 'x', '2026-01-01');"
    "INSERT INTO audit (at, source, activity) VALUES ('2026-01-01', 'api', 'order placed');"
    "INSERT INTO audit_seal VALUES (1, '0', '3', 0, sha256(''), sha256(''), '2026-01-01');"
    "INSERT INTO issuance (id, request_id, account_id, ca_id, serial, shard, state, job_id, "
    "job_epoch, policy_version, profile_sha256, evidence, not_before, not_after, created_at)"
    " VALUES (1, 5009, 900, '00000000000000AA', '12345678', 0, 'issued', 1, 1, 1, sha256(''), '{}',"
    " '2026-01-01', '2027-01-01', '2026-01-01')";

static int open_world(void **state)
{
    struct fault f = { 0 };

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin || !script_run(admin, world, &f))
        fail_msg("%s", f.detail);
    return 0;
}

static int close_world(void **state)
{
    script_close(admin);
    return stop(state);
}

#define NONE   ""      /* it is done to no row */
#define DENIED "42501" /* insufficient_privilege, row security too */

struct attempt {
    const char *roles, *statement, *refused;
};

/* A key changes, and the gateway's row says so. */
#define CHANGED(set, says)                                                                         \
    "WITH changed AS (UPDATE api_key SET " set " WHERE id = 1001 RETURNING id)"                    \
    " INSERT INTO audit (at, account_id, source, activity, subject, detail)"                       \
    " SELECT '2026-01-02', 900, 'api', 'API key changed', 'key/' || id, '" says "' FROM changed"

#define ALL "gateway validation issuer notifier scheduler cli ceremony"

// clang-format off

/* ---- a certificate without a proof */
static const struct attempt proofs[] = {
    { "gateway issuer notifier scheduler cli ceremony",
      "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence) VALUES (900, 'victim.example', 'x', '3.2.2.4.7', '2026-01-02', '{}')", DENIED },
    { ALL, "UPDATE validation SET completed_at = '2999-01-01'", DENIED },
    { "gateway issuer notifier scheduler cli ceremony",
      "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, evidence) VALUES (900, 'victim.example', '2026-01-02', 0, 'permitted', '{}')", DENIED },
    { ALL, "UPDATE caa_check SET result = 'permitted'", DENIED },
    { ALL, "DELETE FROM caa_check", DENIED },
    { ALL, "DELETE FROM task_kind WHERE kind = 'caa'", DENIED },
    { ALL, "DELETE FROM validation", DENIED },
    { ALL, "UPDATE challenge SET random_value = 'stands there already'", DENIED },
    { ALL, "UPDATE challenge SET account_id = 901", DENIED },
    { ALL, "UPDATE challenge SET rule_scope = 'PRIV'", DENIED },
    { ALL, "UPDATE challenge SET random_value_at = '2999-01-01'", DENIED },
    { ALL, "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, random_value_at, poll_from) VALUES (900, 'request', 5002, 'TLS', 'dns-txt-token', 'mine', '2026-01-01', '2026-01-01')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT challenge_begin(5002, 900, 'TLS', 'dns-txt-token', '2026-01-01')::text", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT challenge_change(5001, 900, 'dns-txt-token', '2026-01-01')::text", DENIED },
    { "gateway", "SELECT id::text FROM challenge_change(5001, 901, 'dns-txt-token', '2026-01-01') WHERE id IS NOT NULL", NONE }, /* of another account */
    { "gateway", "SELECT id::text FROM challenge_begin(5001, 901, 'TLS', 'dns-txt-token', '2026-01-01') WHERE id IS NOT NULL", NONE },
    { "gateway validation issuer notifier scheduler cli", "INSERT INTO authority VALUES ('00000000000000BB', 'mine', 'b', 'ec', NULL, '', false, true, '2026-01-01')", DENIED },
    { ALL, "UPDATE authority SET public = false", DENIED },
    { "gateway validation issuer notifier scheduler ceremony", "UPDATE authority SET may_sign = true", DENIED },
    { ALL, "DELETE FROM blocked_key", DENIED },
    { ALL, "UPDATE blocked_key SET spki_sha256 = sha256('x')", DENIED },
    { ALL, "INSERT INTO policy_rule SELECT version, 'x', 'TLS', 'dcv.exempt', '1', '', 'M', '-infinity', 'infinity', '', '' FROM policy_active", DENIED },
    { ALL, "UPDATE policy_rule SET value = '9999'", DENIED },
    { ALL, "DELETE FROM policy_rule", DENIED },
    { ALL, "UPDATE policy_document SET document = '{}'", DENIED },
    { ALL, "UPDATE policy_version SET signature = NULL", DENIED },
    { "gateway validation issuer notifier scheduler ceremony", "UPDATE policy_active SET version = 1", DENIED },
    { ALL, "UPDATE request SET rule_scope = 'PRIV'", DENIED },
    { ALL, "UPDATE request SET ca_id = '00000000000000BB'", DENIED },
    { ALL, "UPDATE request SET account_id = 901", DENIED },
    { ALL, "UPDATE request SET csr = 'x', csr_sha256 = sha256('x')", DENIED },
    { ALL, "UPDATE request_name SET domain = 'example'", DENIED },
    { ALL, "DELETE FROM request_name", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "INSERT INTO request_name VALUES (5001, 1, 900, 'dns', 'a.example', 'a.example')", DENIED },
    { "gateway", "INSERT INTO request_name VALUES (5001, 1, 900, 'dns', 'victim.example', 'mine.example')", "23514" },
    { "gateway", "INSERT INTO request_name VALUES (5001, 0, 900, 'dns', 'a.example', 'a.example')", "23505" },
    { "gateway validation notifier scheduler cli ceremony", "INSERT INTO certificate VALUES (1, 1, 5001, 900, 'x', '12345678', decode(repeat('00', 20), 'hex'), '2026-01-01', '2027-01-01', '2026-01-01', '')", DENIED },
    { ALL, "UPDATE certificate SET der = ''", DENIED },
    { ALL, "UPDATE issuance SET evidence = '{1}'", DENIED },
    { "gateway validation notifier scheduler cli ceremony", "UPDATE issuance SET state = 'abandoned'", DENIED },
    { ALL, "DELETE FROM quarantine", DENIED },
    { "gateway validation issuer notifier scheduler ceremony", "UPDATE quarantine SET settled_at = '2026-01-01'", DENIED },
    { ALL, "INSERT INTO revocation (ca_id, serial, shard, reason, revoked_at, not_after) VALUES ('x', '12345678', 0, 0, '2026-01-01', '2027-01-01')", DENIED },
    { ALL, "DELETE FROM revocation", DENIED },
    { "gateway validation notifier scheduler cli ceremony", "INSERT INTO precertificate VALUES (9, 5001, 900, 'x', '12345678', '', '2026-01-01', '2026-01-03')", DENIED },
    { ALL, "UPDATE precertificate SET der = ''", DENIED },
    { ALL, "DELETE FROM precertificate", DENIED },
    { "gateway notifier scheduler cli ceremony", "UPDATE precertificate SET logged_at = '2026-01-01'", DENIED },
    { "gateway issuer notifier scheduler cli ceremony", "INSERT INTO sct VALUES (9, sha256('x'), '2026-01-01', sha256('x') || sha256('y'), '2026-01-01')", DENIED },
    { ALL, "UPDATE sct SET sct = sha256('x') || sha256('y')", DENIED },
    { "gateway validation notifier scheduler cli ceremony", "DELETE FROM sct", DENIED },
    { ALL, "UPDATE to_sign SET tbs = ''", DENIED },
    { "gateway validation notifier scheduler ceremony", "SELECT issuance_id::text FROM precertificate_give_up('{1}', '2026-01-01')", DENIED },
    { "issuer cli", "SELECT issuance_id::text FROM precertificate_give_up('{1}', '2026-01-01')", NONE }, /* is issued */
    { "issuer scheduler", "SELECT issuance_id::text FROM ghost_mark('{1}', true, '2026-01-01')", NONE }, /* is issued */
};

/* ---- an approval of nobody */
static const struct attempt approvals[] = {
    { ALL, "INSERT INTO email_token VALUES (sha256('mine'), 1, 30001, 900, 'victim.example', 'admin@victim.example', '2026-01-01', '2026-01-01', '2999-01-01', NULL)", DENIED },
    { ALL, "UPDATE email_token SET expires_at = '2999-01-01'", DENIED },
    { "gateway issuer notifier scheduler cli ceremony", "UPDATE email_token SET used_at = NULL", DENIED },
    { "gateway validation issuer scheduler cli ceremony", "SELECT expires_at::text FROM email_token_add(3, 0, sha256('mine'), '2026-01-02')", DENIED },
    { "notifier", "SELECT expires_at::text FROM email_token_add(3, 0, sha256('mine'), '2026-01-02')", NONE }, /* it does not hold the job */
    { "notifier", "SELECT expires_at::text FROM email_token_add(1, 0, sha256('mine'), '2026-01-02')", NONE },
    { ALL, "UPDATE email_invitation SET domain = 'mine.example'", DENIED },
    { ALL, "UPDATE email_invitation SET local_part = 'mallory'", DENIED },
    { "gateway validation", "INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, state, created_at) VALUES (30001, 900, 'victim.example', 'mallory', 'waiting', '2026-01-01')", "23503" },
    { "gateway validation", "INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, address, state, created_at) VALUES (30001, 900, 'victim.example', 'admin', 'mallory@mine.example', 'waiting', '2026-01-01')", "428C9" },
    { "issuer notifier scheduler cli ceremony", "INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, state, created_at) VALUES (30001, 900, 'victim.example', 'webmaster', 'waiting', '2026-01-01')", DENIED },
    { ALL, "INSERT INTO email_local_part VALUES ('mallory')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT id::text FROM order_approve(900, 2, 3001, NULL, '2026-01-02')", DENIED },
    { "gateway", "SELECT id::text FROM order_approve(900, 2, NULL, NULL, '2026-01-02') WHERE changed", NONE },
    { "gateway", "SELECT id::text FROM order_approve(901, 2, 3001, NULL, '2026-01-02')", NONE },
    { ALL, "UPDATE request SET status = 'approved', processor_id = 3001", DENIED },
    { "validation issuer notifier scheduler ceremony", "INSERT INTO user_account (account_id, username, first_name, last_name, email, role_id, status, created_at) VALUES (900, 'mallory', 'M', 'M', 'm@a.example', 1, 'active', '2026-01-01')", DENIED },
    { "validation issuer notifier scheduler ceremony", "INSERT INTO api_key (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at) VALUES (900, 3001, 'k', sha256('k'), 0, 'active', '2026-01-01')", DENIED },
    { ALL, "UPDATE api_key SET key_hash = sha256('k')", DENIED },
    { ALL, "UPDATE user_account SET account_id = 901", DENIED },
};

/* ---- a row of the audit log that is not true, or none */
static const struct attempt audits[] = {
    { ALL, "INSERT INTO audit (at, source, activity, by_role) VALUES ('2026-01-01', 'system', 'x', 'chancery_gateway')", DENIED },
    { ALL, "INSERT INTO audit (at, source, activity, operator) VALUES ('2026-01-01', 'system', 'x', 'ann')", DENIED },
    { ALL, "INSERT INTO audit (at, source, activity, xid) VALUES ('2026-01-01', 'system', 'x', '3')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "INSERT INTO audit (at, account_id, user_id, source, ip, activity) VALUES ('2026-01-01', 900, 3001, 'api', '192.0.2.1', 'order canceled')", "23514" },
    { "gateway validation issuer notifier scheduler", "INSERT INTO audit (at, source, activity) VALUES ('2026-01-01', 'cli', 'policy activated')", "23514" },
    { "cli ceremony", "INSERT INTO audit (at, source, activity) VALUES ('2026-01-01', 'system', 'domain validated')", "23514" },
    { ALL, "UPDATE api_key SET status = 'revoked'", DENIED }, /* with no row that says so */
    { ALL, "UPDATE api_key SET restricted_to_role_id = 0", DENIED },
    { "gateway", CHANGED("restricted_to_role_id = 0", "{\"role_id\": 101}"), DENIED },
    { "gateway", CHANGED("restricted_to_role_id = 0", "{\"status\": \"active\"}"), DENIED },
    { "gateway", CHANGED("restricted_to_role_id = 0, status = 'revoked'", "{\"role_id\": 0}"), DENIED },
    { "gateway", "WITH changed AS (UPDATE api_key SET status = 'revoked') INSERT INTO audit (at, account_id, source, activity, subject, detail) VALUES ('2026-01-02', 900, 'api', 'API key changed', 'key/1', '{\"status\": \"revoked\"}')", DENIED },
    { "gateway", "WITH changed AS (UPDATE api_key SET restricted_to_role_id = 0, status = 'revoked') INSERT INTO audit (at, account_id, source, activity, subject, detail) VALUES ('2026-01-02', 900, 'api', 'user deleted', 'user/3001', '{\"keys\": [1001]}')", DENIED },
    { ALL, "UPDATE audit SET activity = 'nothing'", DENIED },
    { ALL, "DELETE FROM audit", DENIED },
    { ALL, "TRUNCATE audit", DENIED },
    { ALL, "UPDATE audit_seal SET hash = sha256('x')", DENIED },
    { ALL, "DELETE FROM audit_seal", DENIED },
    { "gateway validation issuer notifier cli ceremony", "INSERT INTO audit_seal VALUES (2, '3', '9', 0, sha256(''), sha256(''), '2026-01-01')", DENIED },
    { "gateway validation issuer notifier scheduler ceremony", "INSERT INTO heads_begin (seal_id, created_at) VALUES (1, '2026-01-01')", DENIED },
    { ALL, "ALTER TABLE validation DISABLE TRIGGER USER", DENIED },
    { ALL, "DROP TRIGGER validation_audit ON validation", DENIED },
    { ALL, "SET session_replication_role = replica", DENIED },
    { ALL, "SET ROLE chancery_owner", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SET SESSION AUTHORIZATION chancery_gateway", DENIED },
    { ALL, "CREATE FUNCTION public.audit_line(int) RETURNS text LANGUAGE sql AS 'SELECT 1::text'", DENIED },
    { ALL, "CREATE TEMPORARY TABLE audit (id int)", DENIED },
    { ALL, "CREATE TABLE public.mine (id int)", DENIED },
    { ALL, "SELECT setval('audit_id_seq', 1)::text", DENIED },
};

/* ---- the work of others */
static const struct attempt jobs[] = {
    { "validation", "UPDATE job SET run_at = 'infinity' WHERE lane <> 'dcv' RETURNING id::text", NONE },
    { "issuer", "UPDATE job SET run_at = 'infinity' WHERE lane <> 'issue' RETURNING id::text", NONE },
    { "notifier", "UPDATE job SET run_at = 'infinity' WHERE lane NOT IN ('deliver', 'mail') RETURNING id::text", NONE },
    { "scheduler", "UPDATE job SET run_at = 'infinity' WHERE lane <> 'seal' RETURNING id::text", NONE },
    { "gateway cli ceremony", "UPDATE job SET run_at = 'infinity'", DENIED },
    { "validation", "DELETE FROM job WHERE lane <> 'dcv' RETURNING id::text", NONE },
    { "issuer", "DELETE FROM job WHERE lane <> 'issue' RETURNING id::text", NONE },
    { "notifier", "DELETE FROM job WHERE lane NOT IN ('deliver', 'mail') RETURNING id::text", NONE },
    { "scheduler", "DELETE FROM job WHERE lane <> 'seal' RETURNING id::text", NONE },
    { "gateway cli ceremony", "DELETE FROM job", DENIED },
    { "validation", "SELECT id::text FROM job WHERE lane = 'issue' FOR UPDATE", NONE },
    { "issuer", "SELECT id::text FROM job WHERE lane = 'seal' FOR UPDATE", NONE },
    { "notifier", "SELECT id::text FROM job WHERE lane = 'issue' FOR UPDATE", NONE },
    { "scheduler", "SELECT id::text FROM job WHERE lane = 'issue' FOR UPDATE", NONE },
    { "validation", "UPDATE job SET lane = 'issue'", DENIED },
    { "notifier", "UPDATE job SET lane = 'seal'", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "INSERT INTO job (lane, subject, run_at) VALUES ('issue', 9, '2026-01-01')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "INSERT INTO job (lane, subject, run_at) VALUES ('dcv', 9, '2026-01-01')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "INSERT INTO job (lane, subject, run_at) VALUES ('caa', 9, '2026-01-01')", DENIED },
    { "issuer notifier scheduler cli ceremony", "INSERT INTO job (lane, subject, run_at) VALUES ('mail', 9, '2026-01-01')", DENIED },
    { "validation notifier scheduler cli ceremony", "INSERT INTO job (lane, subject, run_at) VALUES ('deliver', 9, '2026-01-01')", DENIED },
    { "gateway validation issuer notifier cli ceremony", "INSERT INTO job (lane, subject, run_at) VALUES ('seal', 9, '2026-01-01')", DENIED },
    { "issuer", "INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('deliver', 9, '2026-01-01', 'issue/9')", "23514" }, /* nobody else could put it */
    { "validation", "INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('mail', 9, '2026-01-01', 'seal/0')", "23514" },
    { "gateway", "INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('issue', 9, '2026-01-01', 'issue/5002')", "23514" },
    { "issuer scheduler", "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES (78, 'dcv', 1, '2026-01-01', 1, 0, 'x', '2026-01-01')", DENIED },
    { "validation notifier scheduler", "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES (78, 'issue', 5001, '2026-01-01', 1, 0, 'x', '2026-01-01')", DENIED },
    { "gateway cli ceremony", "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES (78, 'issue', 5001, '2026-01-01', 1, 0, 'x', '2026-01-01')", DENIED },
    { ALL, "DELETE FROM job_dead", DENIED },
    { "gateway validation issuer notifier ceremony", "SELECT id::text FROM job_raise('{77}', '2026-01-01')", DENIED },
    { "notifier ceremony", "SELECT job_id::text FROM request_advance('{5001}', '2026-01-01', NULL)", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT challenge_restart(30001, '2026-01-01', NULL)::text", DENIED },
    { ALL, "SELECT setval('lease_epoch', 1)::text", DENIED },
};

/* ---- an order that becomes what nobody has made it */
static const struct attempt orders[] = {
    { "gateway validation notifier scheduler cli ceremony", "UPDATE orders SET status = 'issued' WHERE id = 1", DENIED },
    { "gateway validation notifier scheduler cli ceremony", "UPDATE orders SET status = 'pending' WHERE id = 2", DENIED },
    { "issuer", "UPDATE orders SET status = 'pending' WHERE id = 2", DENIED },
    { "issuer", "UPDATE orders SET status = 'canceled' WHERE id = 1", DENIED },
    { "issuer", "UPDATE orders SET status = 'expired' WHERE id = 1", DENIED },
    { "issuer", "UPDATE orders SET status = 'issued' WHERE id = 1", "23514" }, /* without a certificate */
    { "gateway validation notifier scheduler cli ceremony", "UPDATE orders SET certificate_id = 1", DENIED },
    { ALL, "UPDATE orders SET request_id = 5002 WHERE id = 1", DENIED },
    { ALL, "UPDATE orders SET account_id = 901", DENIED },
    { ALL, "UPDATE orders SET valid_till = '2999-01-01'", DENIED },
    { ALL, "DELETE FROM orders", DENIED },
    { ALL, "DELETE FROM request", DENIED },
    { "gateway", "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, certificate_id, valid_till, created_at, answer_by, status_at) VALUES (9, 900, 3001, 'p', 'issued', 5009, 1, '2999-01-01', '2026-01-01', '2026-01-01', '2026-01-01')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT id::text FROM order_cancel(900, 1, 3001, NULL, '2026-01-02')", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT id::text FROM order_reject(900, 1, 3001, NULL, '2026-01-02')", DENIED },
    { "gateway validation notifier cli ceremony", "SELECT id::text FROM order_expire('{1}', '2026-01-02')", DENIED },
    { "issuer scheduler", "SELECT id::text FROM order_expire('{1,2}', '2026-01-02')", NONE }, /* is not over */
    { ALL, "SELECT id::text FROM order_end('{1}', 'canceled', NULL, NULL, '2026-01-02')", DENIED },
    { "gateway", "SELECT id::text FROM order_cancel(901, 1, 3001, NULL, '2026-01-02')", NONE },
    { ALL, "UPDATE orders SET disable_ct = true", DENIED },
    { "validation issuer notifier scheduler cli ceremony", "SELECT id::text FROM order_ct_status(900, 1, true)", DENIED },
    { "gateway", "SELECT id::text FROM order_ct_status(901, 1, true)", NONE },
};
// clang-format on

/* What the database says: the beginning of a fault, "" when nothing came of it, else what was done. */
static const char *tried(struct script *s, const char *statement)
{
    struct fault f = { 0 }, ignored;
    const char *first = NULL;
    bool ok = script_run(s, "BEGIN", &f) && script_ask(s, &arena, statement, NULL, 0, &first, &f);

    script_run(s, "ROLLBACK", &ignored);
    return !ok ? arena_strndup(&arena, f.detail, 5) : first ? first : "";
}

static void try_as(const char *role, const struct attempt *t)
{
    struct fault f = { 0 };
    struct script *s = script_open((struct secret){ database_url(database, role) }, &f);
    bool gives =
        strstr(t->statement, "SELECT") == t->statement || strstr(t->statement, "RETURNING");
    const char *told;

    if (!s)
        fail_msg("%s: %s", role, f.detail);
    told = tried(s, t->statement);
    if (strcmp(told, t->refused) != 0 || (!*t->refused && !gives))
        complain(role, t->statement, *told ? told : "is not refused");
    script_close(s);
}

static void try_all(const struct attempt *attempts, size_t count)
{
    faults = 0;
    for (size_t i = 0; i < count; i++) {
        char *rest = NULL, *roles = arena_strdup(&arena, attempts[i].roles);

        for (char *role = strtok_r(roles, " ", &rest); role; role = strtok_r(NULL, " ", &rest))
            try_as(role, &attempts[i]);
    }
    assert_int_equal(faults, 0);
}

#define ATTEMPTS(name, table)                                                                      \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        try_all(table, sizeof(table) / sizeof *(table));                                           \
    }

ATTEMPTS(no_certificate_without_proof, proofs)
ATTEMPTS(no_approval_of_nobody, approvals)
ATTEMPTS(no_audit_row_untrue_or_lost, audits)
ATTEMPTS(no_work_of_others, jobs)
ATTEMPTS(no_order_by_itself, orders)

static void as(const char *role, const char *statement)
{
    struct fault f = { 0 };
    struct script *s = script_open((struct secret){ database_url(database, role) }, &f);

    if (!s || !script_run(s, statement, &f))
        fail_msg("%s: %s: %s", role, statement, f.detail);
    script_close(s);
}

/* As the gateway's statements do it: both at once. */
static void a_key_changes_with_its_row(void **state)
{
    static const char *const changes[] = {
        "UPDATE api_key SET last_used_at = '2026-01-02'",
        "UPDATE api_key SET name = 'other', status = status WHERE id = 1001",
        CHANGED("status = 'revoked'", "{\"status\": \"revoked\"}"),
        CHANGED("restricted_to_role_id = 101", "{\"role_id\": 101, \"name\": \"x\"}"),
        CHANGED("status = 'active', restricted_to_role_id = 0",
                "{\"role_id\": 0, \"status\": \"active\"}"),
        "WITH changed AS (UPDATE api_key SET status = 'revoked' WHERE id = 1001 RETURNING id)"
        " INSERT INTO audit (at, account_id, source, activity, subject, detail)"
        " SELECT '2026-01-02', 900, 'api', 'user deleted', 'user/3001',"
        " jsonb_build_object('keys', (SELECT json_agg(id) FROM changed))",
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        as("gateway", changes[i]);
}

/* ---- a person's name on what he has not done */
static void no_service_is_a_person(void **state)
{
    struct fault f = { 0 };
    const char *named = NULL;
    char *rest = NULL, *roles = arena_strdup(&arena, ALL);

    (void)state;
    for (char *role = strtok_r(roles, " ", &rest); role; role = strtok_r(NULL, " ", &rest))
        as(role, "SET chancery.operator = 'alice';"
                 "INSERT INTO audit (at, source, activity)"
                 " SELECT '2026-01-01', CASE WHEN session_user IN ('chancery_cli', "
                 "'chancery_ceremony') THEN 'cli' ELSE 'system' END, 'by alice'");
    as("gateway",
       "SET chancery.operator = 'alice';"
       "INSERT INTO api_key (account_id, user_id, name, key_hash, restricted_to_role_id, status, "
       "created_at)"
       " VALUES (900, 3001, 'hers', sha256('hers'), 102, 'active', '2026-01-01')");
    if (!script_ask(admin, &arena,
                    "SELECT string_agg(DISTINCT by_role::text, ' ' ORDER BY by_role::text)"
                    " FROM audit WHERE operator = 'alice'",
                    NULL, 0, &named, &f))
        fail_msg("%s", f.detail);
    assert_string_equal(named ? named : "", "chancery_ceremony chancery_cli");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_certificate_without_proof),
        cmocka_unit_test(no_approval_of_nobody),
        cmocka_unit_test(no_audit_row_untrue_or_lost),
        cmocka_unit_test(no_work_of_others),
        cmocka_unit_test(no_order_by_itself),
        cmocka_unit_test(a_key_changes_with_its_row),
        cmocka_unit_test(no_service_is_a_person),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
