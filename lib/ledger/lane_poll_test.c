/* When a lane asks the database for work. */
#include "lane_world_test.h"

/* ---- between two polls: these would not live to see the second one by the clock */

#define DUE_40                                                                                     \
    "INSERT INTO job (lane, subject, run_at)"                                                      \
    " SELECT 'deliver', 0, now() - interval '1 second' FROM generate_series(1, 40)"

static void await_nothing_under_way(void)
{
    await_that(lanes_under_way(lanes, "deliver") == 0);
}

/* What is wrong has time to show. */
static void linger(void)
{
    for (int i = 0; i < 50; i++)
        number("SELECT count(*) FROM job");
}

static void full_lane_is_polled_as_it_gets_on(void **state)
{
    (void)state;
    execute(DUE_40);
    start(table, seconds(3600));
    await_number("SELECT count(*) FROM job", 0);
    assert_int_equal(runs, 40);
}

/* There is room for as many as are as heavy as they may be; once they are known to be lighter, for more. */
static void room_is_for_weight(void **state)
{
    (void)state;
    execute(DUE_40);
    hold = true;
    start(heavy_table, milliseconds(20));
    await_count(&runs, 16 / 4);
    linger();
    assert_int_equal(lanes_under_way(lanes, "deliver"), 4);
    for (int i = 0; i < 4; i++)
        lane_weigh(held[i], 1);
    await_count(&runs, 4 + (16 - 4) / 4);
    linger();
    assert_int_equal(lanes_under_way(lanes, "deliver"), 7);
    pthread_mutex_lock(&lock);
    hold = false;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 7; i++)
        end(held[i]);
    await_number("SELECT count(*) FROM job", 0);
    assert_int_equal(runs, 40);
}

/* What is handed back is due as before: the next poll would only find it again. */
static void lane_that_claims_nothing_waits(void **state)
{
    (void)state;
    execute(DUE_40);
    start(away_table, seconds(3600));
    await_count(&runs, 16);
    await_nothing_under_way();
    linger();
    lanes_halt(lanes);
    assert_int_equal(runs, 16);
    assert_int_equal(lanes_rounds(lanes), 1);
}

/* A lane that was full when nothing might be begun any more: once round, to see that. */
static void waits_after(void (*close)(void))
{
    execute(DUE_40);
    workers_stick(true);
    start(table, seconds(3600));
    await_under_way(16);
    await_count(&runs, 1);
    close();
    workers_stick(false);
    await_nothing_under_way();
    linger();
    lanes_halt(lanes);
    clock_judge(true);
    assert_true(lanes_rounds(lanes) <= 2);
}

static void distrust_clock(void)
{
    clock_judge(false);
}

static void begin_drain(void)
{
    lanes_drain(lanes, (struct duration){ 0 });
}

static void full_lane_waits_for_the_clock(void **state)
{
    (void)state;
    waits_after(distrust_clock);
}

static void full_lane_waits_for_its_end(void **state)
{
    (void)state;
    waits_after(begin_drain);
}

/* Neither from the queue nor from the bus: what it would put back would lie at a wrong time. */
static void a_wrong_clock_begins_nothing(void **state)
{
    (void)state;
    workers_stick(true);
    for (int i = 1; i <= 2; i++) {
        call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
        await_count(&runs, i);
    }
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver"); /* waits in the queue */
    clock_judge(false);
    call_run(job_new(END, "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING);
    workers_stick(false);
    await_count(&answers, 4);
    assert_int_equal(runs, 2);
    execute("UPDATE job SET run_at = now(), lease_until = NULL");
    clock_judge(true);
    await_number("SELECT count(*) FROM job", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        START_TEST(full_lane_is_polled_as_it_gets_on), START_TEST(room_is_for_weight),
        START_TEST(lane_that_claims_nothing_waits),    START_TEST(full_lane_waits_for_the_clock),
        START_TEST(full_lane_waits_for_its_end),       LANE_TEST(a_wrong_clock_begins_nothing),
    };
    return cmocka_run_group_tests(tests, database_open, database_close);
}
