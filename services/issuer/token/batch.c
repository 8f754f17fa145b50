#include "token/batch.h"

#include <stdlib.h>
#include <time.h>

void condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC); /* as ticks are */
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct batch *batch_new(size_t count)
{
    struct batch *batch = calloc(1, sizeof *batch + count * sizeof *batch->tasks);

    condition_init(&batch->finished);
    arena_init(&batch->arena);
    batch->count = count;
    batch->refs = 1;
    return batch;
}

void batch_leave(struct batch *batch)
{
    if (--batch->refs > 0)
        return;
    pthread_cond_destroy(&batch->finished);
    arena_free(&batch->arena);
    free(batch);
}

void task_settle(struct task *task, enum task_state state)
{
    task->state = state;
    if (--task->batch->open == 0)
        pthread_cond_signal(&task->batch->finished);
}

void queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

void queue_put(struct queue *queue, struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct task *task = &batch->tasks[i];
        task->batch = batch;
        *queue->last = task;
        queue->last = &task->next;
        batch->refs++;
        batch->open++;
    }
}

struct task *queue_take(struct queue *queue)
{
    struct task *task = queue->first;

    if (!task)
        return NULL;
    queue->first = task->next;
    if (!queue->first)
        queue->last = &queue->first;
    task->next = NULL;
    return task;
}

void queue_drop(struct queue *queue, const struct batch *batch)
{
    struct task **at = &queue->first, *task;

    while ((task = *at)) {
        if (batch && task->batch != batch) {
            at = &task->next;
            continue;
        }
        *at = task->next;
        task_settle(task, TASK_GIVEN_UP);
        batch_leave(task->batch);
    }
    queue->last = at;
}
