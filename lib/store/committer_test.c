#include "store/committer_rig.h"

STATEMENT(insert_set, row, row, true, SQL_MANY,
          "INSERT INTO sample (id, text) SELECT * FROM unnest($1, $2) RETURNING id, text", "id",
          "text", NULL);
STATEMENT(echo_thrice, row, row, true, SQL_MANY,
          "SELECT id, text FROM unnest($1, $2) t(id, text), generate_series(1, 3)", "id", "text",
          NULL);
STATEMENT(insert_quietly, row, row, true, SQL_NONE,
          "INSERT INTO sample (id, text) SELECT * FROM unnest($1, $2)", "id", "text", NULL);
STATEMENT(end_self, row, row, true, SQL_NONE, "SELECT pg_terminate_backend(pg_backend_pid())", "id",
          NULL);
/* Takes effect, and answers with what nobody can read. */
STATEMENT(
    unreadable, row, row, true, SQL_MANY,
    "INSERT INTO part (sample_id, name) SELECT * FROM unnest($1, $2) RETURNING name AS nobody",
    "id", "text", NULL);
/* The third item does not end by itself. */
STATEMENT(sleepy, row, row, true, SQL_NONE,
          "INSERT INTO sample (id, text) SELECT id, text FROM unnest($1, $2) AS t (id, text)"
          " WHERE id <> 3 OR pg_sleep(3600) IS NOT NULL",
          "id", "text", NULL);
STATEMENT(part_count, row, row, false, SQL_ONE, "SELECT count(*) AS id FROM part", NULL);
static void batches_up_to_the_limit(void **state)
{
    uint64_t sizes[33];

    (void)state;
    for (int i = 1; i <= 20; i++)
        put(i, &insert_set, i);
    open_gate();
    wait_for(21);
    committer_sizes(committer, sizes);
    assert_int_equal(sizes[1], 1);
    assert_int_equal(sizes[8], 2);
    assert_int_equal(sizes[4], 1);
    for (int i = 1; i <= 20; i++) {
        assert_int_equal(order[i], i);
        assert_int_equal(items[i].fault.code, FAULT_NONE);
        assert_int_equal(items[i].rows, 1);
        assert_int_equal(items[i].first_id, i);
        assert_int_equal(items[i].done, 1);
    }
}

static void a_bad_row_falls_out_alone(void **state)
{
    Row there = row_of(3, "there");

    (void)state;
    must(store_run(store, &arena, &insert, &there.base, NULL, &f));
    for (int i = 1; i <= 6; i++)
        put(i, &insert_set, i);
    open_gate();
    wait_for(7);
    for (int i = 1; i <= 6; i++)
        assert_int_equal(items[i].fault.code, i == 3 ? FAULT_CONFLICT : FAULT_NONE);
    assert_string_equal(items[3].fault.field, "sample_pkey");
    assert_string_equal(items[4].first_text, "t4");
    assert_string_equal(list(&all_rows), "1=t1 2=t2 3=there 4=t4 5=t5 6=t6");
}

static void rows_find_their_inputs(void **state)
{
    (void)state;
    for (int i = 1; i <= 5; i++)
        put(i, &echo_thrice, 100 - i);
    open_gate();
    wait_for(6);
    for (int i = 1; i <= 5; i++) {
        char text[16];

        snprintf(text, sizeof text, "t%d", i);
        assert_int_equal(items[i].rows, 3);
        assert_int_equal(items[i].first_id, 100 - i);
        assert_string_equal(items[i].first_text, text);
    }
}

/* Others wait until it is their turn, in order. */
static void statements_are_not_mixed(void **state)
{
    static const int expected[] = { 0, 1, 3, 4, 2, 5 };
    uint64_t sizes[33];

    (void)state;
    put(1, &insert_set, 1);
    put(2, &insert_quietly, 2);
    put(3, &insert_set, 3);
    put(4, &insert_set, 4);
    put(5, &insert_quietly, 5);
    open_gate();
    wait_for(6);
    assert_memory_equal(order, expected, sizeof expected);
    committer_sizes(committer, sizes);
    assert_int_equal(sizes[3], 1);
    assert_int_equal(sizes[2], 1);
    put(6, &insert_set, 6); /* the queue's end is in order */
    wait_for(7);
    assert_int_equal(items[6].fault.code, FAULT_NONE);
}

/* Whether it took effect is not known, so it is not tried again. */
static void a_lost_connection_fails_the_batch(void **state)
{
    (void)state;
    for (int i = 1; i <= 3; i++)
        put(i, &end_self, i);
    put(4, &insert_set, 4);
    open_gate();
    wait_for(5);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(items[i].fault.code, FAULT_UNAVAILABLE);
    assert_int_equal(items[4].fault.code, FAULT_NONE);
}

static void what_took_effect_is_not_done_again(void **state)
{
    Row in = row_of(0, NULL), out = ROW__INIT;

    (void)state;
    for (int i = 1; i <= 3; i++)
        put(i, &unreadable, i);
    open_gate();
    wait_for(4);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(items[i].fault.code, FAULT_INTERNAL);
    must(store_one(store, &arena, &part_count, &in.base, &out.base, &f));
    assert_int_equal(out.id, 3);
}

/* By the server's limit, or by ours. */
static void commit_sleepy(bool ours)
{
    const char *limit = ours ? "" : "options='-c statement_timeout=2s'";
    const char *url = arena_format(&arena, "%s %s", database_url(database, NULL), limit);
    const struct store_options options = { .url = { url },
                                           .prepare = true,
                                           .timeout = ours ? seconds(2) : patience() };

    committer_free(committer);
    script("TRUNCATE sample");
    finished = 0;
    committer = committer_start(&options, 1, 8);
    gatekeeper = script_open((struct secret){ database_url(database, NULL) }, &f);
    must(script_run(gatekeeper, "SELECT pg_advisory_lock(4711)", &f));
    put(0, ours ? &insert_set : &gate, 100);
    for (int i = 1; i <= 5; i++)
        put(i, &sleepy, i);
    open_gate();
    wait_for(6);
}

/* Ours is no loss of the connection either, unless the server has no time to say that it gave up. */
static void what_takes_too_long_falls_out_alone(void **state)
{
    (void)state;
    open_gate();
    wait_for(1);
    for (int n = 0; n < 2; n++) {
        await_that((commit_sleepy(n == 1), items[3].fault.code != FAULT_UNAVAILABLE));
        for (int i = 1; i <= 5; i++)
            assert_int_equal(items[i].fault.code, i == 3 ? FAULT_TOO_SLOW : FAULT_NONE);
    }
}

static void a_wrong_clock_commits_nothing(void **state)
{
    (void)state;
    clock_judge(false);
    must_fail(put_item(&items[1], 1, &insert_set, 1), FAULT_UNAVAILABLE);
    clock_judge(true);
    put(1, &insert_set, 1);
    open_gate();
    wait_for(2);
    assert_int_equal(items[1].done, 1);
}

enum { FLOOD = 5000 };
static struct item flood[FLOOD];

/* Puts until it is refused, which a full queue does at the latest. */
static int put_until_refused(void)
{
    int taken = 0;

    while (taken < FLOOD && put_item(&flood[taken], taken, &insert_quietly, 1000 + taken))
        taken++;
    assert_in_range(taken, 0, 4096);
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
    return taken;
}

static void assert_done(int taken)
{
    for (int i = 0; i <= taken; i++) {
        assert_int_equal(flood[i].done, i < taken);
        assert_int_equal(flood[i].fault.code, FAULT_NONE);
    }
}

static void a_full_queue_refuses(void **state)
{
    int taken = put_until_refused();

    (void)state;
    assert_in_range(taken, 4095, 4096); /* the first item may have left the queue */
    open_gate();
    wait_for(taken + 1);
    assert_done(taken);
}

static void *stop_it(void *context)
{
    committer_close(context);
    return NULL;
}

/* A committer that is closed takes nothing new and finishes what it has. */
static void draining(void **state)
{
    pthread_t stopper;
    int taken;

    (void)state;
    pthread_create(&stopper, NULL, stop_it, committer);
    taken = put_until_refused();
    open_gate();
    pthread_join(stopper, NULL);
    assert_int_equal(items[0].done, 1);
    assert_done(taken);
    must_fail(put_item(&items[1], 1, &insert_set, 1), FAULT_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATED(batches_up_to_the_limit),
        GATED(a_bad_row_falls_out_alone),
        GATED(rows_find_their_inputs),
        GATED(statements_are_not_mixed),
        GATED(a_lost_connection_fails_the_batch),
        GATED(what_took_effect_is_not_done_again),
        GATED(what_takes_too_long_falls_out_alone),
        GATED(a_wrong_clock_commits_nothing),
        GATED(a_full_queue_refuses),
        GATED(draining),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
