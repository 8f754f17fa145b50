#include "store/migrate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/fixture_test.h"

static char folder[64], top[64];

static const char *path_of(const char *name)
{
    return arena_format(&arena, "%s/%s", strchr(name, '/') ? top : folder, name);
}

static void file(const char *name, const char *text)
{
    FILE *out = fopen(path_of(name), "we");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

#define FUNCTION(name, value)                                                                      \
    "CREATE OR REPLACE FUNCTION " name "() RETURNS int LANGUAGE sql AS 'SELECT " value "';"

/* An empty database and a folder with two migrations. */
static int begin(void **state)
{
    start(state);
    store = store_of(true, "");
    f = (struct fault){ 0 };
    snprintf(top, sizeof top, "/tmp/migrate-test-XXXXXX");
    assert_non_null(mkdtemp(top));
    snprintf(folder, sizeof folder, "%.40s/migrations", top);
    assert_int_equal(mkdir(folder, 0700) || mkdir(arena_format(&arena, "%s/functions", top), 0700),
                     0);
    file("functions/b.sql", FUNCTION("b", "a()"));
    file("functions/a.sql", FUNCTION("a", "1"));
    file("0001_one.sql", "CREATE TABLE one (id int); -- first\nINSERT INTO one VALUES (1);\n");
    file("0003_three.sql", "CREATE TABLE three (id int);");
    file("README", "no migration");
    file("0002_later.sql.orig", "no migration");
    return 0;
}

static int end(void **state)
{
    assert_int_equal(system(arena_format(&arena, "rm -rf %s", top)), 0);
    store_free(store);
    return stop(state);
}

static bool run(int *applied)
{
    return migrate((struct secret){ database_url(database, NULL) }, folder, applied, &f);
}

static int current(void)
{
    int number;

    must(migrate_current(store, &number, &f));
    return number;
}

static void applies_once_and_in_order(void **state)
{
    int applied;

    (void)state;
    assert_int_equal(current(), 0);
    must(run(&applied));
    assert_int_equal(applied, 2);
    assert_int_equal(current(), 3);
    must(run(&applied));
    assert_int_equal(applied, 0);
    file("0010_ten.sql", "DROP TABLE three; CREATE TABLE three (id int REFERENCES ten);"
                         "CREATE TABLE ten (id int PRIMARY KEY)");
    must_fail(run(&applied), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "0010_ten.sql: 42P01"));
    assert_int_equal(current(), 3);
    script("INSERT INTO three VALUES (1)"); /* as it was */
    file("0010_ten.sql", "CREATE TABLE ten (id int PRIMARY KEY)");
    must(run(&applied));
    assert_int_equal(applied, 1);
}

static void changed_file(void **state)
{
    int applied;

    (void)state;
    must(run(&applied));
    file("0001_one.sql", "CREATE TABLE one (id bigint);");
    must_fail(run(&applied), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "0001_one.sql was changed"));
}

static void late_file(void **state)
{
    int applied;

    (void)state;
    must(run(&applied));
    file("0002_two.sql", "CREATE TABLE two (id int);");
    must_fail(run(&applied), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "too late"));
    assert_int_equal(current(), 3);
}

static void older_program(void **state)
{
    int applied;

    (void)state;
    must(run(&applied));
    assert_int_equal(unlink(path_of("0003_three.sql")), 0);
    must(run(&applied));
    assert_int_equal(applied, 0);
}

static void bad_folders(void **state)
{
    int applied;

    (void)state;
    file("0003_also.sql", "SELECT 1");
    must_fail(run(&applied), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "number 3"));
    assert_int_equal(current(), 0);
    must_fail(
        migrate((struct secret){ database_url(database, NULL) }, "/tmp/none/such", &applied, &f),
        FAULT_INTERNAL);
    must_fail(migrate((struct secret){ "host=/tmp/none/such" }, "db/migrations", &applied, &f),
              FAULT_UNAVAILABLE);
}

static void checks_the_range(void **state)
{
    static const struct {
        int oldest, newest;
        bool ok;
    } cases[] = { { 3, 3, true },  { 1, 9, true },  { 0, 0, true }, { 3, 0, true },
                  { 4, 9, false }, { 1, 2, false }, { 4, 0, false } };

    (void)state;
    must(run(NULL));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(migrate_check(store, cases[i].oldest, cases[i].newest, &f), cases[i].ok);
}

static const char *told(const char *sql)
{
    const char *text = NULL;
    struct script *s = script_open((struct secret){ database_url(database, NULL) }, &f);

    must(s && script_ask(s, &arena, sql, NULL, 0, &text, &f));
    script_close(s);
    return text ? text : "";
}

/* b is of use only after a: they are loaded in the order of their names, after the migrations. */
static void functions_are_loaded(void **state)
{
    const char *loaded;

    (void)state;
    must(run(NULL));
    assert_string_equal(told("SELECT b()"), "1");
    loaded = told("SELECT loaded || xmin::text FROM schema_functions");
    must(run(NULL));
    assert_string_equal(told("SELECT loaded || xmin::text FROM schema_functions"), loaded);
    file("functions/a.sql", FUNCTION("a", "2"));
    must(run(NULL));
    assert_string_equal(told("SELECT b()"), "2");
    file("0004_four.sql", "CREATE TABLE four (id int)");
    file("functions/c.sql", FUNCTION("c", "count(*)::int FROM four"));
    must(run(NULL));
    assert_string_equal(told("SELECT c()"), "0");
}

static void functions_all_or_none(void **state)
{
    (void)state;
    must(run(NULL));
    file("functions/a.sql", FUNCTION("a", "2"));
    file("functions/c.sql", FUNCTION("c", "x FROM none"));
    must_fail(run(NULL), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "functions/c.sql: 42P01"));
    assert_string_equal(told("SELECT b()"), "1");
    assert_int_equal(unlink(path_of("functions/c.sql")), 0);
    must(run(NULL));
    assert_string_equal(told("SELECT b()"), "2");
}

/* A program that is behind the database leaves it the functions of the one before it. */
static void functions_of_a_later_schema(void **state)
{
    (void)state;
    must(run(NULL));
    assert_int_equal(unlink(path_of("0003_three.sql")), 0);
    file("functions/a.sql", FUNCTION("a", "2"));
    must(run(NULL));
    assert_string_equal(told("SELECT b()"), "1");
}

static void functions_must_be_there(void **state)
{
    (void)state;
    assert_int_equal(unlink(path_of("functions/a.sql")) || unlink(path_of("functions/b.sql")), 0);
    must_fail(run(NULL), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "/functions"));
}

#define INDEX_STANDS                                                                               \
    "SELECT indisvalid::text FROM pg_index WHERE indexrelid = to_regclass('three_id')"

static void concurrent_index(void **state)
{
    int applied;

    (void)state;
    file("0004_three_id.concurrent.sql",
         "-- alone\nCREATE INDEX CONCURRENTLY three_id ON three (id);\n");
    file("0005_five.sql", "CREATE TABLE five (id int);");
    must(run(&applied));
    assert_int_equal(applied, 4);
    assert_string_equal(told(INDEX_STANDS), "true");
    must(run(&applied));
    assert_int_equal(applied, 0);
}

/* What a failed try has left is not taken for the index, and not for something in its way. */
static void concurrent_index_again(void **state)
{
    int applied;

    (void)state;
    must(run(NULL));
    script("INSERT INTO three VALUES (1), (1)");
    file("0004_three_id.concurrent.sql", "CREATE UNIQUE INDEX CONCURRENTLY three_id ON three (id)");
    must_fail(run(&applied), FAULT_CONFLICT);
    assert_non_null(strstr(f.detail, "0004_three_id.concurrent.sql"));
    assert_int_equal(current(), 3);
    assert_string_equal(told(INDEX_STANDS), "false");
    script("TRUNCATE three");
    must(run(&applied));
    assert_int_equal(applied, 1);
    assert_string_equal(told(INDEX_STANDS), "true");
    script("DELETE FROM schema_migration WHERE number = 4"); /* as if it had ended there */
    must(run(&applied));
    assert_int_equal(current(), 4);
}

static void concurrent_file_is_one_index(void **state)
{
    (void)state;
    file("0004_three_id.concurrent.sql", "CREATE INDEX CONCURRENTLY other ON three (id)");
    must_fail(run(NULL), FAULT_INTERNAL);
    assert_non_null(strstr(f.detail, "makes no index three_id"));
    file("0004_three_id.concurrent.sql",
         "CREATE INDEX CONCURRENTLY three_id ON three (id); CREATE TABLE four (id int)");
    must_fail(run(NULL), FAULT_INTERNAL);
    assert_string_equal(told("SELECT to_regclass('four')::text"), "");
}

static const char *shared_url;

static void *migrate_beside(void *applied)
{
    struct fault own;

    return migrate((struct secret){ shared_url }, folder, applied, &own) ? applied : NULL;
}

static void one_at_a_time(void **state)
{
    int applied[4], sum = 0;
    pthread_t threads[4];
    void *ok;

    (void)state;
    shared_url = database_url(database, NULL);
    file("0002_wait.sql", "SELECT pg_sleep(0.1)");
    file("0004_three_id.concurrent.sql", "CREATE INDEX CONCURRENTLY three_id ON three (id)");
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_beside, &applied[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &ok);
        assert_non_null(ok);
        sum += applied[i];
    }
    assert_int_equal(sum, 4);
}

static void fingerprints(void **state)
{
    char one[65], same[65], other[65], functions[65];

    (void)state;
    must(migrate_fingerprint(folder, one, &f));
    must(migrate_fingerprint(folder, same, &f));
    assert_string_equal(one, same);
    file("0004_four.sql", "SELECT 1");
    must(migrate_fingerprint(folder, other, &f));
    assert_string_not_equal(one, other);
    file("functions/a.sql", FUNCTION("a", "2"));
    must(migrate_fingerprint(folder, functions, &f));
    assert_string_not_equal(other, functions);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(applies_once_and_in_order),
        FRESH(changed_file),
        FRESH(late_file),
        FRESH(older_program),
        FRESH(bad_folders),
        FRESH(checks_the_range),
        FRESH(functions_are_loaded),
        FRESH(functions_all_or_none),
        FRESH(functions_of_a_later_schema),
        FRESH(functions_must_be_there),
        FRESH(concurrent_index),
        FRESH(concurrent_index_again),
        FRESH(concurrent_file_is_one_index),
        FRESH(one_at_a_time),
        FRESH(fingerprints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
