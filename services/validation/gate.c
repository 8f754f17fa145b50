#include "gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static int inside;
static bool closed = true;

static pthread_rwlock_t asking = PTHREAD_RWLOCK_INITIALIZER;
static atomic_bool cut = true;

void gate_open(void)
{
    pthread_mutex_lock(&lock);
    closed = false;
    pthread_mutex_unlock(&lock);
    cut = false;
}

bool gate_enter(void)
{
    pthread_mutex_lock(&lock);
    bool ok = !closed;
    inside += ok;
    pthread_mutex_unlock(&lock);
    return ok;
}

void gate_leave(void)
{
    pthread_mutex_lock(&lock);
    if (--inside == 0)
        pthread_cond_broadcast(&left);
    pthread_mutex_unlock(&lock);
}

bool gate_ask_begin(void)
{
    pthread_rwlock_rdlock(&asking);
    if (!cut)
        return true;
    pthread_rwlock_unlock(&asking);
    return false;
}

void gate_ask_end(void)
{
    pthread_rwlock_unlock(&asking);
}

bool gate_is_cut(void)
{
    return cut;
}

bool gate_close(struct duration wait)
{
    struct tick end = tick_after(wait);
    struct timespec until = { end.us / 1000000, end.us % 1000000 * 1000 };
    int rc = 0;
    pthread_mutex_lock(&lock);
    closed = true;
    while (inside > 0 && rc != ETIMEDOUT)
        rc = pthread_cond_clockwait(&left, &lock, CLOCK_MONOTONIC, &until);
    bool empty = inside == 0;
    pthread_mutex_unlock(&lock);
    return empty;
}

void gate_cut(void)
{
    pthread_rwlock_wrlock(&asking);
    cut = true;
    pthread_rwlock_unlock(&asking);
}

void gate_await(void)
{
    pthread_mutex_lock(&lock);
    while (inside > 0)
        pthread_cond_wait(&left, &lock);
    pthread_mutex_unlock(&lock);
}
