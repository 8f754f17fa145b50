/* The workers of all doors: a queue of requests, and what is done with each.
 *
 * queue.lock guards the queue. HTTP threads put requests in, workers take them out; the deadline
 * thread and whoever calls http_late() put them in front. Under it is counted and linked, no more.
 * The wake-up comes after the unlock, so that who wakes finds the lock free.
 *
 * A request in the queue is held: by what its handler's call will be, or its late one. Who takes it
 * ends that call, and with it the hold, or drops it when it was answered meanwhile. After that, and
 * after any request_send(), it may be gone.
 *
 * The end: work_stop() lets nobody in and waits for the workers, who take what is left first. The
 * lock lives until http_free(): calls that end later find the queue closed, see work_put_late(). */
#include <stdlib.h>

#include "base/log.h"
#include "http_request.h"
#include "service/metrics.h"

static void put(struct queue *q, struct request *r, bool front)
{
    r->queue_next = front ? q->first : NULL;
    if (front) {
        q->first = r;
        q->last = r->queue_next ? q->last : &r->queue_next;
    } else {
        *q->last = r;
        q->last = &r->queue_next;
    }
    q->count++;
    metric_set(METRIC_HTTP_QUEUE, q->count);
}

bool work_put(struct request *r)
{
    struct queue *q = &r->http->queue;
    pthread_mutex_lock(&q->lock);
    bool room = q->count < q->most && !q->stopping;
    if (room)
        put(q, r, false);
    pthread_mutex_unlock(&q->lock);
    pthread_cond_signal(&q->filled);
    return room;
}

/* Bus and committer stop after the door: what they end then finds no worker any more. */
void work_put_late(struct request *r)
{
    struct queue *q = &r->http->queue;
    if (!step_try(&r->work, BEGUN, LATE))
        return;
    request_hold(r); /* until the late call has ended */
    pthread_mutex_lock(&q->lock);
    bool open = !q->stopping;
    if (open)
        put(q, r, true);
    pthread_mutex_unlock(&q->lock);
    pthread_cond_signal(&q->filled);
    if (open)
        return;
    request_refuse(r, FAULT_UNAVAILABLE, NULL, "the service is stopping");
    request_drop(r);
}

/* The next request, or NULL when the door stops and nothing is left. */
static struct request *take(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (!q->first && !q->stopping)
        pthread_cond_wait(&q->filled, &q->lock);
    struct request *r = q->first;
    if (r) {
        q->first = r->queue_next;
        q->last = q->first ? q->last : &q->first;
        q->count--;
        metric_set(METRIC_HTTP_QUEUE, q->count);
    }
    pthread_mutex_unlock(&q->lock);
    return r;
}

/* Late calls stand before all others, and have waited elsewhere. */
struct duration work_oldest(struct http *h)
{
    struct queue *q = &h->queue;
    pthread_mutex_lock(&q->lock);
    struct request *r = q->first;
    while (r && atomic_load(&r->work) == LATE)
        r = r->queue_next;
    int64_t us = r ? tick_now().us - r->received.us : 0;
    pthread_mutex_unlock(&q->lock);
    return (struct duration){ us };
}

void side_end(struct side *side)
{
    atomic_store(&side->finished, true);
    metric_add(METRIC_HTTP_CALLS, -1);
    request_drop(side->request);
}

/* Ends a side's call. The first to claim the request is heard, the other one is dropped. */
static void side_finish(struct call *call, const ProtobufCMessage *answer)
{
    struct side *side = call->door;
    struct request *r = side->request;
    if (request_claim(r)) {
        if (answer)
            answer_message(r, side, answer);
        else
            answer_fault(r, side, &call->fault);
        request_send(r);
    }
    side_end(side);
}

/* A late call that does not know the truth either: the deadline has passed. */
static void late_finish(struct call *call, const ProtobufCMessage *answer)
{
    const struct side *side = call->door;
    bool told = side->request->match.entry->route->flags & ROUTE_LATE_FAULTS;
    if (!answer && !told) {
        log_warn("late call failed", LOG_FAULT(&call->fault));
        fault_set(&call->fault, FAULT_TIMEOUT, NULL, "not answered by the deadline");
    }
    side_finish(call, answer);
}

static bool admit(struct request *r, struct call *call)
{
    const struct route_family *family = r->match.family;
    return !family->admit || family->admit(call, r->match.entry->route, family->context);
}

/* What is in the body that came. */
static bool open_body(struct request *r, struct call *call)
{
    const struct route_family *family = r->match.family;
    r->input = http_body(call);
    return !family->body || r->ignores_body || family->body(call, &r->input);
}

static void invoke(const struct rpc *rpc, unsigned method, const ProtobufCMessage *in,
                   struct call *call)
{
    rpc->service->invoke(rpc->service, method, in, call_answer, call);
}

void request_serve(struct request *r)
{
    const struct route *route = r->match.entry->route;
    struct call *call = &r->own.call;
    request_hold(r);
    step_take(&r->work, r->suspended ? QUEUED : COMES, SERVED);
    call->finish = side_finish;
    metric_add(METRIC_HTTP_CALLS, 1);
    log_context(call->traceparent, 0);
    if (admit(r, call) && open_body(r, call) && (r->in = input_read(r, call))) {
        step_take(&r->work, SERVED, BEGUN);
        invoke(&route->rpc, r->match.entry->rpc, r->in, call);
    } else {
        call_fail(call);
    }
    if (route->kind != AWAIT && !atomic_load(&r->own.finished)) {
        log_error("handler returned without an answer", LOG_TEXT("path", route->path));
        request_refuse(r, FAULT_INTERNAL, NULL, "no answer");
    }
    log_context("", 0);
    request_drop(r);
}

static void serve_late(struct request *r)
{
    const struct route_entry *entry = r->match.entry;
    struct call *call = &r->late.call;
    call->finish = late_finish;
    call->actor = r->own.call.actor;
    call->deadline = tick_after(r->http->options.late);
    metric_add(METRIC_HTTP_CALLS, 1);
    log_context(r->own.call.traceparent, 0);
    invoke(&entry->route->late, entry->late, r->in, call);
    log_context("", 0);
}

/* What was answered while it waited here is not begun. */
static void work(struct request *r)
{
    if (atomic_load(&r->said) != OPEN)
        request_drop(r);
    else if (atomic_load(&r->work) == LATE)
        serve_late(r);
    else
        request_serve(r);
}

static void *work_thread(void *arg)
{
    struct http *h = arg;
    struct request *r;
    struct store *store = h->options.store ? store_new(h->options.store) : NULL;
    pthread_setname_np(pthread_self(), "http-worker");
    store_set_mine(store);
    while ((r = take(&h->queue)))
        work(r);
    store_set_mine(NULL);
    if (store)
        store_free(store);
    return NULL;
}

void work_start(struct http *h)
{
    struct queue *q = &h->queue;
    q->last = &q->first;
    q->most = h->options.queue;
    q->threads = arena_array(&h->arena, pthread_t, (size_t)h->options.workers);
    for (; q->workers < h->options.workers; q->workers++)
        if (pthread_create(&q->threads[q->workers], NULL, work_thread, h) != 0)
            abort();
}

/* The lock lives as long as the door: see work_put_late(). */
void work_stop(struct http *h)
{
    struct queue *q = &h->queue;
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_broadcast(&q->filled);
    pthread_mutex_unlock(&q->lock);
    for (int i = 0; i < q->workers; i++)
        pthread_join(q->threads[i], NULL);
}
