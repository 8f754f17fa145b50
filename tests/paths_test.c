/* What a frequent statement reads does not grow with the account. As the gateway runs it: by one plan
 * for all values, made by way of the indexes. */
#include "tests/statements.h"

#include <stdlib.h>

#include "store/script.h"

static struct script *admin, *gateway;

static void run(struct script *who, const char *sql)
{
    struct fault f;

    if (!script_run(who, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char *ask(const char *sql)
{
    const char *out = NULL;
    struct fault f;

    if (!script_ask(gateway, &arena, sql, NULL, 0, &out, &f))
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
    "now() FROM orders";

static int open_world(void **state)
{
    struct fault f;

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    gateway = script_open((struct secret){ database_url(database, "gateway") }, &f);
    if (!admin || !gateway)
        return -1;
    run(admin, world);
    return 0;
}

static int close_world(void **state)
{
    script_close(gateway);
    script_close(admin);
    return stop(state);
}

/* Of one table, by this transaction. */
static long rows_read(const char *table)
{
    return strtol(ask(arena_format(&arena,
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
    long users = rows_read("user_account"), keys = rows_read("api_key");
    assert_string_equal(ask("EXECUTE info (now(), 1, 900)"), "1");
    assert_int_equal(rows_read("user_account") - users, 1);
    assert_int_equal(rows_read("api_key") - keys, 1);
    run(gateway, "ROLLBACK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_info_reads_one_user),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
