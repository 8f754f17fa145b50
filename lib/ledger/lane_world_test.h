/* lane_world_test - what the tests of lanes share: a database, lanes whose runs are counted, held and ended as a test
 * says, and callers of them. */
#ifndef LEDGER_LANE_WORLD_TEST_H
#define LEDGER_LANE_WORLD_TEST_H

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

#define SHARED static __attribute__((unused))

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

SHARED void end(struct lane_item *item)
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

SHARED void run(struct lane_batch *batch)
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

SHARED void hand_back(struct lane_batch *batch)
{
    pthread_mutex_lock(&lock);
    runs += (int)batch->count;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < batch->count; i++)
        lane_finish_result(batch->items[i], JOB_OUTCOME__RESULT__WAITING);
}

SHARED void ended(const struct lane_ended *e)
{
    pthread_mutex_lock(&lock);
    gone += e->result == JOB_OUTCOME__RESULT__GONE;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

// clang-format off
SHARED const struct lane table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .lease = { 60000000 }, .attempts = 3, .wakes = true, .run = run },
    { 0 },
};

/* Nobody knows what a job weighs before it was looked at. */
SHARED const struct lane heavy_table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .weight = 4, .lease = { 60000000 }, .run = run },
    { 0 },
};

/* Claims nothing while what it needs is away. */
SHARED const struct lane away_table[] = {
    { .name = "deliver", .batch = 8, .room = 16, .lease = { 60000000 }, .claims_itself = true, .run = hand_back },
    { 0 },
};
// clang-format on

SHARED void await_count(const int *what, int at_least)
{
    await_under(&lock, &changed, *what >= at_least);
}

SHARED int64_t number(const char *sql)
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

SHARED void execute(const char *sql)
{
    struct fault f = { 0 };
    assert_true(script_run(admin, sql, &f));
}

/* What nobody tells of: the database is asked until it says so. */
SHARED void await_number(const char *sql, int64_t want)
{
    await_that(number(sql) == want);
}

/* ---- a caller of Jobs.Run */

SHARED void answered(struct call *call, const ProtobufCMessage *answer)
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

SHARED void call_run(int64_t id, const char *lane)
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

SHARED int64_t job_new(int what, const char *run_at)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO job (lane, subject, run_at) VALUES ('deliver', %d, %s) RETURNING id",
             what, run_at);
    return number(sql);
}

SHARED void start(const struct lane *of, struct duration poll)
{
    struct lanes_options o = {
        .lanes = of, .store = &store, .owner = "test/1", .workers = 2, .poll = poll, .ended = ended
    };
    lanes = lanes_start(&o);
    lanes_serve(lanes);
}

SHARED int clear(void **state)
{
    (void)state;
    runs = answers = held_count = done = gone = 0;
    largest = alone_with = 0;
    hold = false;
    execute("DELETE FROM job");
    execute("DELETE FROM job_dead");
    return 0;
}

SHARED int open_lanes(void **state)
{
    clear(state);
    start(table, milliseconds(50));
    return 0;
}

SHARED int close_lanes(void **state)
{
    (void)state;
    lanes_stop(lanes);
    return 0;
}

SHARED void await_under_way(int at_least)
{
    await_that(lanes_under_way(lanes, "deliver") >= at_least);
}

SHARED void workers_stick(bool yes)
{
    pthread_mutex_lock(&lock);
    stuck = yes;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

SHARED int database_open(void **state)
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

SHARED int database_close(void **state)
{
    (void)state;
    script_close(admin);
    database_free(database);
    return 0;
}

#define LANE_TEST(f)  cmocka_unit_test_setup_teardown(f, open_lanes, close_lanes)
#define START_TEST(f) cmocka_unit_test_setup_teardown(f, clear, close_lanes) /* starts by itself */

#endif
