/* batch - work for the signing threads, and the queue it waits in. Everything here but batch_new is
 * called with the pool's lock held.
 */
#ifndef TOKEN_BATCH_H
#define TOKEN_BATCH_H

#include "token/key.h"

struct batch;

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
    struct fault answer; /* set by pool_run: why not, or NONE: what is above may be read */

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
    struct tick asked_at;
    struct task tasks[];
};

struct batch *batch_new(size_t count);

void batch_leave(struct batch *batch); /* frees it when the last reference goes */
void task_settle(struct task *task, enum task_state state);

struct queue {
    struct task *first, **last;
};
void queue_init(struct queue *queue);
void queue_put(struct queue *queue, struct batch *batch);
struct task *queue_take(struct queue *queue); /* NULL when empty */

/* Gives up what no thread has begun: of one batch, or all (NULL). */
void queue_drop(struct queue *queue, const struct batch *batch);

/* A condition that is waited for with ticks. */
void condition_init(pthread_cond_t *condition);

#endif
