#include "fixture_test.h"

#define LATER "2999-01-01"

static const char *status_of(int64_t id)
{
    return answer(arena_format(&arena, "SELECT status FROM orders WHERE id = %lld", (long long)id));
}

static void walk(void)
{
    bool more;
    do
        must(run_once(expire_run, &more));
    while (more);
}

/* Everything is there as it is after a long time of waiting. */
static int begin_waiting(void **state)
{
    begin(state);
    rule_put("TLS", "order.pending", "90", "d");
    return 0;
}

static void waited_too_long(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 40; id++)
        order_put_apart(id, id % 2 ? "pending" : "needs_approval");
    execute("UPDATE orders SET created_at = '" LATER "' WHERE id > 30");
    execute("UPDATE request SET status = 'pending'");
    walk();
    assert_int_equal(number("SELECT count(*) FROM orders WHERE status = 'expired'"
                            " AND status_at > '2020-02-01' AND id <= 30"),
                     30);
    assert_int_equal(number("SELECT count(*) FROM orders WHERE status <> 'expired'"), 10);
    assert_int_equal(number("SELECT count(*) FROM request WHERE status = 'expired'"
                            "   AND processed_at IS NOT NULL"),
                     30);
    assert_int_equal(number("SELECT count(*) FROM idempotency"), 40);
    assert_int_equal(number("SELECT count(DISTINCT subject) FROM audit"
                            " WHERE activity = 'order expired' AND account_id = 900"),
                     30);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'order expired'"), 30);
}

/* A certificate that would end before it begins is waited for by nobody. */
static void no_certificate_can_be_made(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 4; id++)
        order_put_apart(id, "pending");
    execute("UPDATE orders SET created_at = '" LATER "'; "
            "UPDATE request SET cert_not_after = '2020-02-01' WHERE order_id = 1;"
            "UPDATE orders SET valid_till = '2020-02-01' WHERE id = 2;"
            "UPDATE request SET cert_not_after = '" LATER "' WHERE order_id = 3");
    walk();
    assert_string_equal(answer("SELECT string_agg(status, ' ' ORDER BY id) FROM orders"),
                        "expired expired pending pending");
}

static void where_no_rule_says_so_it_waits(void **state)
{
    (void)state;
    order_put_apart(1, "pending");
    execute("UPDATE request SET rule_scope = 'PRIV'");
    walk();
    assert_string_equal(status_of(1), "pending");
}

static void ended_orders_stay(void **state)
{
    static const char *const ended[] = { "issued", "rejected", "canceled", "expired" };
    (void)state;
    for (size_t i = 0; i < 4; i++)
        order_put_apart((int64_t)i + 1, ended[i]);
    execute("UPDATE order_apart SET state = 'open'");
    walk();
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(status_of((int64_t)i + 1), ended[i]);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'order expired'"), 0);
}

static void waits_for_a_living_attempt(void **state)
{
    (void)state;
    order_put_apart(1, "pending");
    order_put_apart(2, "pending");
    execute(attempt_sql(10, 1, "2020-01-01"));
    walk();
    assert_string_equal(status_of(1), "pending");
    assert_string_equal(status_of(2), "expired");
    execute("UPDATE issuance SET state = 'ghost'");
    walk();
    assert_string_equal(status_of(1), "expired");
}

static void *walk_beside(void *ok)
{
    struct arena own;
    struct fault ignored;
    struct store *s = store_new(&options);
    struct cadence_call call = { .store = s, .arena = &own, .now = clock_now() };
    arena_init(&own);
    *(bool *)ok = expire_run(&call, &ignored);
    arena_free(&own);
    store_free(s);
    return NULL;
}

#define SOMEBODY_WAITS                                                                             \
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"                         \
    " AND datname = current_database()"

static void expire_meanwhile(struct script *other, const char *before, const char *after)
{
    pthread_t thread;
    bool ok = false;
    assert_true(script_run(other, "BEGIN", &f));
    assert_true(script_run(other, before, &f));
    assert_int_equal(pthread_create(&thread, NULL, walk_beside, &ok), 0);
    await_number(SOMEBODY_WAITS, 1);
    if (after)
        assert_true(script_run(other, after, &f));
    assert_true(script_run(other, "COMMIT", &f));
    pthread_join(thread, NULL);
    assert_true(ok);
}

/* An attempt that is committed while the expiry already waits for the order's lock is seen. */
static void attempt_committed_meanwhile(void **state)
{
    struct script *issuer = another();
    (void)state;
    order_put_apart(1, "pending");
    expire_meanwhile(issuer, "SELECT id FROM orders WHERE id = 1 FOR UPDATE",
                     attempt_sql(10, 1, "2020-01-01"));
    script_close(issuer);
    assert_string_equal(status_of(1), "pending");
}

/* An order that was cancelled meanwhile is not expired on top of it. */
static void canceled_meanwhile(void **state)
{
    struct script *gateway = another();
    (void)state;
    order_put_apart(1, "pending");
    expire_meanwhile(gateway, "UPDATE orders SET status = 'canceled' WHERE id = 1", NULL);
    script_close(gateway);
    assert_string_equal(status_of(1), "canceled");
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'order expired'"), 0);
}

/* One that is locked for good holds up itself and nobody else. */
static void a_locked_order_is_left_out(void **state)
{
    struct script *other = another();
    (void)state;
    execute("ALTER ROLE chancery_scheduler SET lock_timeout = '100ms'");
    store_free(store);
    store = store_new(&options);
    for (int64_t id = 1; id <= 3; id++)
        order_put_apart(id, "pending");
    assert_true(script_run(other, "BEGIN; SELECT id FROM orders WHERE id = 2 FOR UPDATE", &f));
    walk();
    assert_true(script_run(other, "ROLLBACK", &f));
    script_close(other);
    execute("ALTER ROLE chancery_scheduler SET lock_timeout = '3s'");
    assert_string_equal(answer("SELECT string_agg(status, ' ' ORDER BY id) FROM orders"),
                        "expired pending expired");
}

static void pages(void **state)
{
    bool more;
    (void)state;
    execute("INSERT INTO order_apart SELECT n, 900, 'open', '2020-01-01' FROM generate_series(1, "
            "1400) n");
    order_put_apart(1401, "pending");
    must(run_once(expire_run, &more));
    assert_false(more);
    assert_string_equal(status_of(1401), "expired");
}

/* ---- who waits for us */

#define JOBS "SELECT coalesce(string_agg(idem_key, ' ' ORDER BY idem_key), '') FROM job"

static int64_t waiting_put(int64_t id)
{
    order_put_apart(id, "pending");
    execute(arena_format(&arena, "UPDATE orders SET created_at = '" LATER "' WHERE id = %lld",
                         (long long)id));
    return id + 5000;
}

/* Names below an authority that is not public need no proof: nothing is open. */
static void private_authority(void)
{
    execute("INSERT INTO authority VALUES ('0011223344556677', 'a', 'a', 'ec', NULL, '', false, "
            "true, '2020-01-01')");
}

static void nothing_open_and_no_job_goes_on(void **state)
{
    (void)state;
    private_authority();
    waiting_put(1);
    waiting_put(2);
    waiting_put(3);
    execute("INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('issue', 5002, '" LATER
            "', 'issue/5002');"
            "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
            "VALUES (1, 'issue', 5003, '2020-01-01', 10, 0, 'x', '2020-01-01')");
    walk();
    assert_string_equal(answer(JOBS), "issue/5001 issue/5002");
}

static void lost_looks_go_on(void **state)
{
    (void)state;
    waiting_put(1); /* never begun */
    waiting_put(2); /* polling has ended */
    waiting_put(3); /* its next look is due, and nobody looks */
    waiting_put(4); /* has its job */
    waiting_put(5); /* the customer reads his mail */
    execute("SELECT challenge_begin(5000 + n, 900, 'TLS', 'dns-txt-token', '2020-01-01')"
            "  FROM generate_series(1, 5) n;"
            "UPDATE challenge SET checked_at = '2020-01-02' WHERE subject IN (5002, 5003);"
            "UPDATE challenge SET next_at = '2020-01-03' WHERE subject = 5003;"
            "UPDATE challenge SET method = 'email' WHERE subject = 5005;"
            "INSERT INTO job (lane, subject, run_at, idem_key)"
            " SELECT 'dcv', id, '" LATER "', 'dcv/' || id FROM challenge WHERE subject = 5004");
    walk();
    assert_string_equal(answer("SELECT string_agg(c.subject::text, ' ' ORDER BY c.subject) FROM "
                               "job j JOIN challenge c ON j.idem_key = 'dcv/' || c.id"),
                        "5001 5003 5004");
}

/* A precertificate that too few logs have promised to publish. */
static void logs_are_asked_again(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 3; id++) {
        waiting_put(id);
        execute(attempt_sql(id, id, "2020-01-01"));
    }
    execute(
        "UPDATE issuance SET state = 'precert_signed';"
        "INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, "
        "complete_before) SELECT id, request_id, account_id, ca_id, serial, '', created_at, "
        "'infinity' FROM issuance;"
        "INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('ct', 5002, '" LATER
        "', 'ct/5002');"
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
        "VALUES (1, 'ct', 5003, '2020-01-01', 10, 0, 'x', '2020-01-01')");
    walk();
    assert_string_equal(answer(JOBS), "ct/5001 ct/5002");
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, begin_waiting, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(waited_too_long),
        RUN(no_certificate_can_be_made),
        RUN(where_no_rule_says_so_it_waits),
        RUN(ended_orders_stay),
        RUN(waits_for_a_living_attempt),
        RUN(attempt_committed_meanwhile),
        RUN(canceled_meanwhile),
        RUN(a_locked_order_is_left_out),
        RUN(pages),
        RUN(nothing_open_and_no_job_goes_on),
        RUN(lost_looks_go_on),
        RUN(logs_are_asked_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
