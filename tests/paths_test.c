/* What a frequent statement reads does not grow with the account, nor with what waits. As the services run
 * it: by one plan for all values, made by way of the indexes. */
#include "tests/statements.h"

#include <stdlib.h>

#include "store/script.h"

static struct script *admin, *gateway, *issuer;

static void run(struct script *who, const char *sql)
{
    struct fault f;

    if (!script_run(who, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char *ask(struct script *who, const char *sql)
{
    const char *out = NULL;
    struct fault f;

    if (!script_ask(who, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "none";
}

/* One order, of the last of many users, with the last of many keys. */
static const char world[] =
    "INSERT INTO account (id, name, status, dcv_scope, created_at) OVERRIDING SYSTEM VALUE VALUES "
    "(900, 'x', "
    "'active', 'fqdn', '2026-01-01');"
    "INSERT INTO user_account (account_id, username, first_name, last_name, email, role_id, "
    "status, created_at)"
    " SELECT 900, 'user' || n, '', '', '', 1, 'active', '2026-01-01' FROM generate_series(1, 300) "
    "n;"
    "INSERT INTO api_key (account_id, user_id, name, key_hash, restricted_to_role_id, status, "
    "created_at)"
    " SELECT 900, id, 'x', sha256(username::bytea), 0, 'active', '2026-01-01' FROM user_account;"
    "INSERT INTO orders (id, account_id, user_id, api_key_id, product_name_id, status, request_id, "
    "valid_till, created_at, answer_by, status_at)"
    " SELECT 1, 900, max(user_id), max(id), 'x', 'pending', 5001, now(), now(), now(), now() FROM "
    "api_key;"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
    "signature_hash, ca_id, dcv_scope, requester_id, created_at)"
    " SELECT 5001, 1, 900, 1, 'new_request', 'approved', 'TLS', 'sha256', 'x', 'fqdn', user_id, "
    "now() FROM orders;"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
    "signature_hash, ca_id, dcv_scope, requester_id, created_at)"
    " SELECT 6000 + n, 1000 + n, 900, 1, 'new_request', 'pending', 'TLS', 'sha256', 'x', 'fqdn', "
    "1, now()"
    "   FROM generate_series(1, 300) n;"
    "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, "
    "random_value_at, poll_from)"
    " SELECT 900, 'request', id, 'TLS', 'dns-txt-token', '', now(), now() FROM request";

static int open_world(void **state)
{
    struct fault f;

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    gateway = script_open((struct secret){ database_url(database, "gateway") }, &f);
    issuer = script_open((struct secret){ database_url(database, "issuer") }, &f);
    if (!admin || !gateway || !issuer)
        return -1;
    run(admin, world);
    return 0;
}

static int close_world(void **state)
{
    script_close(issuer);
    script_close(gateway);
    script_close(admin);
    return stop(state);
}

/* Of one table, by this transaction. */
static long rows_read(struct script *who, const char *table)
{
    return strtol(
        ask(who, arena_format(&arena,
                              "SELECT coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) "
                              "FROM pg_stat_xact_all_tables WHERE relname = '%s'",
                              table)),
        NULL, 10);
}

static void order_info_reads_one_user(void **state)
{
    (void)state;
    run(gateway, arena_format(&arena, "PREPARE info (timestamptz, bigint, bigint) AS %s",
                              statement("order_info")->text));
    run(gateway, "BEGIN");
    long users = rows_read(gateway, "user_account"), keys = rows_read(gateway, "api_key");
    assert_string_equal(ask(gateway, "EXECUTE info (now(), 1, 900)"), "1");
    assert_int_equal(rows_read(gateway, "user_account") - users, 1);
    assert_int_equal(rows_read(gateway, "api_key") - keys, 1);
    run(gateway, "ROLLBACK");
}

/* One that waits for nobody, among many that wait for approval and for proof. */
static void need_is_read_of_its_request(void **state)
{
    (void)state;
    run(issuer, "PREPARE need (bigint, timestamptz) AS SELECT count(*)::text FROM "
                "request_need(ARRAY[$1], $2)");
    run(issuer, "BEGIN");
    long requests = rows_read(issuer, "request"), challenges = rows_read(issuer, "challenge");
    assert_string_equal(ask(issuer, "EXECUTE need (5001, now())"), "0");
    assert_in_range(rows_read(issuer, "request") - requests, 1, 8);
    assert_in_range(rows_read(issuer, "challenge") - challenges, 0, 4);
    run(issuer, "ROLLBACK");
}

/* Counted when all jobs were done, as a queue is now and then. */
static void job_is_found_by_its_number(void **state)
{
    static const char jobs[] =
        "INSERT INTO job (id, lane, subject, run_at) SELECT n, 'issue', n, now()"
        " FROM generate_series(1, 300) n";

    (void)state;
    run(admin, jobs);
    run(admin, "DELETE FROM job");
    run(admin, "VACUUM (ANALYZE) job");
    run(issuer, arena_format(&arena, "PREPARE ended (bigint[], bigint[]) AS %s",
                             statement("job_end")->text));
    run(admin, jobs);
    run(issuer, "BEGIN");
    long before = rows_read(issuer, "job");
    assert_string_equal(ask(issuer, "EXECUTE ended ('{7}', '{0}')"), "7");
    assert_in_range(rows_read(issuer, "job") - before, 1, 2);
    run(issuer, "ROLLBACK");
    run(admin, "DELETE FROM job");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_info_reads_one_user),
        cmocka_unit_test(need_is_read_of_its_request),
        cmocka_unit_test(job_is_found_by_its_number),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
