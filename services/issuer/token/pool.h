/* pool - threads that call the PKCS#11 module, and callers that wait for them with a deadline.
 *
 * A thread that stays inside the module for longer than its task's patience is given up: its caller
 * gets UNAVAILABLE, a new thread takes its place. With LOST_MAX threads left behind nobody takes
 * the place of further ones, and once all are gone calls fail at once until the module lets go.
 */
#ifndef TOKEN_POOL_H
#define TOKEN_POOL_H

#include "token/batch.h"
#include "token/breaker.h"

struct pool;

struct pool_options {
    int threads;
    struct duration patience;
    struct breaker breaker;
    CK_RV (*probe)(struct session *s, struct task *task); /* a look at the token */
    void (*became_ready)(void *context);                  /* see token_options; may be NULL */
    void *context;
};

struct pool *pool_new(struct connection *connection, const struct pool_options *options);

/* False when threads are left behind inside the module: what they use must not be freed then. */
bool pool_free(struct pool *pool);

/* Runs all tasks; true when all were answered and none has a fault. Else `f` has the first. Each
 * task's `answer` says what became of it, also where the batch was turned away as a whole. The
 * batch stays the caller's. */
bool pool_run(struct pool *pool, struct batch *batch, struct tick deadline, struct fault *f);
void pool_release(struct pool *pool, struct batch *batch);

bool pool_ready(struct pool *pool, struct fault *why); /* see token_ready */

#endif
