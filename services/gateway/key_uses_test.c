/* The newest use of each key is written by the time the gateway has stopped, and sooner. */
#include "key_uses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "service/metrics.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"

enum { KEYS = 1200 }; /* more than one statement takes, and than there are buckets */

static struct arena arena;
static struct database *database;
static struct script *admin;

static void run(const char *sql)
{
    struct fault f;
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char *ask(const char *sql)
{
    const char *out = NULL;
    struct fault f;
    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "";
}

static int start(void **state)
{
    struct fault f;
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    run("INSERT INTO account (name, status, dcv_scope, created_at)"
        " VALUES ('a', 'active', 'fqdn', 'epoch');"
        "INSERT INTO user_account (account_id, username, first_name, last_name, email, role_id,"
        " status, created_at) VALUES (900, 'u', 'u', 'u', 'u@example.com', 1, 'active', 'epoch')");
    run(arena_format(&arena,
                     "INSERT INTO api_key (account_id, user_id, name, key_hash,"
                     " restricted_to_role_id, status, created_at)"
                     " SELECT 900, 3001, 'k', sha256(i::text::bytea), 0, 'active', 'epoch'"
                     "   FROM generate_series(1, %d) i",
                     KEYS + 1));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

static struct key_uses *uses_start(struct duration every)
{
    return key_uses_start(&(struct store_options){ .url = { database_url(database, "gateway") },
                                                   .prepare = true,
                                                   .timeout = patience(),
                                                   .application = "key_uses_test" },
                          every);
}

static struct instant at(int64_t minute)
{
    return instant_from_unix(1700000000 + 60 * minute);
}

/* Keys are numbered from 61, accounts from 900. */
static void stopping_writes_all(void **state)
{
    struct key_uses *u = uses_start(days(1));
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        key_uses_note(u, 61 + i, 900, at(i + 2));
        key_uses_note(u, 61 + i, 900, at(i));
        key_uses_note(u, 61 + i, 900, at(i + 1));
    }
    key_uses_note(u, 61 + KEYS, 901, at(KEYS + 2)); /* of no such account */
    key_uses_stop(u);
    assert_string_equal(ask("SELECT count(*)::text FROM api_key WHERE last_used_at ="
                            " to_timestamp(1700000000 + 60 * (id - 61 + 2))"),
                        "1200");
}

static void an_older_use_changes_nothing(void **state)
{
    struct key_uses *u = uses_start(days(1));
    (void)state;
    key_uses_note(u, 70, 900, at(5000));
    key_uses_stop(u);
    u = uses_start(days(1));
    key_uses_note(u, 70, 900, at(4000));
    key_uses_stop(u);
    assert_string_equal(ask("SELECT extract(epoch FROM last_used_at)::bigint::text FROM api_key"
                            " WHERE id = 70"),
                        "1700300000");
}

static void it_is_written_while_it_runs(void **state)
{
    struct key_uses *u = uses_start(milliseconds(20));
    (void)state;
    key_uses_note(u, 80, 900, at(6000));
    await_that(strcmp(ask("SELECT extract(epoch FROM last_used_at)::bigint::text FROM api_key"
                          " WHERE id = 80"),
                      "1700360000") == 0);
    key_uses_stop(u);
}

/* What the database refuses is kept for the next time. */
static void an_outage_loses_nothing(void **state)
{
    struct key_uses *u = uses_start(milliseconds(20));
    int64_t failed = metric_get(METRIC_KEY_USES_FAILED);
    (void)state;
    run("REVOKE UPDATE (last_used_at) ON api_key FROM chancery_gateway");
    key_uses_note(u, 90, 900, at(7000));
    await_that(metric_get(METRIC_KEY_USES_FAILED) > failed);
    run("GRANT UPDATE (last_used_at) ON api_key TO chancery_gateway");
    key_uses_stop(u);
    assert_string_equal(ask("SELECT extract(epoch FROM last_used_at)::bigint::text FROM api_key"
                            " WHERE id = 90"),
                        "1700420000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopping_writes_all),
        cmocka_unit_test(an_older_use_changes_nothing),
        cmocka_unit_test(it_is_written_while_it_runs),
        cmocka_unit_test(an_outage_loses_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
