#include "ledger/lane.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/jobs.sql.h"
#include "message/convert.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"

/* Jobs of one lane whose subject tells what becomes of them. */
static struct database *database;
static struct script *admin;
static struct store_options store;
static struct lanes *lanes;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int runs, answers, done, gone;
static size_t largest, alone_with; /* batches */
static bool hold;                  /* while true, what runs is kept and not ended */
static bool stuck;                 /* while true, a run does not return */
static struct lane_item *held[64];
static int held_count;
static JobOutcome__Result last_result;

enum { END, FAIL, OUTAGE, AGAIN, CADENCE, ALONE };

static void end(struct lane_item *item)
{
    struct fault f = { FAULT_INTERNAL, "", "it is bad" };
    struct fault outage = { FAULT_UNAVAILABLE, "", "the other side is down" };
    switch (item->job->subject) {
    case FAIL: lane_fail(item, &f); return;
    case OUTAGE: lane_fail(item, &outage); return;
    case AGAIN: lane_again(item, instant_add(clock_now(), days(1)), false); return;
    case CADENCE: lane_again(item, instant_add(clock_now(), days(1)), true); return;
    default: lane_end(item, JOB_OUTCOME__RESULT__DONE);
    }
}

static void run(struct lane_batch *batch)
{
    pthread_mutex_lock(&lock);
    runs += (int)batch->count;
    if (batch->count > largest)
        largest = batch->count;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i]->job->subject == ALONE)
            alone_with = batch->count;
    bool keep = hold;
    for (size_t i = 0; keep && i < batch->count; i++)
        held[held_count++] = batch->items[i];
    pthread_cond_broadcast(&changed);
    while (stuck)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; !keep && i < batch->count; i++)
        end(batch->items[i]);
}

static void hand_back(struct lane_batch *batch)
{
    pthread_mutex_lock(&lock);
    runs += (int)batch->count;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < batch->count; i++)
        lane_finish_result(batch->items[i], JOB_OUTCOME__RESULT__WAITING);
}

static void ended(const struct lane_ended *e)
{
    pthread_mutex_lock(&lock);
    gone += e->result == JOB_OUTCOME__RESULT__GONE;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

// clang-format off
static const struct lane table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .lease = { 60000000 }, .attempts = 3, .wakes = true, .run = run },
    { 0 },
};

/* Nobody knows what a job weighs before it was looked at. */
static const struct lane heavy_table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .weight = 4, .lease = { 60000000 }, .run = run },
    { 0 },
};

/* Claims nothing while what it needs is away. */
static const struct lane away_table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .lease = { 60000000 }, .claims_itself = true, .run = hand_back },
    { 0 },
};
// clang-format on

static void await_count(const int *what, int at_least)
{
    await_under(&lock, &changed, *what >= at_least);
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

/* What nobody tells of: the database is asked until it says so. */
static void await_number(const char *sql, int64_t want)
{
    await_that(number(sql) == want);
}

/* ---- a caller of Jobs.Run */

static void answered(struct call *call, const ProtobufCMessage *answer)
{
    pthread_mutex_lock(&lock);
    answers++;
    last_result = answer ? ((const JobOutcome *)answer)->result : (JobOutcome__Result)0;
    done += last_result == JOB_OUTCOME__RESULT__DONE;
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

static int64_t job_new(int what, const char *run_at)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO job (lane, subject, run_at) VALUES ('deliver', %d, %s) RETURNING id",
             what, run_at);
    return number(sql);
}

static void start(const struct lane *of, struct duration poll)
{
    struct lanes_options o = {
        .lanes = of, .store = &store, .owner = "test/1", .workers = 2, .poll = poll, .ended = ended
    };
    lanes = lanes_start(&o);
    lanes_serve(lanes);
}

static int clear(void **state)
{
    (void)state;
    runs = answers = held_count = done = gone = 0;
    largest = alone_with = 0;
    hold = false;
    execute("DELETE FROM job");
    execute("DELETE FROM job_dead");
    return 0;
}

static int open_lanes(void **state)
{
    clear(state);
    start(table, milliseconds(50));
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

static void await_under_way(int at_least)
{
    await_that(lanes_under_way(lanes, "deliver") >= at_least);
}

static void workers_stick(bool yes)
{
    pthread_mutex_lock(&lock);
    stuck = yes;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
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

static int database_open(void **state)
{
    (void)state;
    struct fault f = { 0 };
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    store = (struct store_options){ .url = { database_url(database, "notifier") },
                                    .prepare = true,
                                    .timeout = patience(),
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

#define LANE_TEST(f)  cmocka_unit_test_setup_teardown(f, open_lanes, close_lanes)
#define START_TEST(f) cmocka_unit_test_setup_teardown(f, clear, close_lanes) /* starts by itself */

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(called_job_runs_before_its_time),
        LANE_TEST(due_jobs_are_polled),
        LANE_TEST(waiting_jobs_are_not_put_twice),
        START_TEST(full_lane_is_polled_as_it_gets_on),
        START_TEST(room_is_for_weight),
        START_TEST(lane_that_claims_nothing_waits),
        START_TEST(full_lane_waits_for_the_clock),
        START_TEST(full_lane_waits_for_its_end),
        LANE_TEST(a_wrong_clock_begins_nothing),
        LANE_TEST(unknown_job_is_gone),
        LANE_TEST(unknown_lane_is_refused),
        LANE_TEST(job_runs_once_for_two_callers),
        LANE_TEST(job_of_another_process_is_not_waited_for),
        LANE_TEST(cadence_goes_on_as_fresh),
        LANE_TEST(failures_end_in_the_grave_with_their_story),
        LANE_TEST(an_outage_buries_nothing),
        LANE_TEST(worn_out_job_is_buried_unrun),
        LANE_TEST(deaths_of_workers_are_not_failures),
        LANE_TEST(late_workers_have_not_died),
        LANE_TEST(tried_alone_after_a_death),
        LANE_TEST(several_leave_out_who_must_be_alone),
        LANE_TEST(cadence_forgets_deaths),
        LANE_TEST(putting_back_is_no_failure),
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
