/* pool - threads that call the PKCS#11 module, and callers that wait for them with a deadline.
 *
 * A thread that stays inside the module for longer than its task's patience is given up: its caller
 * gets UNAVAILABLE, a new thread takes its place. With LOST_MAX threads left behind nobody takes
 * the place of further ones, and once all are gone calls fail at once until the module lets go.
 */
#ifndef TOKEN_POOL_H
#define TOKEN_POOL_H

#include "token/breaker.h"
#include "token/key.h"

struct batch;
struct pool;

enum { SIGNATURE_MAX = 1024 };

/* One piece of work. The thread that runs it owns all of it until it is answered. */
struct task {
    /* What the token refuses is returned; what the caller asked for wrongly goes into `fault`. */
    CK_RV (*run)(struct session *s, struct task *task);
    const struct token *token;
    const struct token_key *key;
    const struct key_kind *kind;
    const char *label;
    enum token_hash hash;
    struct bytes data;
    struct instant sign_before;
    struct duration patience; /* 0: the pool's */

    struct fault fault;
    struct token_key found;
    uint8_t raw[SIGNATURE_MAX];
    CK_ULONG raw_size;
    bool answered; /* set by pool_run: what is above may be read */

    enum task_state { TASK_QUEUED, TASK_RUNNING, TASK_DONE, TASK_GIVEN_UP } state;
    struct batch *batch;
    struct task *next;
};

/* Tasks that one caller waits for. What they point to lives in `arena`. */
struct batch {
    struct arena arena;
    pthread_cond_t finished;
    size_t open; /* tasks neither done nor given up */
    size_t refs; /* the caller and each task that a thread may still touch */
    size_t count;
    struct task tasks[];
};

struct batch *batch_new(size_t count);

struct pool_options {
    int threads;
    struct duration patience;
    struct breaker breaker;
};

struct pool *pool_new(struct connection *connection, const struct pool_options *options);

/* False when threads are left behind inside the module: what they use must not be freed then. */
bool pool_free(struct pool *pool);

/* Runs all tasks; true when all were answered and none has a fault. Else `f` has the first, and
 * tasks without an answer have theirs as well. The batch stays the caller's. */
bool pool_run(struct pool *pool, struct batch *batch, struct tick deadline, struct fault *f);
void pool_release(struct pool *pool, struct batch *batch);

/* See token_ready; `probe` is run when the token has to be looked after. */
bool pool_ready(struct pool *pool, CK_RV (*probe)(struct session *, struct task *),
                struct fault *why);

#endif
