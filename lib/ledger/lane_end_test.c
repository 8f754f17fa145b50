/* How runs end: failures, deaths of workers, outages, and what is put back. */
#include "lane_world_test.h"

static void failures_end_in_the_grave_with_their_story(void **state)
{
    (void)state;
    int64_t id = job_new(FAIL, "now() + interval '1 hour'");
    for (int i = 1; i <= 3; i++) {
        call_run(id, "deliver");
        await_count(&answers, i);
        assert_int_equal(last_result,
                         i < 3 ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__FAILED);
    }
    assert_int_equal(number("SELECT count(*) FROM job"), 0);
    assert_int_equal(
        number("SELECT count(*) FROM job_dead WHERE attempt = 3 AND story LIKE '%is bad%'"), 1);
}

/* However long the other side is down, the job is there when it comes back. */
static void an_outage_buries_nothing(void **state)
{
    (void)state;
    int64_t id = job_new(OUTAGE, "now() + interval '1 hour'");
    for (int i = 0; i < 8; i++) {
        call_run(id, "deliver");
        await_count(&answers, i + 1);
        assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING);
    }
    await_count(&runs, 8);
    assert_int_equal(number("SELECT count(*) FROM job WHERE attempt = 1 AND lease_owner IS NULL"),
                     1);
    assert_int_equal(number("SELECT count(*) FROM job_dead"), 0);
}

/* Whoever had it alone died each time: it is not tried for ever. */
static void worn_out_job_is_buried_unrun(void **state)
{
    (void)state;
    int64_t id = job_new(END, "now() + interval '1 hour'");
    execute("UPDATE job SET alone = true, deaths = 2, lease_owner = 'dead/1',"
            " lease_until = now() - interval '1 second'");
    call_run(id, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(runs, 0);
    assert_int_equal(number("SELECT count(*) FROM job_dead WHERE deaths = 3 AND attempt = 0 AND "
                            "story LIKE '%died%'"),
                     1);
}

/* Workers may die as often as they like: with others, or with others' jobs, it says nothing. */
static void deaths_of_workers_are_not_failures(void **state)
{
    (void)state;
    hold = true;
    int64_t id = job_new(END, "now() + interval '1 hour'");
    for (int i = 1; i <= 3; i++) {
        call_run(id, "deliver");
        await_count(&held_count, i);
        assert_int_equal(held[i - 1]->job->attempt, 0);
        assert_int_equal(held[i - 1]->job->deaths, i == 1 ? 0 : i - 2);
        execute("UPDATE job SET lease_until = now() - interval '1 second'");
    }
    execute("UPDATE job SET lease_until = NULL");
    assert_int_equal(number("SELECT count(*) FROM job WHERE attempt = 0 AND deaths = 1 AND alone"),
                     1);
    for (int i = 0; i < 3; i++)
        lane_finish_result(held[i], JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(number("SELECT count(*) FROM job_dead"), 0);
}

/* By each of the ways in which a job is put away. */
static void late_end(struct lane_item *item, int how)
{
    const struct fault down = { .code = FAULT_UNAVAILABLE };

    assert_int_equal(number("SELECT deaths FROM job"), 1);
    if (how % 3 == 0)
        lane_fail(item, &down);
    else if (how % 3 == 1)
        lane_gone(item);
    else
        lane_end(item, JOB_OUTCOME__RESULT__DONE);
    await_number("SELECT deaths FROM job", 0);
}

/* While a table is locked, say, every lease runs out before the job can be put away. Who then comes back lives. */
static void late_workers_have_not_died(void **state)
{
    (void)state;
    hold = true;
    int64_t id = job_new(END, "now() + interval '1 hour'");
    for (int i = 1; i <= 2 * LANE_DEATHS; i++) {
        call_run(id, "deliver");
        await_count(&held_count, i);
        execute("UPDATE job SET lease_until = now() - interval '1 second'");
        if (i >= 3)
            late_end(held[i - 3], i);
    }
    assert_int_equal(number("SELECT count(*) FROM job_dead"), 0);
    for (int i = 2 * LANE_DEATHS - 2; i < 2 * LANE_DEATHS; i++)
        lane_finish_result(held[i], JOB_OUTCOME__RESULT__GONE);
}

/* One of many whose worker died runs by itself; the others are together. */
static void tried_alone_after_a_death(void **state)
{
    (void)state;
    execute("INSERT INTO job (lane, subject, run_at, lease_owner, lease_until)"
            " SELECT 'deliver', CASE WHEN n = 20 THEN 5 ELSE 0 END, now() - interval '1 second',"
            "        CASE WHEN n = 20 THEN 'dead/1' END, CASE WHEN n = 20 THEN now() - interval '1 "
            "second' END"
            "   FROM generate_series(1, 39) n");
    await_number("SELECT count(*) FROM job", 0);
    assert_int_equal(alone_with, 1);
    assert_true(largest > 1);
    assert_int_equal(runs, 39);
}

/* By several ids nobody takes what must be alone. */
static void several_leave_out_who_must_be_alone(void **state)
{
    struct fault f = { 0 };
    (void)state;
    hold = true;
    int64_t one = job_new(END, "now() + interval '1 hour'");
    int64_t two = job_new(END, "now() + interval '1 hour'");
    execute("UPDATE job SET alone = true WHERE id = (SELECT max(id) FROM job)");
    struct store *own = store_new(&store);
    struct arena a;
    struct rows rows;
    int64_t ids[] = { one, two };
    JobClaim in = JOB_CLAIM__INIT;
    arena_init(&a);
    in.ids = ids;
    in.n_ids = 2;
    in.lane = "deliver";
    in.owner = "test/2";
    in.lease_ms = 60000;
    in.now = instant_message(&a, clock_now());
    assert_true(store_all(own, &a, &sql_job_claim, &in.base, &rows, &f));
    assert_int_equal(rows.count, 1);
    assert_int_equal(((const Job *)rows.items[0])->id, one);
    in.ids = &two;
    in.n_ids = 1;
    assert_true(store_all(own, &a, &sql_job_claim, &in.base, &rows, &f));
    assert_int_equal(rows.count, 1);
    arena_free(&a);
    store_free(own);
}

/* What lives through its run by a cadence is as any other. */
static void cadence_forgets_deaths(void **state)
{
    (void)state;
    int64_t id = job_new(CADENCE, "now() + interval '1 hour'");
    execute("UPDATE job SET alone = true, deaths = 2, attempt = 2");
    call_run(id, "deliver");
    await_count(&answers, 1);
    assert_int_equal(
        number("SELECT count(*) FROM job WHERE NOT alone AND deaths = 0 AND attempt = 0"), 1);
}

static void putting_back_is_no_failure(void **state)
{
    (void)state;
    int64_t id = job_new(AGAIN, "now() + interval '1 hour'");
    execute("UPDATE job SET attempt = 2");
    call_run(id, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number("SELECT attempt FROM job"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(failures_end_in_the_grave_with_their_story),
        LANE_TEST(an_outage_buries_nothing),
        LANE_TEST(worn_out_job_is_buried_unrun),
        LANE_TEST(deaths_of_workers_are_not_failures),
        LANE_TEST(late_workers_have_not_died),
        LANE_TEST(tried_alone_after_a_death),
        LANE_TEST(several_leave_out_who_must_be_alone),
        LANE_TEST(cadence_forgets_deaths),
        LANE_TEST(putting_back_is_no_failure),
    };
    return cmocka_run_group_tests(tests, database_open, database_close);
}
