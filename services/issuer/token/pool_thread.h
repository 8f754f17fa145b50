/* pool_thread - a thread of the pool, with a session of its own, and what all of them share: inside of pool.c and
 * pool_thread.c alone. All is under the pool's lock, and each function is called with it. */
#ifndef TOKEN_POOL_THREAD_H
#define TOKEN_POOL_THREAD_H

#include <pthread.h>

#include "token/pool.h"

struct pool_thread {
    struct pool *pool;
    pthread_t thread;
    struct session session;
    struct task *task; /* what it is at, since when */
    struct tick since;
    bool lost, ended;
    struct pool_thread *next;
};

struct pool {
    struct connection *connection;
    struct pool_options options;
    pthread_mutex_t lock;
    pthread_cond_t work, ended;
    struct queue queue;
    struct pool_thread *threads; /* without the lost ones */
    int alive, lost;
    bool closing;
    struct breaker breaker;
    struct tick last_good; /* 0: never */
    struct fault last_fault;
    bool told_ready; /* became_ready was called since it was not */
};

bool pool_is_ready(const struct pool *pool);

/* One more thread; false: there is none. */
bool pool_thread_start(struct pool *pool);

/* When the patience with what it is at ends; it is at something. */
struct tick pool_thread_gives_up_at(const struct pool *pool, const struct pool_thread *s);

/* Takes the one at `at` out of the list: it is left to itself, and its task is given up. */
void pool_thread_give_up(struct pool *pool, struct pool_thread **at);

#endif
