/* The database refused, silent, killed. Nothing here measures time: a call that hangs is ended by
 * the alarm, and the timeouts of the stores are far below it; whatever has to succeed under one of
 * them takes a small part of it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/fixture_test.h"

STATEMENT(nap, sample_key, sample_key, false, SQL_ONE,
          "SELECT 1::int8 AS id FROM pg_advisory_xact_lock(4712), pg_sleep(3600)", NULL);
STATEMENT(end_self, sample_key, sample_key, false, SQL_ONE,
          "SELECT 1::int8 AS id FROM pg_terminate_backend(pg_backend_pid())", NULL);
STATEMENT(own_id, sample_key, sample_key, false, SQL_ONE, "SELECT pg_backend_pid()::int8 AS id",
          NULL);

static struct store *impatient(const char *url, struct duration timeout)
{
    return store_new(
        &(struct store_options){ .url = { url }, .prepare = true, .timeout = timeout });
}

static bool ask(struct store *s, const struct sql *sql, int64_t *id)
{
    SampleKey in = SAMPLE_KEY__INIT, out = SAMPLE_KEY__INIT;
    bool ok = store_one(s, &arena, sql, &in.base, &out.base, &f);

    *id = out.id;
    return ok;
}

/* A server that is given a connection and never says a word, as after a network split. */
static int listen_silently(char url[128])
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, "127.83.84.1", &at.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(url, 128, "host=127.83.84.1 port=%d user=x dbname=x", ntohs(at.sin_port));
    return fd;
}

static void black_hole(void **state)
{
    char url[128];
    int fd = listen_silently(url);
    struct store *s = impatient(url, milliseconds(200));

    (void)state;
    must_fail(store_ping(s, &f), FAULT_UNAVAILABLE);
    assert_non_null(strstr(f.detail, "in time"));
    do /* soon one is answered without a try */
        must_fail(store_ping(s, &f), FAULT_UNAVAILABLE);
    while (!strstr(f.detail, "a moment ago"));
    store_free(s);
    close(fd);
}

static void refused(void **state)
{
    char url[128];
    struct store *s;

    (void)state;
    close(listen_silently(url));
    s = impatient(url, seconds(3600));
    must_fail(store_ping(s, &f), FAULT_UNAVAILABLE);
    must(store_begin(s, &f));
    assert_true(store_in_transaction());
    must_fail(store_ping(s, &f), FAULT_UNAVAILABLE);
    must_fail(store_commit(s, &f), FAULT_UNAVAILABLE);
    store_rollback(s);
    assert_false(store_in_transaction());
    store_free(s);
    s = impatient("this is no connection string", seconds(3600));
    must_fail(store_ping(s, &f), FAULT_UNAVAILABLE);
    store_free(s);
}

/* The server is there, but a statement does not end. It gives up, and its locks with it. */
static void a_statement_that_takes_too_long(void **state)
{
    struct store *s = impatient(database_url(database, NULL), seconds(2));
    int64_t id;

    (void)state;
    /* A server that has no time to say that it gave up is taken for lost. */
    await_that(!ask(s, &nap, &id) && f.code != FAULT_UNAVAILABLE);
    assert_int_equal(f.code, FAULT_TOO_SLOW);
    assert_false(store_took_effect(s));
    script("SELECT pg_advisory_lock(4712)");
    must(ask(s, &own_id, &id));
    store_free(s);
}

/* Within a transaction it is the transaction that is lost, with the locks of all its statements. */
static void a_transaction_that_takes_too_long(void **state)
{
    struct store *s = impatient(database_url(database, NULL), seconds(2));
    Row a = row_of(1, "a");
    int64_t id;

    (void)state;
    must(store_begin(s, &f));
    must(store_run(s, &arena, &insert, &a.base, NULL, &f));
    must_fail(ask(s, &nap, &id), FAULT_UNAVAILABLE);
    assert_non_null(strstr(f.detail, "in time"));
    store_rollback(s);
    must(store_run(store, &arena, &insert, &a.base, NULL, &f)); /* waits for the other's end */
    script("SELECT pg_advisory_lock(4712)");
    store_free(s);
}

/* The server's own limit is the statement's fault, and not the connection's. */
static void a_statement_over_the_servers_limit(void **state)
{
    struct store *s = store_of(true, "options='-c statement_timeout=2s'");
    int64_t before, id, after;

    (void)state;
    must(ask(s, &own_id, &before));
    must_fail(ask(s, &nap, &id), FAULT_TOO_SLOW);
    must(ask(s, &own_id, &after));
    assert_int_equal(before, after);
    store_free(s);
}

static void killed_in_a_statement(void **state)
{
    int64_t before, after;

    (void)state;
    must(ask(store, &own_id, &before));
    must_fail(ask(store, &end_self, &after), FAULT_UNAVAILABLE);
    assert_non_null(strstr(f.detail, "terminat"));
    must(ask(store, &own_id, &after));
    assert_int_not_equal(before, after);
}

static void terminate(int64_t backend)
{
    /* Ends only when the backend is gone. */
    script(arena_format(&arena, "SELECT pg_terminate_backend(%d, 20000)", (int)backend));
}

/* Between two calls nothing was under way, so nobody need hear of it. */
static void killed_while_idle(void **state)
{
    Row a = row_of(1, "a");
    int64_t before, after;

    (void)state;
    must(ask(store, &own_id, &before));
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    terminate(before);
    must(ask(store, &own_id, &after));
    assert_int_not_equal(before, after);
    assert_string_equal(list(&all_rows), "1=a");
}

static void killed_in_a_transaction(void **state)
{
    Row a = row_of(1, "a"), b = row_of(2, "b");
    int64_t id;

    (void)state;
    must(store_begin(store, &f));
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(ask(store, &own_id, &id));
    terminate(id);
    must_fail(store_run(store, &arena, &insert, &b.base, NULL, &f), FAULT_UNAVAILABLE);
    must_fail(store_run(store, &arena, &insert, &b.base, NULL, &f), FAULT_UNAVAILABLE);
    must_fail(store_commit(store, &f), FAULT_UNAVAILABLE);
    store_rollback(store);
    assert_string_equal(list(&all_rows), "");
}

static void killed_before_commit(void **state)
{
    Row a = row_of(1, "a");
    int64_t id;

    (void)state;
    must(store_begin(store, &f));
    must(store_run(store, &arena, &insert, &a.base, NULL, &f));
    must(ask(store, &own_id, &id));
    terminate(id);
    must_fail(store_commit(store, &f), FAULT_UNAVAILABLE);
    assert_false(store_in_transaction());
    assert_string_equal(list(&all_rows), "");
}

static bool count_and_die(struct store *s, void *context, struct fault *fault)
{
    SampleKey in = SAMPLE_KEY__INIT, out = SAMPLE_KEY__INIT;

    ++*(int *)context;
    return store_one(s, &arena, &end_self, &in.base, &out.base, fault);
}

static void lost_transactions_are_not_repeated(void **state)
{
    int runs = 0;

    (void)state;
    must_fail(store_transaction(store, count_and_die, &runs, &f), FAULT_UNAVAILABLE);
    assert_int_equal(runs, 1);
    must(store_ping(store, &f));
}

static int start_alarm(void **state)
{
    alarm(PATIENCE_S);
    return open_store(state);
}

static int stop_alarm(void **state)
{
    alarm(0);
    return close_store(state);
}

#define TIMED(name) cmocka_unit_test_setup_teardown(name, start_alarm, stop_alarm)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TIMED(black_hole),
        TIMED(refused),
        TIMED(a_statement_that_takes_too_long),
        TIMED(a_transaction_that_takes_too_long),
        TIMED(a_statement_over_the_servers_limit),
        TIMED(killed_in_a_statement),
        TIMED(killed_while_idle),
        TIMED(killed_in_a_transaction),
        TIMED(killed_before_commit),
        TIMED(lost_transactions_are_not_repeated),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
