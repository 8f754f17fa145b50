#include "bus/worker.h"

#include "base/log.h"
#include "bus/server.h"
#include "bus/thread.h"

static struct served *take(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    w->idle++;
    while (!w->first && !w->stop)
        pthread_cond_wait(&w->wake, &w->lock);
    w->idle--;
    struct served *s = w->stop ? NULL : w->first;
    if (s) {
        w->first = s->next;
        if (!w->first)
            w->last = &w->first;
        w->queued--;
    }
    pthread_mutex_unlock(&w->lock);
    return s;
}

/* The time in the queue counts: what nobody waits for any more is dropped before any work. */
void worker_serve(struct served *s)
{
    struct call *call = &s->call;
    ProtobufCMessage *in;

    if (tick_left(call->deadline).us == 0) {
        server_drop(s);
        return;
    }
    in = frame_read_input(&call->arena, &s->target, s->body, &call->fault);
    if (!in) {
        call_fail(call);
        return;
    }
    ProtobufCService *service = s->target.service;
    log_context(call->traceparent, 0);
    service->invoke(service, s->target.index, in, call_answer, call);
    log_context("", 0);
}

static void *worker_run(void *context)
{
    struct workers *w = context;
    struct served *s;

    if (w->worker_start)
        w->worker_start(w->context);
    while ((s = take(w)))
        worker_serve(s);
    if (w->worker_stop)
        w->worker_stop(w->context);
    return NULL;
}

bool workers_start(struct workers *w, const struct bus_options *options, struct fault *f)
{
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    w->last = &w->first;
    w->worker_start = options->worker_start;
    w->worker_stop = options->worker_stop;
    w->context = options->context;
    if (options->workers < 1 || options->workers > BUS_WORKERS_MAX)
        return fault_set(f, FAULT_INVALID, "workers", "must be 1 to %d", BUS_WORKERS_MAX);
    for (; w->count < options->workers; w->count++) {
        if (!thread_start(&w->threads[w->count], "worker", worker_run, w, f))
            return false;
    }
    return true;
}

bool workers_give(struct workers *w, struct served *s)
{
    pthread_mutex_lock(&w->lock);
    bool room = w->queued < QUEUE_MAX;
    if (room) {
        s->next = NULL;
        *w->last = s;
        w->last = &s->next;
        w->queued++;
        if (w->idle > 0)
            pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

void workers_stop(struct workers *w, bool idle)
{
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->count; i++) {
        if (idle)
            pthread_join(w->threads[i], NULL);
        else
            pthread_detach(w->threads[i]);
    }
    if (!idle)
        return;
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
}
