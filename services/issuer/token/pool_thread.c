#include "token/pool_thread.h"

#include <openssl/err.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "service/metrics.h"

/* Twice at most: a session, login or handle that went stale is got anew in between. */
static CK_RV task_run(struct session *s, struct task *task)
{
    CK_RV rv = CKR_OK;

    for (int tries = 0; tries < 2; tries++) {
        rv = session_enter(s);
        if (rv == CKR_OK) {
            rv = task->run(s, task);
            session_leave(s, rv);
        }
        if (return_class(rv) != RETURN_STALE && return_class(rv) != RETURN_AGAIN)
            break;
    }
    if (rv != CKR_OK)
        return_fault(&task->fault, s->call, rv);
    ERR_clear_error(); /* SoftHSM shares our libcrypto and leaves its errors in our queue */
    return rv;
}

static void note(struct pool *pool, const struct task *task, CK_RV rv, const struct fault *f)
{
    enum return_class class = return_class(rv);
    bool good = class == RETURN_OK || class == RETURN_FATAL; /* it answered */

    if (good && task->run == pool->options.probe)
        breaker_probed(&pool->breaker, task->batch->asked_at);
    else
        breaker_note(&pool->breaker, good, tick_now());
    if (good)
        pool->last_good = tick_now();
    else
        pool->last_fault = *f;
    metric_set(METRIC_SIGN_BREAKER, breaker_is_open(&pool->breaker));
}

bool pool_is_ready(const struct pool *pool)
{
    return !pool->closing && pool->alive > 0 && pool->connection->connected &&
           !breaker_is_open(&pool->breaker);
}

/* Once for each time that it was not. Called with the lock, which is let go for the call. */
static void tell_ready(struct pool *pool)
{
    bool before = pool->told_ready;

    pool->told_ready = pool_is_ready(pool);
    if (before || !pool->told_ready || !pool->options.became_ready)
        return;
    pthread_mutex_unlock(&pool->lock);
    pool->options.became_ready(pool->options.context);
    pthread_mutex_lock(&pool->lock);
}

static void thread_work(struct pool_thread *s, struct task *task)
{
    struct pool *pool = s->pool;

    metric_add(METRIC_SIGN_BUSY, 1);
    task->state = TASK_RUNNING;
    s->task = task;
    s->since = tick_now();
    pthread_mutex_unlock(&pool->lock);
    CK_RV rv = task_run(&s->session, task);
    pthread_mutex_lock(&pool->lock);
    metric_add(METRIC_SIGN_BUSY, -1);
    s->task = NULL;
    if (task->state == TASK_RUNNING) {
        note(pool, task, rv, &task->fault);
        task_settle(task, TASK_DONE);
    }
    batch_leave(task->batch);
    tell_ready(pool);
}

static void *thread_main(void *arg)
{
    struct pool_thread *s = arg;
    struct pool *pool = s->pool;
    struct task *task;

    pthread_mutex_lock(&pool->lock);
    while (!pool->closing && !s->lost) {
        if ((task = queue_take(&pool->queue)))
            thread_work(s, task);
        else
            pthread_cond_wait(&pool->work, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    session_close(&s->session);
    pthread_mutex_lock(&pool->lock);
    s->ended = true;
    pthread_cond_signal(&pool->ended);
    bool lost = s->lost;
    if (lost)
        metric_set(METRIC_SIGN_LOST, --pool->lost);
    pthread_mutex_unlock(&pool->lock);
    if (lost)
        free(s);
    return NULL;
}

/* Signals are for the main thread. */
bool pool_thread_start(struct pool *pool)
{
    struct pool_thread *s = calloc(1, sizeof *s);
    sigset_t all, before;

    s->pool = pool;
    s->session.connection = pool->connection;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&s->thread, NULL, thread_main, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(s);
        return false;
    }
    s->next = pool->threads;
    pool->threads = s;
    metric_set(METRIC_SIGN_THREADS, ++pool->alive);
    return true;
}

struct tick pool_thread_gives_up_at(const struct pool *pool, const struct pool_thread *s)
{
    struct duration patience = s->task->patience;

    if (patience.us == 0)
        patience = pool->options.patience;
    return (struct tick){ s->since.us + patience.us };
}

void pool_thread_give_up(struct pool *pool, struct pool_thread **at)
{
    struct pool_thread *s = *at;
    struct fault f;

    *at = s->next;
    s->lost = true;
    metric_set(METRIC_SIGN_THREADS, --pool->alive);
    metric_set(METRIC_SIGN_LOST, ++pool->lost);
    pthread_detach(s->thread);
    fault_set(&f, FAULT_UNAVAILABLE, NULL, "the token does not answer");
    note(pool, s->task, CKR_DEVICE_ERROR, &f);
    task_settle(s->task, TASK_GIVEN_UP);
    log_error("signing thread given up", LOG_INT("left_behind", pool->lost));
}
