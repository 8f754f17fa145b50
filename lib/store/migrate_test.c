#include "store/migrate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/fixture_test.h"

static char folder[64];

static const char *path_of(const char *name)
{
    return arena_format(&arena, "%s/%s", folder, name);
}

static void file(const char *name, const char *text)
{
    FILE *out = fopen(path_of(name), "we");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

/* An empty database and a folder with two migrations. */
static int begin(void **state)
{
    start(state);
    store = store_of(true, "");
    f = (struct fault){ 0 };
    snprintf(folder, sizeof folder, "/tmp/migrate-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    file("0001_one.sql", "CREATE TABLE one (id int); -- first\nINSERT INTO one VALUES (1);\n");
    file("0003_three.sql", "CREATE TABLE three (id int);");
    file("README", "no migration");
    file("0002_later.sql.orig", "no migration");
    return 0;
}

static int end(void **state)
{
    assert_int_equal(system(arena_format(&arena, "rm -rf %s", folder)), 0);
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
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, migrate_beside, &applied[i]), 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &ok);
        assert_non_null(ok);
        sum += applied[i];
    }
    assert_int_equal(sum, 3);
}

static void fingerprints(void **state)
{
    char one[65], same[65], other[65];

    (void)state;
    must(migrate_fingerprint(folder, one, &f));
    must(migrate_fingerprint(folder, same, &f));
    assert_string_equal(one, same);
    file("0004_four.sql", "SELECT 1");
    must(migrate_fingerprint(folder, other, &f));
    assert_string_not_equal(one, other);
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
        FRESH(one_at_a_time),
        FRESH(fingerprints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
