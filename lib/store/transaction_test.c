#include <stdio.h>

#include "store/fixture_test.h"

/* ---- transactions */

static void commit_and_rollback(void **state)
{
    Row a = row_of(1, "a"), b = row_of(2, "b");

    (void)state;
    must(store_begin(store, &f));
    assert_true(store_in_transaction());
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(store_commit(store, &f));
    assert_false(store_in_transaction());
    must(store_begin(store, &f));
    must(store_run(store, &arena, &insert, &b.base, NULL, &f));
    assert_string_equal(list(&all_rows), "1=a 2=b");
    store_rollback(store);
    assert_false(store_in_transaction());
    assert_string_equal(list(&all_rows), "1=a");
    must(store_begin(store, &f));
    must(store_commit(store, &f)); /* nothing in it */
    must(store_begin(store, &f));
    store_rollback(store);
    store_rollback(store);
}

static void a_failed_transaction_stays_failed(void **state)
{
    Row a = row_of(1, "a"), b = row_of(2, "b");

    (void)state;
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(store_begin(store, &f));
    must(store_run(store, &arena, &insert, &b.base, NULL, &f));
    must_fail(store_run(store, &arena, &insert, &a.base, NULL, &f), FAULT_CONFLICT);
    must_fail(store_run(store, &arena, &update_all, &a.base, NULL, &f), FAULT_CONFLICT);
    assert_string_equal(f.field, "sample_pkey");
    must_fail(store_commit(store, &f), FAULT_CONFLICT);
    store_rollback(store);
    assert_string_equal(list(&all_rows), "1=a");
}

/* Reads and writes the same row, and lets the other store write it in between, `rivals` times. */
struct race {
    struct store *rival;
    int runs, rivals;
};

static bool race_work(struct store *s, void *context, struct fault *fault)
{
    struct race *race = context;
    Row mine = row_of(0, "mine"), theirs = row_of(0, "theirs"), none = row_of(0, NULL);
    struct rows rows;

    race->runs++;
    if (!store_all(s, &arena, &all_rows, &none.base, &rows, fault))
        return false;
    if (race->rivals-- > 0)
        must(store_run(race->rival, &arena, &update_all, &theirs.base, NULL, &f));
    return store_run(s, &arena, &update_all, &mine.base, NULL, fault);
}

static void serialization_failures_are_retried(void **state)
{
    static const char serializable[] = "options='-c default_transaction_isolation=serializable'";
    struct store *s = store_of(true, serializable);
    struct race once = { store_of(true, serializable), 0, 1 }, always = { once.rival, 0, 99 };
    Row a = row_of(1, "a");

    (void)state;
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(store_transaction(s, race_work, &once, &f));
    assert_int_equal(once.runs, 2);
    assert_string_equal(list(&all_rows), "1=mine");
    must_fail(store_transaction(s, race_work, &always, &f), FAULT_CONFLICT);
    assert_int_equal(always.runs, 4);
    assert_string_equal(f.field, "");
    assert_string_equal(list(&all_rows), "1=theirs");
    assert_false(store_in_transaction());
    store_free(s);
    store_free(once.rival);
}

static bool insert_twice(struct store *s, void *context, struct fault *fault)
{
    Row a = row_of(1, "a");

    ++*(int *)context;
    must(store_run(s, &arena, &insert, &a.base, NULL, fault));
    return store_run(s, &arena, &insert, &a.base, NULL, fault);
}

static void unique_violations_are_not_retried(void **state)
{
    int runs = 0;

    (void)state;
    must_fail(store_transaction(store, insert_twice, &runs, &f), FAULT_CONFLICT);
    assert_string_equal(f.field, "sample_pkey");
    assert_int_equal(runs, 1);
    assert_string_equal(list(&all_rows), "");
}

/* ---- plans that the server has lost or that a migration has outdated */

STATEMENT(from_view, row, row, false, SQL_MANY, "SELECT * FROM seen", NULL);
STATEMENT(forget, row, row, false, SQL_NONE, "DEALLOCATE ALL", NULL);

static bool list_view(struct store *s, void *context, struct fault *fault)
{
    Row in = row_of(0, NULL);
    struct rows rows;

    ++*(int *)context;
    return store_all(s, &arena, &from_view, &in.base, &rows, fault);
}

static void outdated_plans(void **state)
{
    int runs = 0;

    (void)state;
    script("CREATE VIEW seen AS SELECT 1::int8 AS id");
    assert_string_equal(list(&from_view), "1=-");
    script("DROP VIEW seen; CREATE VIEW seen AS SELECT 2::int4 AS id, 'x' AS text");
    assert_string_equal(list(&from_view), "2=x");
    script("DROP VIEW seen; CREATE VIEW seen AS SELECT 3::int8 AS id");
    must(store_transaction(store, list_view, &runs, &f));
    assert_int_equal(runs, 2);
    script("DROP VIEW seen");
}

static void forgotten_plans(void **state)
{
    Row a = row_of(1, "a");

    (void)state;
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(store_run(store, &arena, &forget, &a.base, NULL, &f));
    assert_string_equal(list(&all_rows), "1=a");
    assert_string_equal(list(&all_rows), "1=a");
    a.id = 2;
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
}

/* A plan is known from the moment that the server has it, even if its first use fails. */
static void a_first_use_that_fails(void **state)
{
    Row a = row_of(1, "a");
    struct store *other = store_of(true, "");

    (void)state;
    must(store_run(other, &arena, &insert, &a.base, NULL, &f));
    store_free(other);
    must_fail(store_run(store, &arena, &insert, &a.base, NULL, &f), FAULT_CONFLICT);
    must_fail(store_run(store, &arena, &insert, &a.base, NULL, &f), FAULT_CONFLICT);
    a.id = 2;
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
}

static void many_statements(void **state)
{
    static struct sql many[300];
    static char names[300][24];
    Row in = row_of(5, "t"), out = ROW__INIT;

    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(names[i], sizeof names[i], "many_%d", i);
            many[i] = (struct sql){ .name = names[i],
                                    .file = __FILE__,
                                    .in = &row__descriptor,
                                    .text = "SELECT $1 AS id, $2 AS text",
                                    .rows = SQL_ONE,
                                    .out = &row__descriptor,
                                    .params = { "id", "text" } };
            must(store_one(store, &arena, &many[i], &in.base, &out.base, &f));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(commit_and_rollback),
        CASE(a_failed_transaction_stays_failed),
        CASE(serialization_failures_are_retried),
        CASE(unique_violations_are_not_retried),
        CASE(outdated_plans),
        CASE(forgotten_plans),
        CASE(a_first_use_that_fails),
        CASE(many_statements),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
