#include "service/readiness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/script.h"
#include "store/skew.h"
#include "store/writable.h"
#include "testing/database.h"
#include "testing/patience.h"

static struct database *database;
static struct readiness *readiness;
static struct fault f;
static const struct service service = { .name = "gateway" };

/* As the administrator. */
static void execute(const char *sql)
{
    struct script *s = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!s || !script_run(s, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
    script_close(s);
}

/* In this database only: others run beside it, with the same roles. */
static void gateway_has(const char *setting)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "DO $$ BEGIN EXECUTE format('ALTER ROLE chancery_gateway IN DATABASE %%I %s', "
             "current_database()); END $$",
             setting);
    execute(sql);
}

static struct store *store_of_gateway(void)
{
    return store_new(&(struct store_options){
        .url = { database_url(database, "gateway") }, .prepare = true, .timeout = patience() });
}

static bool ready(const char *name)
{
    const struct health_check *c = readiness_checks(readiness);
    while (c->name && strcmp(c->name, name) != 0)
        c++;
    assert_non_null(c->name);
    f = (struct fault){ 0 };
    return c->ready(c->context, &f);
}

static int open_readiness(void **state)
{
    const struct service_run run = { .service = &service };
    (void)state;
    database = database_new("db/migrations");
    readiness = readiness_new(&run, store_of_gateway());
    return 0;
}

static int close_readiness(void **state)
{
    (void)state;
    readiness_free(readiness);
    database_free(database);
    store_writes_again();
    clock_judge(true);
    return 0;
}

static void a_database_as_it_should_be(void **state)
{
    (void)state;
    assert_true(ready("database"));
    assert_true(ready("writes"));
    assert_true(ready("clock"));
    assert_true(clock_trusted());
}

static bool write_somewhere(void)
{
    struct store *s = store_of_gateway();
    struct arena a;
    JobId in = JOB_ID__INIT;
    static const struct sql put = {
        .name = "put",
        .file = __FILE__,
        .text = "INSERT INTO job (lane, subject, run_at) VALUES ('deliver', $1, '2026-01-01Z')",
        .in = &job_id__descriptor,
        .rows = SQL_NONE,
        .params = { "id" }
    };
    arena_init(&a);
    bool ok = store_run(s, &a, &put, &in.base, NULL, &f);
    store_free(s);
    arena_free(&a);
    return ok;
}

/* Reading works all the time. Nobody but the check itself writes meanwhile. */
static void who_cannot_write_is_not_ready_until_it_can(void **state)
{
    (void)state;
    gateway_has("SET default_transaction_read_only = on");
    assert_false(write_somewhere());
    assert_true(ready("database")); /* connects as a reader */
    for (int i = 0; i < 3; i++) {
        assert_false(ready("writes"));
        assert_non_null(strstr(f.detail, "25006"));
    }
    gateway_has("RESET default_transaction_read_only");
    await_that(ready("writes"));
    assert_true(write_somewhere());
    execute("DO $$ BEGIN IF EXISTS (SELECT FROM write_probe) THEN RAISE 'left'; END IF; END $$");
}

static void who_has_another_time_is_not_ready(void **state)
{
    (void)state;
    execute("CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
            "'SELECT pg_catalog.clock_timestamp() + interval ''1 hour'''");
    gateway_has("SET search_path = public, pg_catalog");
    assert_false(ready("clock"));
    assert_non_null(strstr(f.detail, "ms behind the database's"));
    assert_false(clock_trusted());
    execute(
        "CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        "'SELECT pg_catalog.clock_timestamp() - interval ''10 seconds'''");
    assert_false(ready("clock"));
    assert_non_null(strstr(f.detail, "ms ahead of the database's"));
    execute("DROP FUNCTION public.clock_timestamp()");
    assert_true(ready("clock"));
    assert_true(clock_trusted());
}

static void skews_are_what_is_certain(void **state)
{
    static const struct {
        int64_t before, there, after, skew;
    } rows[] = { { 10, 10, 10, 0 }, { 10, 15, 20, 0 }, { 10, 20, 20, 0 },
                 { 10, 9, 20, -1 }, { 10, 25, 20, 5 }, { 0, 7200, 3, 7197 } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(skew_least((struct instant){ rows[i].before },
                                    (struct instant){ rows[i].there },
                                    (struct instant){ rows[i].after })
                             .us,
                         rows[i].skew);
}

/* Of as many services as a process can call, and of one without a database nothing else. */
static void each_need_is_a_check(void **state)
{
    static const char *needs[BUS_SERVICES_MAX + 1];
    static const struct service of_many = { .name = "toy", .needs = needs };
    const struct service_run run = { .service = &of_many };
    char names[BUS_SERVICES_MAX][24];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < BUS_SERVICES_MAX; i++) {
        snprintf(names[i], sizeof names[i], "needed-%d", i);
        needs[i] = names[i];
    }
    struct readiness *r = readiness_new(&run, NULL);
    for (const struct health_check *c = readiness_checks(r); c->name; c++, n++)
        assert_string_equal(c->name, names[n]);
    assert_int_equal(n, BUS_SERVICES_MAX);
    readiness_free(r);
}

#define READINESS(test) cmocka_unit_test_setup_teardown(test, open_readiness, close_readiness)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READINESS(a_database_as_it_should_be),
        READINESS(who_cannot_write_is_not_ready_until_it_can),
        READINESS(who_has_another_time_is_not_ready),
        cmocka_unit_test(skews_are_what_is_certain),
        cmocka_unit_test(each_need_is_a_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
