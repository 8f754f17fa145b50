#include "fixture_test.h"

#define HISTORY                                                                                    \
    "INSERT INTO event (account_id, name, instant, at)"                                            \
    " SELECT 900, 'order_rejected', false, t FROM unnest(ARRAY['2020-01-01'::timestamptz, "        \
    "'2999-01-01', '2020-01-02']) t, generate_series(1, %d);"                                      \
    "INSERT INTO delivery (event_id, webhook_id, account_id, state)"                               \
    " SELECT id, 1234, 900, 'delivered' FROM event;"                                               \
    "INSERT INTO delivery_attempt (delivery_id, webhook_id, account_id, event_name, ok, sent_at)"  \
    " SELECT d.id, 1234, 900, e.name, true, e.at FROM delivery d JOIN event e ON e.id = "          \
    "d.event_id ORDER BY e.id"

static const char *left(void)
{
    return answer("SELECT concat_ws(' ', (SELECT count(*) FROM event), (SELECT count(*) FROM "
                  "delivery), (SELECT count(*) FROM delivery_attempt))");
}

static void old_events_go_with_their_deliveries(void **state)
{
    bool more;
    (void)state;
    execute(arena_format(&arena, HISTORY, 1));
    must(run_once(sweep_run, &more));
    assert_false(more);
    assert_string_equal(left(), "1 1 1");
    assert_int_equal(number("SELECT count(*) FROM event WHERE at > '2998-01-01'"), 1);
    must(run_once(sweep_run, &more));
    assert_string_equal(left(), "1 1 1");
}

/* Young rows in front do not hide the old ones behind them, as long as a step finds any. */
static void steps_go_on(void **state)
{
    bool more;
    (void)state;
    execute(arena_format(&arena, HISTORY, 1500));
    must(run_once(retention_run, &more));
    assert_int_equal(number("SELECT count(*) FROM event WHERE at < '2998-01-01'"), 1500);
    assert_string_equal(answer("SELECT count(DISTINCT event_id) || ' ' || count(*) FROM delivery"),
                        "3000 3000");
}

/* A run does so much, and asks to go on at once. */
static void runs_are_bounded(void **state)
{
    bool more;
    (void)state;
    execute("INSERT INTO event (account_id, name, instant, at)"
            " SELECT 900, 'order_rejected', false, '2020-01-01' FROM generate_series(1, 50500)");
    must(run_once(retention_run, &more));
    assert_true(more);
    assert_int_equal(number("SELECT count(*) FROM event"), 500);
    must(run_once(retention_run, &more));
    assert_false(more);
    assert_int_equal(number("SELECT count(*) FROM event"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(old_events_go_with_their_deliveries),
        FRESH(steps_go_on),
        FRESH(runs_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
