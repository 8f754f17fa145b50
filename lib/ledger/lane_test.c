/* Which jobs run, for whom, and who holds them. */
#include "lane_world_test.h"

static void called_job_runs_before_its_time(void **state)
{
    (void)state;
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(number("SELECT count(*) FROM job"), 0);
}

static void due_jobs_are_polled(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) /* more than there is room for at once */
        job_new(END, "now() - interval '1 second'");
    job_new(END, "now() + interval '1 hour'");
    await_number("SELECT count(*) FROM job", 1);
    assert_int_equal(runs, 40);
}

/* What waits in the queue is found due by each poll; it has its place already. */
static void waiting_jobs_are_not_put_twice(void **state)
{
    (void)state;
    workers_stick(true);
    for (int i = 1; i <= 2; i++) {
        call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
        await_count(&runs, i);
    }
    for (int i = 0; i < 10; i++)
        job_new(END, "now() - interval '1 second'");
    await_under_way(2 + 10);
    job_new(END, "now() - interval '1 second'"); /* when it is there, a poll has been */
    await_under_way(2 + 11);
    lanes_drain(lanes, (struct duration){ 0 }); /* no poll any more */
    workers_stick(false);
    assert_true(lanes_drain(lanes, patience()));
    assert_int_equal(runs, 2 + 11);
    assert_int_equal(gone, 0);
}

static void unknown_job_is_gone(void **state)
{
    (void)state;
    call_run(999999, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__GONE);
}

static void unknown_lane_is_refused(void **state)
{
    (void)state;
    call_run(1, "nonsense");
    await_count(&answers, 1);
    assert_int_equal(last_result, 0);
}

static void job_runs_once_for_two_callers(void **state)
{
    (void)state;
    hold = true;
    int64_t id = job_new(END, "now() + interval '1 hour'");
    call_run(id, "deliver");
    await_count(&held_count, 1);
    for (int i = 1; i <= 3; i++) { /* who comes later waits with him, */
        call_run(id, "deliver");
        await_count(&gone, i);
    }
    await_that(lanes_under_way(lanes, "deliver") == 1); /* and takes no room */
    assert_int_equal(answers, 0);
    end(held[0]);
    await_count(&answers, 4);
    assert_int_equal(done, 4);
    assert_int_equal(runs, 1);
}

/* Nobody here has it: there is nothing to wait for. */
static void job_of_another_process_is_not_waited_for(void **state)
{
    (void)state;
    int64_t mine = job_new(END, "now() + interval '1 hour'"),
            other = job_new(END, "now() + interval '1 hour'");
    hold = true;
    call_run(mine, "deliver");
    await_count(&held_count, 1);
    execute("UPDATE job SET lease_owner = 'other/1', lease_until = now() + interval '1 hour'"
            " WHERE lease_owner IS NULL");
    call_run(other, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__GONE);
    end(held[0]);
    await_count(&answers, 2);
}

static void cadence_goes_on_as_fresh(void **state)
{
    (void)state;
    call_run(job_new(CADENCE, "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number("SELECT count(*) FROM job WHERE attempt = 0 AND lease_until IS NULL "
                            "AND run_at > now()"),
                     1);
}

/* The relay, the token, the network is there again. */
static void woken_jobs_are_due(void **state)
{
    struct store *own = store_new(&store);
    struct fault f = { 0 };
    (void)state;
    lanes_halt(lanes);
    execute("INSERT INTO job (lane, subject, run_at, attempt) VALUES"
            " ('deliver', 1, now() + interval '10 minutes', 2),"
            " ('deliver', 2, now() + interval '10 minutes', 0),"
            " ('mail', 3, now() + interval '10 minutes', 2)");
    assert_true(job_wake(own, "deliver", &f));
    assert_int_equal(
        number("SELECT sum(subject) FROM job WHERE run_at <= now() + interval '1 minute'"), 1);
    store_free(own);
}

/* While it lasts nothing is due before its time; a job that was there before it has it ended. */
static void first_success_after_an_outage_wakes_the_others(void **state)
{
    (void)state;
    int64_t id = job_new(OUTAGE, "now() + interval '1 hour'");
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    execute("INSERT INTO job (lane, subject, run_at, attempt) VALUES"
            " ('deliver', 0, now() + interval '10 minutes', 2)");
    call_run(id, "deliver");
    await_count(&answers, 2);
    assert_int_equal(number("SELECT count(*) FROM job"), 2);
    execute("UPDATE job SET subject = 0, run_at = now() + interval '10 minutes'");
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
    await_number("SELECT count(*) FROM job", 0);
}

/* A process that is told to end leaves nothing behind that looks like its death. */
static void leases_are_given_back(void **state)
{
    (void)state;
    hold = true;
    call_run(job_new(END, "now()"), "deliver");
    await_count(&held_count, 1);
    assert_false(lanes_drain(lanes, milliseconds(10)));
    lanes_stop(lanes);
    assert_int_equal(
        number("SELECT count(*) FROM job WHERE lease_until IS NULL AND lease_owner IS NULL"
               " AND attempt = 0 AND NOT alone"),
        1);
    arena_free(&held[0]->arena);
    arena_free(&held[0]->waiter->arena);
    free(held[0]->waiter);
    free(held[0]);
    hold = false;
    open_lanes(state);
}

static void lost_lease_has_no_effect(void **state)
{
    (void)state;
    hold = true;
    int64_t id = job_new(END, "now() + interval '1 hour'");
    call_run(id, "deliver");
    await_count(&held_count, 1);
    execute("UPDATE job SET lease_epoch = nextval('lease_epoch')"); /* somebody else claimed it */
    end(held[0]);
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(number("SELECT count(*) FROM job"), 1);
}

static void leased_job_waits_until_the_lease_runs_out(void **state)
{
    (void)state;
    int64_t id = job_new(END, "now() - interval '1 second'");
    execute("UPDATE job SET lease_until = now() + interval '1 hour', lease_epoch = "
            "nextval('lease_epoch')");
    call_run(id, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__GONE);
    execute("UPDATE job SET lease_until = now() - interval '1 second'");
    await_number("SELECT count(*) FROM job", 0);
}

static void drain_waits_for_what_is_under_way(void **state)
{
    (void)state;
    hold = true;
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
    await_count(&held_count, 1);
    assert_false(lanes_drain(lanes, milliseconds(50)));
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING); /* no new work */
    end(held[0]);
    assert_true(lanes_drain(lanes, patience()));
}

static void pauses_grow(void **state)
{
    (void)state;
    for (int n = 1; n < 10; n++)
        assert_true(lane_pause(n).us <= lane_pause(n + 1).us);
    assert_int_equal(lane_pause(1).us, seconds(1).us);
    assert_int_equal(lane_pause(1000).us, seconds(3600).us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(called_job_runs_before_its_time),
        LANE_TEST(due_jobs_are_polled),
        LANE_TEST(waiting_jobs_are_not_put_twice),
        LANE_TEST(unknown_job_is_gone),
        LANE_TEST(unknown_lane_is_refused),
        LANE_TEST(job_runs_once_for_two_callers),
        LANE_TEST(job_of_another_process_is_not_waited_for),
        LANE_TEST(cadence_goes_on_as_fresh),
        LANE_TEST(woken_jobs_are_due),
        LANE_TEST(first_success_after_an_outage_wakes_the_others),
        LANE_TEST(leases_are_given_back),
        LANE_TEST(lost_lease_has_no_effect),
        LANE_TEST(leased_job_waits_until_the_lease_runs_out),
        LANE_TEST(drain_waits_for_what_is_under_way),
        cmocka_unit_test(pauses_grow),
    };
    return cmocka_run_group_tests(tests, database_open, database_close);
}
