/* fixture_test - what the tests of the scheduler share: a scratch database, an administrator, and a
 * store of the service's own role. */
#ifndef SCHEDULER_FIXTURE_TEST_H
#define SCHEDULER_FIXTURE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scheduler.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"

#define SHARED static __attribute__((unused))

static struct database *database;
static struct script *admin;
static struct store_options options;
static struct store *store;
static struct arena arena;
static struct fault f;
static char heads_path[64];

SHARED void execute(const char *sql)
{
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

SHARED const char *answer(const char *sql)
{
    const char *text = NULL;
    if (!script_ask(admin, &arena, sql, NULL, 0, &text, &f))
        fail_msg("%s: %s", sql, f.detail);
    return text ? text : "";
}

SHARED int64_t number(const char *sql)
{
    return strtoll(answer(sql), NULL, 10);
}

/* What nobody tells of: the database is asked until it says so. */
SHARED void await_number(const char *sql, int64_t want)
{
    await_that(number(sql) == want);
}

SHARED struct script *another(void)
{
    struct script *s = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(s);
    return s;
}

SHARED void must(bool ok)
{
    if (!ok)
        fail_msg("%s %s: %s", fault_name(f.code), f.field, f.detail);
}

/* Policy as the rules of one version in force. */
SHARED void rule_put(const char *scope, const char *parameter, const char *value, const char *unit)
{
    execute(arena_format(
        &arena,
        "BEGIN; WITH v AS (INSERT INTO policy_version (sha256, loaded_at) SELECT sha256('%s%s'), "
        "'2020-01-01' WHERE NOT EXISTS (SELECT FROM policy_active) RETURNING id)"
        " INSERT INTO policy_active SELECT true, id, '2020-01-01' FROM v;"
        "ALTER TABLE policy_rule DISABLE TRIGGER policy_rule_whole;"
        "INSERT INTO policy_rule SELECT version, '%s %s', '%s', '%s', '%s', '%s', 'M', "
        "'-infinity', 'infinity', '', '' FROM policy_active;"
        "ALTER TABLE policy_rule ENABLE TRIGGER policy_rule_whole; COMMIT",
        scope, parameter, scope, parameter, scope, parameter, value, unit));
}

/* One time of a cadence. */
SHARED bool run_once(bool (*run)(struct cadence_call *, struct fault *), bool *more)
{
    struct cadence_call call = { .store = store, .arena = &arena, .now = clock_now() };
    bool ok = run(&call, &f);
    if (more)
        *more = call.more;
    return ok;
}

SHARED int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    f = (struct fault){ 0 };
    database = database_new("db/migrations");
    admin = another();
    options = (struct store_options){ .url = { database_url(database, "scheduler") },
                                      .prepare = true,
                                      .timeout = patience(),
                                      .application = "scheduler_test" };
    store = store_new(&options);
    snprintf(heads_path, sizeof heads_path, "/tmp/heads-test-XXXXXX");
    int fd = mkstemp(heads_path);
    assert_true(fd >= 0);
    close(fd);
    scheduler = (struct scheduler){ .seal_every = seconds(1),
                                    .ghost_after = seconds(600),
                                    .keep_events = days(400),
                                    .heads = heads_path,
                                    .workers = 1 };
    return 0;
}

SHARED int end(void **state)
{
    (void)state;
    unlink(heads_path);
    store_free(store);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* An order of account 900 with its request (of id + 5000) and an idempotency key. */
SHARED void order_put(int64_t id, const char *status)
{
    execute(arena_format(
        &arena,
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "certificate_id, valid_till, created_at, answer_by, status_at)"
        " VALUES (%lld, 900, 3001, 'ssl_dv_geotrust', '%s', %lld, CASE '%s' WHEN 'issued' THEN 1 "
        "END, '2999-01-01', '2020-01-01', '2020-01-01', '2020-01-01');"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, csr, "
        "csr_sha256, key_type, key_size, signature_hash, ca_id, dcv_method, dcv_scope, "
        "requester_id, created_at)"
        " VALUES (%lld, %lld, 900, 1, 'new_request', CASE '%s' WHEN 'needs_approval' THEN 'pending'"
        " ELSE 'approved' END, 'TLS', '', sha256(''), 'ec', 256, 'sha256', '0011223344556677', "
        "'dns-txt-token', 'base_domain', 3001, '2020-01-01');"
        "INSERT INTO request_name VALUES (%lld, 0, 900, 'dns', 'a.example', 'a.example');"
        "INSERT INTO idempotency (account_id, idem_key, body_sha256, order_id, expires_at)"
        " VALUES (900, sha256('%lld'), sha256(''), %lld, '2999-01-01')",
        (long long)id, status, (long long)id + 5000, status, (long long)id + 5000, (long long)id,
        status, (long long)id + 5000, (long long)id, (long long)id));
}

/* ... that the tally has set apart. */
SHARED void order_put_apart(int64_t id, const char *status)
{
    order_put(id, status);
    execute(arena_format(&arena,
                         "INSERT INTO order_apart SELECT id, account_id, order_state(status), "
                         "status_at FROM orders WHERE id = %lld",
                         (long long)id));
}

#define ATTEMPT_SQL                                                                                \
    "INSERT INTO issuance (id, request_id, account_id, ca_id, serial, shard, state, job_id, "      \
    "job_epoch, policy_version, profile_sha256, evidence, not_before, not_after, created_at)"      \
    " VALUES (%lld, %lld, 900, '0011223344556677', int8send(%lld), 0, 'reserved', 1, 1, 1, "       \
    "sha256(''), '{}', '2020-01-01', '2021-01-01', '%s');"                                         \
    "INSERT INTO to_sign (issuance_id, kind, tbs, tbs_sha256)"                                     \
    " VALUES (%lld, 'final', '', sha256(''))"

SHARED const char *attempt_sql(int64_t id, int64_t order_id, const char *created_at)
{
    return arena_format(&arena, ATTEMPT_SQL, (long long)id, (long long)order_id + 5000,
                        (long long)id, created_at, (long long)id);
}

#endif
