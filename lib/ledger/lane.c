#include "ledger/lane_end.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/whole.h"
#include "ledger/jobs.sql.h"
#include "ledger/lane_join.h"
#include "ledger/lane_poll.h"
#include "message/convert.h"
#include "message/field.h"
#include "store/committer.h"

static struct lanes *serving;

int lane_index(const struct lanes *l, const struct lane *lane)
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

struct lane_item *lane_item_new(struct lanes *l, const struct lane *lane, int64_t id, bool alone)
{
    struct lane_item *item = calloc(1, sizeof *item);
    arena_init(&item->arena);
    item->job_id = id;
    item->lane = lane;
    item->lanes = l;
    item->weight = lane_weight(lane);
    /* Nobody is of the kind of one that must be alone. */
    item->queued = (struct crew_item){ .kind = alone ? (const void *)item : lane,
                                       .batch = lane->batch,
                                       .gather = lane->gather };
    return item;
}

static struct lane_item *item_of(struct crew_item *queued)
{
    return WHOLE_OF(queued, struct lane_item, queued);
}

static bool place_take(struct lanes *l, const struct lane_item *item)
{
    int index = lane_index(l, item->lane);
    pthread_mutex_lock(&l->lock);
    bool ok =
        !l->draining && clock_trusted() && l->weight[index] + item->weight <= item->lane->room;
    l->under_way[index] += ok;
    l->weight[index] += ok ? item->weight : 0;
    l->total += ok;
    pthread_mutex_unlock(&l->lock);
    return ok;
}

struct committer *lanes_committer(struct lanes *l)
{
    return l->committer;
}

void lane_outage(const struct lane_item *item, bool begins)
{
    struct lanes *l = item->lanes;
    int index = lane_index(l, item->lane);

    pthread_mutex_lock(&l->lock);
    l->over[index] = l->over[index] || (l->outage[index] && !begins);
    l->outage[index] = begins;
    pthread_mutex_unlock(&l->lock);
}

static bool went_well(const struct lane_item *item, JobOutcome__Result result)
{
    return item->claimed && !item->faulty &&
           (result == JOB_OUTCOME__RESULT__DONE || result == JOB_OUTCOME__RESULT__WAITING);
}

void lane_tell(const struct lane_item *item, JobOutcome__Result result)
{
    const struct lanes_options *o = &item->lanes->options;
    if (item->lane->wakes && went_well(item, result))
        lane_outage(item, false);
    if (o->ended)
        o->ended(&(struct lane_ended){
            item->lane, result, item->faulty, { tick_now().us - item->taken.us } });
}

void lane_weigh(struct lane_item *item, int weight)
{
    struct lanes *l = item->lanes;
    pthread_mutex_lock(&l->lock);
    assert(weight >= 1 && weight <= item->weight);
    l->weight[lane_index(l, item->lane)] -= item->weight - weight;
    item->weight = weight;
    if (lanes_hungry(l))
        pthread_cond_broadcast(&l->idle);
    pthread_mutex_unlock(&l->lock);
}

static void place_give(struct lanes *l, int index, int weight, bool claimed)
{
    pthread_mutex_lock(&l->lock);
    l->claimed[index] = l->claimed[index] || claimed;
    l->under_way[index]--;
    l->weight[index] -= weight;
    l->total--;
    if ((l->draining && l->total == 0) || lanes_hungry(l))
        pthread_cond_broadcast(&l->idle);
    pthread_mutex_unlock(&l->lock);
}

void lane_item_free(struct lane_item *item)
{
    struct lanes *l = item->lanes;
    int index = lane_index(l, item->lane), weight = item->weight;
    bool claimed = item->claimed;
    arena_free(&item->arena);
    free(item);
    place_give(l, index, weight, claimed);
}

bool lane_item_put(struct lanes *l, struct lane_item *item)
{
    if (!place_take(l, item)) {
        arena_free(&item->arena);
        free(item);
        return false;
    }
    lane_enter(item);
    if (!crew_put(l->crew, &item->queued)) {
        lane_turn_away(item);
        lane_item_free(item);
        return false;
    }
    return true;
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
        items[held]->claimed = true;
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
        if (!lane->claims_itself && lane->attempts && items[i]->job->deaths >= LANE_DEATHS)
            lane_bury(items[i], items[i]->job->epoch, "its workers died while they had it alone");
        else
            items[alive++] = items[i];
    }
    struct lane_batch batch = { lane, items, alive, &a, l->options.context };
    if (alive)
        lane->run(&batch);
    arena_free(&a);
}

/* While our clock is wrong nothing is begun: whatever would be put back would lie where no calendar
 * has it. */
static bool clock_refuses(struct lane_item **items, size_t count)
{
    if (clock_trusted())
        return false;
    for (size_t i = 0; i < count; i++)
        lane_finish_result(items[i], JOB_OUTCOME__RESULT__WAITING);
    return true;
}

static void run(void *context, void *store, struct crew_item **queued, size_t count)
{
    struct lane_item *items[CREW_BATCH_MAX];
    struct tick now = tick_now();
    (void)store;
    assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        items[i] = item_of(queued[i]);
        items[i]->taken = now;
    }
    if (!clock_refuses(items, count))
        items_run(context, items, count);
}

static void *worker_enter(void *context)
{
    const struct lanes *l = context;
    struct store *store = store_new(l->options.store);
    store_set_mine(store);
    return store;
}

static void worker_leave(void *store)
{
    store_set_mine(NULL);
    store_free(store);
}

/* ---- start and stop */

/* A row that says nothing of its batch or room would be a lane that never runs. */
static void table_check(const struct lane *lanes)
{
    for (const struct lane *lane = lanes; lane->name; lane++)
        if (lane->batch < 1 || lane->room < 1) {
            log_error("a lane has no room for a job", LOG_TEXT("lane", lane->name));
            abort();
        }
}

struct lanes *lanes_start(const struct lanes_options *options)
{
    table_check(options->lanes);
    struct lanes *l = calloc(1, sizeof *l);
    l->options = *options;
    if (l->options.poll.us == 0)
        l->options.poll = seconds(1);
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    l->committer = committer_start(options->store, 1, CREW_BATCH_MAX);
    l->crew = crew_start(&(struct crew_options){ .threads = options->workers,
                                                 .pause = CREW_PAUSE,
                                                 .context = l,
                                                 .enter = worker_enter,
                                                 .leave = worker_leave,
                                                 .run = run });
    if (pthread_create(&l->poller, NULL, lanes_poller, l) != 0)
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
    pthread_cond_broadcast(&l->idle);
    pthread_mutex_unlock(&l->lock);
    if (again)
        return;
    pthread_join(l->poller, NULL);
    crew_stop(l->crew);
}

static bool is_empty(struct lanes *l)
{
    pthread_mutex_lock(&l->lock);
    bool empty = l->total == 0;
    pthread_mutex_unlock(&l->lock);
    return empty;
}

void lanes_stop(struct lanes *l)
{
    lanes_halt(l);
    committer_free(l->committer);
    if (!is_empty(l))
        lanes_release(&l->options);
    if (serving == l)
        serving = NULL;
    pthread_cond_destroy(&l->idle);
    pthread_mutex_destroy(&l->lock);
    crew_free(l->crew);
    free(l);
}

void lanes_sizes(struct lanes *l, uint64_t sizes[33])
{
    crew_sizes(l->crew, sizes);
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
    struct lane_item *item = lane_item_new(serving, lane, in->id, false);
    item->waiter = call;
    if (!lane_item_put(serving, item)) {
        JobOutcome outcome = JOB_OUTCOME__INIT;
        outcome.result = JOB_OUTCOME__RESULT__WAITING;
        answer(&outcome, call);
    }
}

Jobs_Service jobs_service = JOBS__INIT(jobs_);
