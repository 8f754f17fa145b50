#include "ledger/lane.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "store/script.h"
#include "testing/database.h"

/* Jobs of one lane whose payload tells what becomes of them. */
static struct database *database;
static struct script *admin;
static struct store_options store;
static struct lanes *lanes;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int runs, answers;
static bool hold; /* while true, what runs is kept and not ended */
static struct lane_item *held[64];
static int held_count;
static JobOutcome__Result last_result;

static void end(struct lane_item *item)
{
    struct fault f = { FAULT_INTERNAL, "", "it is bad" };
    struct fault outage = { FAULT_UNAVAILABLE, "", "the other side is down" };
    const char *what = item->job->payload ? item->job->payload : "\"end\"";
    if (strstr(what, "fail"))
        lane_fail(item, &f);
    else if (strstr(what, "outage"))
        lane_fail(item, &outage);
    else if (strstr(what, "again"))
        lane_again(item, instant_add(clock_now(), days(1)), true);
    else
        lane_end(item, JOB_OUTCOME__RESULT__DONE);
}

static void run(struct lane_batch *batch)
{
    pthread_mutex_lock(&lock);
    runs += (int)batch->count;
    bool keep = hold;
    for (size_t i = 0; keep && i < batch->count; i++)
        held[held_count++] = batch->items[i];
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; !keep && i < batch->count; i++)
        end(batch->items[i]);
}

// clang-format off
static const struct lane table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .lease = { 60000000 }, .attempts = 3, .run = run },
    { 0 },
};
// clang-format on

static void await_count(const int *what, int at_least)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    pthread_mutex_lock(&lock);
    int rc = 0;
    while (*what < at_least && rc == 0)
        rc = pthread_cond_timedwait(&changed, &lock, &until);
    int got = *what;
    pthread_mutex_unlock(&lock);
    assert_true(got >= at_least);
}

static int64_t number(const char *sql)
{
    struct fault f = { 0 };
    const char *text = NULL;
    struct arena a;
    arena_init(&a);
    assert_true(script_ask(admin, &a, sql, NULL, 0, &text, &f));
    assert_non_null(text);
    int64_t n = strtoll(text, NULL, 10);
    arena_free(&a);
    return n;
}

static void execute(const char *sql)
{
    struct fault f = { 0 };
    assert_true(script_run(admin, sql, &f));
}

/* What nobody tells of: the database is asked until it says so, for 20 s at the most. */
static void await_number(const char *sql, int64_t want)
{
    struct tick deadline = tick_after(seconds(20));
    while (number(sql) != want && tick_left(deadline).us > 0)
        sched_yield();
    assert_int_equal(number(sql), want);
}

/* ---- a caller of Jobs.Run */

static void answered(struct call *call, const ProtobufCMessage *answer)
{
    pthread_mutex_lock(&lock);
    answers++;
    last_result = answer ? ((const JobOutcome *)answer)->result : (JobOutcome__Result)0;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    arena_free(&call->arena);
    free(call);
}

static void call_run(int64_t id, const char *lane)
{
    struct call *call = calloc(1, sizeof *call);
    JobRef in = JOB_REF__INIT;
    char name[16];
    assert_non_null(call);
    snprintf(name, sizeof name, "%s", lane);
    arena_init(&call->arena);
    call->finish = answered;
    in.id = id;
    in.lane = name;
    jobs_service.run(&jobs_service, &in, (JobOutcome_Closure)call_answer, call);
}

static int64_t job_new(const char *payload, const char *run_at)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO job (lane, subject, payload, run_at) VALUES ('deliver', 1, '\"%s\"', %s) "
             "RETURNING id",
             payload, run_at);
    return number(sql);
}

static int open_lanes(void **state)
{
    (void)state;
    struct lanes_options o = {
        .lanes = table, .store = &store, .owner = "test/1", .workers = 2, .poll = milliseconds(50)
    };
    runs = answers = held_count = 0;
    hold = false;
    execute("DELETE FROM job");
    execute("DELETE FROM job_dead");
    lanes = lanes_start(&o);
    lanes_serve(lanes);
    return 0;
}

static int close_lanes(void **state)
{
    (void)state;
    lanes_stop(lanes);
    return 0;
}

/* ---- tests */

static void called_job_runs_before_its_time(void **state)
{
    (void)state;
    call_run(job_new("end", "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(number("SELECT count(*) FROM job"), 0);
}

static void due_jobs_are_polled(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) /* more than there is room for at once */
        job_new("end", "now() - interval '1 second'");
    job_new("end", "now() + interval '1 hour'");
    await_number("SELECT count(*) FROM job", 1);
    assert_int_equal(runs, 40);
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
    int64_t id = job_new("end", "now() + interval '1 hour'");
    call_run(id, "deliver");
    await_count(&held_count, 1);
    call_run(id, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__GONE);
    end(held[0]);
    await_count(&answers, 2);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(runs, 1);
}

static void cadence_goes_on_as_fresh(void **state)
{
    (void)state;
    call_run(job_new("again", "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number("SELECT count(*) FROM job WHERE attempt = 0 AND lease_until IS NULL "
                            "AND run_at > now()"),
                     1);
}

static void failures_end_in_the_grave_with_their_story(void **state)
{
    (void)state;
    int64_t id = job_new("fail", "now() + interval '1 hour'");
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
    int64_t id = job_new("outage", "now() + interval '1 hour'");
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

/* Whoever claimed it died each time: it is not tried for ever. */
static void worn_out_job_is_buried_unrun(void **state)
{
    (void)state;
    int64_t id = job_new("end", "now() + interval '1 hour'");
    execute("UPDATE job SET attempt = 3");
    call_run(id, "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(runs, 0);
}

static void lost_lease_has_no_effect(void **state)
{
    (void)state;
    hold = true;
    int64_t id = job_new("end", "now() + interval '1 hour'");
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
    int64_t id = job_new("end", "now() - interval '1 second'");
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
    call_run(job_new("end", "now() + interval '1 hour'"), "deliver");
    await_count(&held_count, 1);
    assert_false(lanes_drain(lanes, milliseconds(50)));
    call_run(job_new("end", "now() + interval '1 hour'"), "deliver");
    await_count(&answers, 1);
    assert_int_equal(last_result, JOB_OUTCOME__RESULT__WAITING); /* no new work */
    end(held[0]);
    assert_true(lanes_drain(lanes, seconds(10)));
}

static void pauses_grow(void **state)
{
    (void)state;
    for (int n = 1; n < 10; n++)
        assert_true(lane_pause(n).us <= lane_pause(n + 1).us);
    assert_int_equal(lane_pause(1).us, seconds(1).us);
    assert_int_equal(lane_pause(1000).us, seconds(3600).us);
}

static int database_open(void **state)
{
    (void)state;
    struct fault f = { 0 };
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    store = (struct store_options){ .url = { database_url(database, "notifier") },
                                    .prepare = true,
                                    .timeout = seconds(5),
                                    .application = "lane_test" };
    return 0;
}

static int database_close(void **state)
{
    (void)state;
    script_close(admin);
    database_free(database);
    return 0;
}

#define LANE_TEST(f) cmocka_unit_test_setup_teardown(f, open_lanes, close_lanes)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(called_job_runs_before_its_time),
        LANE_TEST(due_jobs_are_polled),
        LANE_TEST(unknown_job_is_gone),
        LANE_TEST(unknown_lane_is_refused),
        LANE_TEST(job_runs_once_for_two_callers),
        LANE_TEST(cadence_goes_on_as_fresh),
        LANE_TEST(failures_end_in_the_grave_with_their_story),
        LANE_TEST(an_outage_buries_nothing),
        LANE_TEST(worn_out_job_is_buried_unrun),
        LANE_TEST(lost_lease_has_no_effect),
        LANE_TEST(leased_job_waits_until_the_lease_runs_out),
        LANE_TEST(drain_waits_for_what_is_under_way),
        cmocka_unit_test(pauses_grow),
    };
    return cmocka_run_group_tests(tests, database_open, database_close);
}
