#include "ledger/lane_end.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ledger/jobs.sql.h"
#include "message/convert.h"
#include "message/field.h"
#include "store/committer.h"

enum { LANES_MAX = 16, BATCH_MAX = 32 };
#define LONG_RUN milliseconds(10)

struct lanes {
    struct lanes_options options;
    pthread_mutex_t lock;
    pthread_cond_t work; /* something is queued, or stopping */
    pthread_cond_t idle; /* something was finished */
    struct lane_item *first, **last;
    int under_way[LANES_MAX];
    bool saturated[LANES_MAX]; /* the last poll filled all room: poll again as soon as there is some
                                */
    int total;
    int waiting, busy;    /* items that no worker has taken, workers that run some */
    struct tick taken_at; /* the last run's items */
    uint64_t sizes[BATCH_MAX + 1];
    bool draining, stopping;
    pthread_t *threads;
    pthread_t poller;
    struct committer *committer;
};

static struct lanes *serving;

static int lane_index(const struct lanes *l, const struct lane *lane)
{
    return (int)(lane - l->options.lanes);
}

static const struct lane *lane_find(const struct lanes *l, const char *name)
{
    for (const struct lane *lane = l->options.lanes; lane->name; lane++)
        if (strcmp(lane->name, name) == 0)
            return lane;
    return NULL;
}

/* ---- queue */

static struct lane_item *item_new(struct lanes *l, const struct lane *lane, int64_t id)
{
    struct lane_item *item = calloc(1, sizeof *item);
    if (!item)
        abort();
    arena_init(&item->arena);
    item->job_id = id;
    item->lane = lane;
    item->lanes = l;
    return item;
}

static bool is_called_for(const struct lanes *l)
{
    return l->first && (l->busy == 0 || l->waiting >= l->first->lane->gather ||
                        tick_now().us - l->taken_at.us > LONG_RUN.us);
}

static bool item_put(struct lanes *l, struct lane_item *item)
{
    pthread_mutex_lock(&l->lock);
    int index = lane_index(l, item->lane);
    bool ok = !l->draining && l->under_way[index] < item->lane->room;
    if (ok) {
        l->under_way[index]++;
        l->total++;
        item->next = NULL;
        *l->last = item;
        l->last = &item->next;
        l->waiting++;
        if (is_called_for(l))
            pthread_cond_signal(&l->work);
    }
    pthread_mutex_unlock(&l->lock);
    return ok;
}

/* The first item and those of its lane behind it, up to the lane's batch. */
static size_t items_unlink(struct lanes *l, struct lane_item **out)
{
    size_t count = 0;
    struct lane_item **at = &l->first;
    const struct lane *lane = l->first ? l->first->lane : NULL;
    while (*at && count < (size_t)lane->batch) {
        struct lane_item *item = *at;
        if (item->lane == lane) {
            *at = item->next;
            out[count++] = item;
        } else {
            at = &item->next;
        }
    }
    for (l->last = &l->first; *l->last;)
        l->last = &(*l->last)->next;
    return count;
}

/* What a worker runs next, 0 when stopping. `before` is what it comes from. */
static size_t items_take(struct lanes *l, struct lane_item **out, size_t before)
{
    pthread_mutex_lock(&l->lock);
    l->busy -= before > 0;
    while (!is_called_for(l) && !l->stopping)
        pthread_cond_wait(&l->work, &l->lock);
    size_t count = items_unlink(l, out);
    l->waiting -= (int)count;
    l->busy += count > 0;
    l->taken_at = tick_now();
    for (size_t i = 0; i < count; i++)
        out[i]->taken = l->taken_at;
    l->sizes[count]++;
    if (is_called_for(l))
        pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    return count;
}

/* A lane whose last poll found more than it had room for, and that has room again. */
static bool hungry(const struct lanes *l)
{
    for (const struct lane *lane = l->options.lanes; lane->name; lane++) {
        int index = lane_index(l, lane);
        if (l->saturated[index] && l->under_way[index] <= lane->room / 2)
            return true;
    }
    return false;
}

struct committer *lanes_committer(struct lanes *l)
{
    return l->committer;
}

void lane_tell(const struct lane_item *item, JobOutcome__Result result)
{
    const struct lanes_options *o = &item->lanes->options;
    if (o->ended)
        o->ended(&(struct lane_ended){
            item->lane, result, item->faulty, { tick_now().us - item->taken.us } });
}

void lane_item_free(struct lane_item *item)
{
    struct lanes *l = item->lanes;
    int index = lane_index(l, item->lane);
    arena_free(&item->arena);
    free(item);
    pthread_mutex_lock(&l->lock);
    l->under_way[index]--;
    l->total--;
    if ((l->draining && l->total == 0) || hungry(l))
        pthread_cond_broadcast(&l->idle);
    pthread_mutex_unlock(&l->lock);
}

/* ---- workers */

static const Job *claimed_job(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const Job *)rows->items[i])->id == id)
            return (const Job *)rows->items[i];
    return NULL;
}

static bool claim(struct lanes *l, struct arena *a, struct lane_item **items, size_t count,
                  struct rows *rows, struct fault *f)
{
    JobClaim in = JOB_CLAIM__INIT;
    in.ids = arena_array(a, int64_t, count);
    for (size_t i = 0; i < count; i++)
        in.ids[in.n_ids++] = items[i]->job_id;
    in.lane = arena_strdup(a, items[0]->lane->name);
    in.owner = arena_strdup(a, l->options.owner);
    in.lease_ms = items[0]->lane->lease.us / 1000;
    in.now = instant_message(a, clock_now());
    in.room = (int32_t)count;
    return store_all(store_mine(), a, &sql_job_claim, &in.base, rows, f);
}

/* Claims for the items; leaves in `items` those that we hold now and returns their number. A job
 * that an item before has got drops out as well. */
static size_t items_claim(struct lanes *l, struct arena *a, struct lane_item **items, size_t count)
{
    struct rows rows = { 0 };
    struct fault f = { 0 };
    if (!claim(l, a, items, count, &rows, &f))
        log_warn("jobs could not be claimed", LOG_TEXT("lane", items[0]->lane->name),
                 LOG_FAULT(&f));
    size_t held = 0;
    for (size_t i = 0; i < count; i++) {
        const Job *job = claimed_job(&rows, items[i]->job_id);
        bool twice = false;
        for (size_t j = 0; j < held; j++)
            twice = twice || items[j]->job_id == items[i]->job_id;
        if (!job || twice) {
            lane_finish_result(items[i], rows.items ? JOB_OUTCOME__RESULT__GONE
                                                    : JOB_OUTCOME__RESULT__WAITING);
            continue;
        }
        items[held] = items[i];
        items[held]->job = (const Job *)message_copy(&items[held]->arena, &job->base);
        held++;
    }
    return held;
}

static void items_run(struct lanes *l, struct lane_item **items, size_t count)
{
    struct arena a;
    arena_init(&a);
    const struct lane *lane = items[0]->lane;
    if (!lane->claims_itself)
        count = items_claim(l, &a, items, count);
    size_t alive = 0;
    for (size_t i = 0; i < count; i++) {
        if (!lane->claims_itself && lane->attempts && items[i]->job->attempt > lane->attempts)
            lane_bury(items[i], items[i]->job->epoch, "its workers died: attempts are used up");
        else
            items[alive++] = items[i];
    }
    struct lane_batch batch = { lane, items, alive, &a, l->options.context };
    if (alive)
        lane->run(&batch);
    arena_free(&a);
}

static void *worker(void *data)
{
    struct lanes *l = data;
    struct lane_item *items[BATCH_MAX];
    struct store *store = store_new(l->options.store);
    store_set_mine(store);
    for (size_t n = 0; (n = items_take(l, items, n)) > 0;)
        items_run(l, items, n);
    store_set_mine(NULL);
    store_free(store);
    return NULL;
}

/* ---- the poller */

static int room_left(struct lanes *l, const struct lane *lane)
{
    pthread_mutex_lock(&l->lock);
    int room = l->draining ? 0 : lane->room - l->under_way[lane_index(l, lane)];
    pthread_mutex_unlock(&l->lock);
    return room;
}

static void poll_lane(struct lanes *l, struct store *store, const struct lane *lane)
{
    int room = room_left(l, lane);
    if (room <= 0)
        return;
    struct arena a;
    arena_init(&a);
    JobClaim in = JOB_CLAIM__INIT;
    in.lane = arena_strdup(&a, lane->name);
    in.owner = arena_strdup(&a, l->options.owner);
    in.lease_ms = lane->lease.us / 1000;
    in.now = instant_message(&a, clock_now());
    in.room = room;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    if (!store_all(store, &a, &sql_job_due, &in.base, &rows, &f))
        log_warn("due jobs could not be read", LOG_TEXT("lane", lane->name), LOG_FAULT(&f));
    for (size_t i = 0; i < rows.count; i++) {
        struct lane_item *item = item_new(l, lane, ((JobId *)rows.items[i])->id);
        if (!item_put(l, item)) {
            arena_free(&item->arena);
            free(item);
        }
    }
    pthread_mutex_lock(&l->lock);
    l->saturated[lane_index(l, lane)] = rows.count == (size_t)room;
    if (is_called_for(l))
        pthread_cond_signal(&l->work);
    pthread_mutex_unlock(&l->lock);
    arena_free(&a);
}

static bool poll_pause(struct lanes *l)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t us = until.tv_nsec / 1000 + l->options.poll.us;
    until.tv_sec += us / 1000000;
    until.tv_nsec = us % 1000000 * 1000;
    pthread_mutex_lock(&l->lock);
    int rc = 0;
    while (!l->stopping && !hungry(l) && rc == 0)
        rc = pthread_cond_timedwait(&l->idle, &l->lock, &until);
    bool go_on = !l->stopping;
    pthread_mutex_unlock(&l->lock);
    return go_on;
}

static void *poller(void *data)
{
    struct lanes *l = data;
    struct store *store = store_new(l->options.store);
    do {
        for (const struct lane *lane = l->options.lanes; lane->name; lane++)
            poll_lane(l, store, lane);
    } while (poll_pause(l));
    store_free(store);
    return NULL;
}

/* ---- start and stop */

struct lanes *lanes_start(const struct lanes_options *options)
{
    struct lanes *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->options = *options;
    if (l->options.poll.us == 0)
        l->options.poll = seconds(1);
    l->last = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    l->committer = committer_start(options->store, 1, BATCH_MAX);
    l->threads = calloc((size_t)options->workers, sizeof *l->threads);
    for (int i = 0; i < options->workers; i++)
        if (!l->threads || pthread_create(&l->threads[i], NULL, worker, l) != 0)
            abort();
    if (pthread_create(&l->poller, NULL, poller, l) != 0)
        abort();
    return l;
}

bool lanes_drain(struct lanes *l, struct duration wait)
{
    struct tick deadline = tick_after(wait);
    struct timespec until = { deadline.us / 1000000, deadline.us % 1000000 * 1000 };
    pthread_mutex_lock(&l->lock);
    l->draining = true;
    int rc = 0;
    while (l->total > 0 && rc == 0)
        rc = pthread_cond_timedwait(&l->idle, &l->lock, &until);
    bool empty = l->total == 0;
    pthread_mutex_unlock(&l->lock);
    return empty;
}

void lanes_halt(struct lanes *l)
{
    pthread_mutex_lock(&l->lock);
    bool again = l->stopping;
    l->draining = l->stopping = true;
    pthread_cond_broadcast(&l->work);
    pthread_cond_broadcast(&l->idle);
    pthread_mutex_unlock(&l->lock);
    if (again)
        return;
    pthread_join(l->poller, NULL);
    for (int i = 0; i < l->options.workers; i++)
        pthread_join(l->threads[i], NULL);
}

void lanes_stop(struct lanes *l)
{
    lanes_halt(l);
    committer_stop(l->committer);
    if (serving == l)
        serving = NULL;
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->idle);
    pthread_mutex_destroy(&l->lock);
    free(l->threads);
    free(l);
}

void lanes_sizes(struct lanes *l, uint64_t sizes[33])
{
    pthread_mutex_lock(&l->lock);
    memcpy(sizes, l->sizes, sizeof l->sizes);
    pthread_mutex_unlock(&l->lock);
}

int lanes_under_way(struct lanes *l, const char *name)
{
    const struct lane *lane = lane_find(l, name);
    pthread_mutex_lock(&l->lock);
    int n = lane ? l->under_way[lane_index(l, lane)] : 0;
    pthread_mutex_unlock(&l->lock);
    return n;
}

/* ---- the service Jobs */

void lanes_serve(struct lanes *l)
{
    serving = l;
}

/* No room is no fault: the job waits in its table for the next poll. */
static void jobs_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    const struct lane *lane = serving ? lane_find(serving, in->lane) : NULL;
    if (!lane) {
        fault_set(&call->fault, FAULT_NO_ROUTE, "lane", "%s is not served here", in->lane);
        call_fail(call);
        return;
    }
    struct lane_item *item = item_new(serving, lane, in->id);
    item->waiter = call;
    if (!item_put(serving, item)) {
        arena_free(&item->arena);
        free(item);
        JobOutcome outcome = JOB_OUTCOME__INIT;
        outcome.result = JOB_OUTCOME__RESULT__WAITING;
        answer(&outcome, call);
    }
}

Jobs_Service jobs_service = JOBS__INIT(jobs_);
