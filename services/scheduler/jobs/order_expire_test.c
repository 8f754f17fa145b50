#include "jobs/order_expire.h"

#include "fixture_test.h"

// clang-format off
static const struct lane table[] = {
    { .name = "order_expire", .batch = 32, .room = 64, .lease = { 60000000 }, .attempts = 3, .run = order_expire_run },
    { 0 },
};
// clang-format on

static struct lanes *lanes;

static int open_lanes(void **state)
{
    begin(state);
    struct lanes_options o = {
        .lanes = table, .store = &options, .owner = "test/1", .workers = 2, .poll = milliseconds(20)
    };
    lanes = lanes_start(&o);
    return 0;
}

static int close_lanes(void **state)
{
    assert_true(lanes_drain(lanes, seconds(20)));
    lanes_stop(lanes);
    return end(state);
}

static void job_put(int64_t order_id)
{
    execute(arena_format(&arena,
                         "INSERT INTO job (lane, subject, run_at, idem_key)"
                         " VALUES ('order_expire', %lld, '2026-01-02', 'order_expire/%lld')",
                         (long long)order_id, (long long)order_id));
}

static const char *status_of(int64_t id)
{
    return answer(arena_format(&arena, "SELECT status FROM orders WHERE id = %lld", (long long)id));
}

static void pending_orders_expire(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 40; id++)
        order_put(id, id % 2 ? "pending" : "needs_approval");
    for (int64_t id = 1; id <= 40; id++)
        job_put(id);
    await_number("SELECT count(*) FROM job", 0);
    assert_int_equal(number("SELECT count(*) FROM orders WHERE status = 'expired'"
                            "   AND status_at > '2026-02-01'"),
                     40);
    assert_int_equal(number("SELECT count(*) FROM request WHERE status = 'rejected'"
                            "   AND processed_at IS NOT NULL"),
                     40);
    assert_int_equal(number("SELECT count(*) FROM idempotency"), 0);
    assert_int_equal(number("SELECT count(DISTINCT subject) FROM audit"
                            " WHERE activity = 'order expired' AND account_id = 900"),
                     40);
    assert_int_equal(number("SELECT count(*) FROM audit"), 40);
}

static void ended_orders_stay(void **state)
{
    static const char *const ended[] = { "issued", "rejected", "canceled", "expired" };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        order_put((int64_t)i + 1, ended[i]);
        job_put((int64_t)i + 1);
    }
    job_put(77); /* an order that does not exist */
    await_number("SELECT count(*) FROM job", 0);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(status_of((int64_t)i + 1), ended[i]);
    assert_int_equal(number("SELECT count(*) FROM audit"), 0);
    assert_int_equal(number("SELECT count(*) FROM idempotency"), 4);
    assert_int_equal(number("SELECT count(*) FROM request WHERE status = 'pending'"), 4);
}

#define PUT_BACK "SELECT count(*) FROM job WHERE run_at > '2026-01-03' AND lease_owner IS NULL"

static void waits_for_a_living_attempt(void **state)
{
    (void)state;
    order_put(1, "pending");
    order_put(2, "pending");
    execute(attempt_sql(10, 1, "2026-01-01"));
    job_put(1);
    job_put(2);
    await_number(PUT_BACK, 1);
    await_number("SELECT count(*) FROM job", 1);
    assert_string_equal(status_of(1), "pending");
    assert_string_equal(status_of(2), "expired");
    execute("UPDATE issuance SET state = 'ghost'");
    execute("UPDATE job SET run_at = '2026-01-02'");
    await_number("SELECT count(*) FROM job", 0);
    assert_string_equal(status_of(1), "expired");
}

/* An attempt that is committed while the expiry already waits for the order's lock is seen. */
static void attempt_committed_meanwhile(void **state)
{
    struct script *issuer = another();
    (void)state;
    order_put(1, "pending");
    assert_true(script_run(issuer, "BEGIN; SELECT id FROM orders WHERE id = 1 FOR UPDATE", &f));
    job_put(1);
    await_number("SELECT count(*) FROM pg_stat_activity"
                 " WHERE wait_event_type = 'Lock' AND datname = current_database()",
                 1);
    assert_true(script_run(issuer, attempt_sql(10, 1, "2026-01-01"), &f));
    assert_true(script_run(issuer, "COMMIT", &f));
    script_close(issuer);
    await_number(PUT_BACK, 1);
    assert_string_equal(status_of(1), "pending");
    assert_int_equal(number("SELECT count(*) FROM audit"), 0);
}

/* An order that was cancelled meanwhile is not expired on top of it. */
static void cancelled_meanwhile(void **state)
{
    struct script *gateway = another();
    (void)state;
    order_put(1, "pending");
    assert_true(
        script_run(gateway, "BEGIN; UPDATE orders SET status = 'canceled' WHERE id = 1", &f));
    job_put(1);
    await_number("SELECT count(*) FROM pg_stat_activity"
                 " WHERE wait_event_type = 'Lock' AND datname = current_database()",
                 1);
    assert_true(script_run(gateway, "COMMIT", &f));
    script_close(gateway);
    await_number("SELECT count(*) FROM job", 0);
    assert_string_equal(status_of(1), "canceled");
    assert_int_equal(number("SELECT count(*) FROM audit"), 0);
}

#define RUN(name) cmocka_unit_test_setup_teardown(name, open_lanes, close_lanes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(pending_orders_expire),       RUN(ended_orders_stay),   RUN(waits_for_a_living_attempt),
        RUN(attempt_committed_meanwhile), RUN(cancelled_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
