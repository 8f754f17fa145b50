#include "token/pool_thread.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "service/metrics.h"
#include "store/store.h"

enum { LOST_MAX = 8 };

#define ALL_HANG "all signing threads hang in the token"

/* How long a token may be idle until somebody looks whether it is still there. */
#define IDLE seconds(15)

/* How long closing waits at the least for threads that hang. */
#define LAST_CHANCE seconds(2)

void pool_release(struct pool *pool, struct batch *batch)
{
    pthread_mutex_lock(&pool->lock);
    batch_leave(batch);
    pthread_mutex_unlock(&pool->lock);
}

static void send(struct pool *pool, struct batch *batch)
{
    batch->asked_at = tick_now();
    queue_put(&pool->queue, batch);
    for (size_t i = 0; i < batch->count; i++)
        pthread_cond_signal(&pool->work);
}

/* Gives up the threads that hang and starts others. Locked. */
static void review(struct pool *pool)
{
    struct tick now = tick_now();

    for (struct pool_thread **at = &pool->threads, *s; (s = *at);)
        if (s->task && pool_thread_gives_up_at(pool, s).us < now.us)
            pool_thread_give_up(pool, at);
        else
            at = &s->next;
    while (!pool->closing && pool->alive < pool->options.threads && pool->lost < LOST_MAX)
        if (!pool_thread_start(pool))
            break;
    if (pool->alive == 0)
        queue_drop(&pool->queue, NULL);
}

/* When somebody has to look again: at the deadline, or when a thread's patience ends. */
static struct tick next_look(const struct pool *pool, struct tick deadline)
{
    struct tick next = tick_after(pool->options.patience);

    for (const struct pool_thread *s = pool->threads; s; s = s->next)
        if (s->task && pool_thread_gives_up_at(pool, s).us < next.us)
            next = pool_thread_gives_up_at(pool, s);
    next.us++; /* patience has ended only after its last microsecond */
    return next.us < deadline.us ? next : deadline;
}

static void await(struct pool *pool, struct batch *batch, struct tick deadline)
{
    while (batch->open > 0 && tick_left(deadline).us > 0) {
        struct tick until = next_look(pool, deadline);
        struct timespec at = { until.us / 1000000, until.us % 1000000 * 1000 };
        pthread_cond_timedwait(&batch->finished, &pool->lock, &at);
        review(pool);
    }
    if (batch->open > 0)
        queue_drop(&pool->queue, batch);
}

static bool admit(struct pool *pool, struct fault *f)
{
    review(pool);
    if (pool->closing)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "the token is being closed");
    if (pool->alive == 0)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, ALL_HANG);
    if (!breaker_allows(&pool->breaker, tick_now())) {
        *f = pool->last_fault;
        return false;
    }
    return true;
}

/* What a thread may still be at is not read: `late` stands in its place. */
static bool collect(struct batch *batch, const struct fault *late, struct fault *f)
{
    bool good = true;

    for (size_t i = 0; i < batch->count; i++) {
        struct task *task = &batch->tasks[i];
        task->answer = task->state == TASK_DONE ? task->fault : *late;
        if (task->answer.code == FAULT_NONE)
            continue;
        if (good)
            *f = task->answer;
        good = false;
    }
    return good;
}

bool pool_run(struct pool *pool, struct batch *batch, struct tick deadline, struct fault *f)
{
    struct fault why;

    assert(!store_in_transaction());
    pthread_mutex_lock(&pool->lock);
    if (admit(pool, &why)) {
        send(pool, batch);
        await(pool, batch, deadline);
        fault_set(&why, FAULT_UNAVAILABLE, NULL,
                  pool->alive > 0 ? "the token did not answer in time" : ALL_HANG);
    }
    bool good = collect(batch, &why, f);
    pthread_mutex_unlock(&pool->lock);
    return good;
}

/* The probe is a batch that nobody waits for; its outcome is noted like any other. */
static void probe_send(struct pool *pool)
{
    struct batch *batch = batch_new(1);

    batch->tasks[0].run = pool->options.probe;
    send(pool, batch);
    batch_leave(batch);
}

static bool wants_probe(struct pool *pool, bool ready)
{
    bool idle = tick_now().us - pool->last_good.us > IDLE.us;

    return (!ready || idle) && !pool->queue.first && pool->alive > 0 &&
           breaker_allows(&pool->breaker, tick_now());
}

bool pool_ready(struct pool *pool, struct fault *why)
{
    pthread_mutex_lock(&pool->lock);
    review(pool);
    bool ready = pool_is_ready(pool);
    pool->told_ready = pool->told_ready && ready; /* who asks tells nobody else */
    if (!pool->closing && wants_probe(pool, ready))
        probe_send(pool);
    if (!ready && why)
        *why = pool->last_fault;
    pthread_mutex_unlock(&pool->lock);
    return ready;
}

struct pool *pool_new(struct connection *connection, const struct pool_options *options)
{
    struct pool *pool = calloc(1, sizeof *pool);

    pool->connection = connection;
    pool->options = *options;
    pool->breaker = options->breaker;
    queue_init(&pool->queue);
    pthread_mutex_init(&pool->lock, NULL);
    condition_init(&pool->work);
    condition_init(&pool->ended);
    fault_set(&pool->last_fault, FAULT_UNAVAILABLE, NULL, "the token was not asked yet");
    metric_set(METRIC_SIGN_BREAKER, 0);
    metric_set(METRIC_SIGN_LOST, 0);
    metric_set(METRIC_SIGN_THREADS, 0);
    metric_set(METRIC_SIGN_BUSY, 0);
    metric_show(METRIC_SIGN_SECONDS);
    return pool;
}

static bool all_ended(const struct pool *pool)
{
    if (pool->lost > 0)
        return false;
    for (const struct pool_thread *s = pool->threads; s; s = s->next)
        if (!s->ended)
            return false;
    return true;
}

/* Who hangs is left behind; returns the others, for joining without the lock. Those that were given
 * up get another chance to come back: only without them the module can be finalized. */
static struct pool_thread *threads_end(struct pool *pool)
{
    struct pool_thread *ended = NULL, *s;
    bool hasty = pool->options.patience.us < LAST_CHANCE.us;
    struct tick until = tick_after(hasty ? LAST_CHANCE : pool->options.patience);
    struct timespec at = { until.us / 1000000, until.us % 1000000 * 1000 };

    while (!all_ended(pool) && tick_left(until).us > 0)
        pthread_cond_timedwait(&pool->ended, &pool->lock, &at);
    while ((s = pool->threads)) {
        pool->threads = s->next;
        if (s->ended) {
            s->next = ended;
            ended = s;
            continue;
        }
        s->lost = true;
        pool->lost++;
        pthread_detach(s->thread);
    }
    return ended;
}

bool pool_free(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    queue_drop(&pool->queue, NULL);
    pthread_cond_broadcast(&pool->work);
    struct pool_thread *ended = threads_end(pool);
    bool clean = pool->lost == 0;
    pthread_mutex_unlock(&pool->lock);
    for (struct pool_thread *s; (s = ended);) {
        ended = s->next;
        pthread_join(s->thread, NULL);
        free(s);
    }
    if (!clean)
        return false;
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->ended);
    free(pool);
    return true;
}
