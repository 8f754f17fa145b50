/* The statement that ends a round, without DNS. */
#include "fixture_test.h"

#include "domains.sql.h"

static int set_up(void **state)
{
    (void)state;
    records_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

/* The end of a round that has found the order's one domain, or nothing, with the job's first epoch;
 * when it read the order, polling began `poll_shift_us` later than now. */
static const DcvAdvanced *round_commit(int64_t id, bool found, int64_t poll_shift_us)
{
    struct store *store = store_new(&store_options);
    DcvRound in = DCV_ROUND__INIT;
    Evidence e = EVIDENCE__INIT, *evidence[] = { &e };
    const ProtobufCMessage *all = &in.base;
    struct rows rows;
    struct fault f = { 0 };
    struct instant next = instant_add(clock_now(), seconds(3600));
    in.job_id =
        strtoll(ask("SELECT id FROM job WHERE idem_key = 'dcv/%lld'", (long long)id), NULL, 10);
    in.order_id = e.order_id = id;
    in.now = e.completed_at = instant_of(&arena, clock_now());
    in.next_at = instant_of(&arena, next);
    const char *poll_from =
        ask("SELECT (extract(epoch FROM poll_from) * 1000000)::bigint FROM orders "
            "WHERE id = %lld",
            (long long)id);
    in.poll_from =
        instant_of(&arena, (struct instant){ strtoll(poll_from, NULL, 10) + poll_shift_us });
    e.account_id = ACCOUNT;
    e.domain =
        arena_strdup(&arena, ask("SELECT common_name FROM orders WHERE id = %lld", (long long)id));
    e.method = DCV_METHOD__VALUE__DNS_TXT_TOKEN;
    e.br_method = arena_strdup(&arena, "3.2.2.4.7");
    e.evidence = arena_strdup(&arena, "{}");
    e.has_order_id = true;
    in.evidence = evidence;
    in.n_evidence = found;
    if (!store_set(store, &arena, &sql_dcv_round, &all, 1, &rows, &f))
        fail_msg("%s", f.detail);
    store_free(store);
    return rows.count ? (const DcvAdvanced *)rows.items[0] : NULL;
}

/* What was seen is a fact, but a cancelled order goes nowhere. */
static void an_order_cancelled_during_its_round(void **state)
{
    (void)state;
    int64_t id = order_put(&usual, "meanwhile.example.com");
    run_sql("UPDATE orders SET status = 'canceled' WHERE common_name = 'meanwhile.example.com'");
    const DcvAdvanced *to = round_commit(id, true, 0);
    assert_false(to->has_job_id || to->waiting);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 0 dcv");
}

/* A change of method starts the cadence anew; the round that knew nothing of it must not win. */
static void a_method_changed_during_a_round(void **state)
{
    (void)state;
    long long id = order_put(&usual, "changed.example.com");
    assert_true(round_commit(id, false, 0)->waiting);
    assert_sql("f", "SELECT run_at <= now() FROM job WHERE lane = 'dcv' AND subject = %lld", id);
    assert_true(round_commit(id, false, -1)->waiting);
    assert_sql("t", "SELECT run_at <= now() FROM job WHERE lane = 'dcv' AND subject = %lld", id);
}

static void a_round_of_another_lease_is_nothing(void **state)
{
    (void)state;
    int64_t id = order_put(&usual, "other-lease.example.com");
    run_sql("UPDATE job SET lease_epoch = nextval('lease_epoch')"
            " WHERE subject = (SELECT max(id) FROM orders)");
    assert_null(round_commit(id, true, 0));
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_cancelled_during_its_round),
        cmocka_unit_test(a_method_changed_during_a_round),
        cmocka_unit_test(a_round_of_another_lease_is_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
