/* The deadlines of all doors. A suspended connection does not notice that time passes, so each request that
 * waits stands in a heap by its deadline; one thread refuses those that are due, and cuts slow clients while
 * at it.
 *
 * The lock is over the heap, and over `due` of every request. HTTP threads put requests in, whoever answers
 * takes them out, the thread takes out who is due. It holds such a request before it lets the lock go, so that
 * it lives until it was refused, and refuses it without the lock: request_refuse() takes it again, and MHD's
 * behind it.
 *
 * A request that is answered is not put in: deadline_add() looks under the lock whether it is claimed, and
 * whoever claims it takes it out after that. So either the one sees the claim or the other the request.
 *
 * The end: deadlines_close() lets nobody in and answers with 503 who is there; what is answered after it is not
 * in the heap any more. deadlines_stop() then ends the thread. */
#include <stdlib.h>
#include <time.h>

#include "http_request.h"
#include "service/metrics.h"

enum { CUT_EVERY_S = 1 };

/* The thread is woken only for what is due before it wakes by itself, and once. */
bool deadline_add(struct request *r, struct tick at)
{
    struct deadlines *d = &r->http->deadlines;
    pthread_mutex_lock(&d->lock);
    bool open = !d->closed && atomic_load(&r->said) == OPEN;
    if (open)
        heap_add(&d->heap, &r->due, at);
    if (open && at.us < d->wakes.us) {
        d->wakes = at;
        pthread_cond_signal(&d->changed);
    }
    pthread_mutex_unlock(&d->lock);
    return open;
}

void deadline_remove(struct request *r)
{
    struct deadlines *d = &r->http->deadlines;
    pthread_mutex_lock(&d->lock);
    heap_remove(&d->heap, &r->due);
    pthread_mutex_unlock(&d->lock);
}

/* The deadline of one request. A route with a late rpc asks that first, once its handler has begun,
 * and gets a little more time. */
static void expire(struct request *r)
{
    const struct route *route = r->match.entry->route;
    metric_add(METRIC_HTTP_DEADLINES, !r->grace);
    bool ask = route->late.service && !r->grace && atomic_load(&r->work) >= BEGUN;
    r->grace = true;
    if (ask && deadline_add(r, tick_after(r->http->options.late)))
        work_put_late(r);
    else
        request_refuse(r, FAULT_TIMEOUT, NULL, "not answered by the deadline");
}

/* Takes a request out, and gives the lock back while something is done with it. */
static void take(struct deadlines *d, struct heap_item *due, void (*with)(struct request *r))
{
    struct request *r = WHOLE_OF(due, struct request, due);
    heap_remove(&d->heap, due);
    request_hold(r);
    pthread_mutex_unlock(&d->lock);
    with(r);
    request_drop(r);
    pthread_mutex_lock(&d->lock);
}

static void expire_due(struct deadlines *d)
{
    struct tick now = tick_now();
    for (struct heap_item *due; (due = heap_due(&d->heap, now));)
        take(d, due, expire);
}

static void cut_slow(struct http *h)
{
    pthread_mutex_unlock(&h->deadlines.lock);
    connections_cut(h);
    pthread_mutex_lock(&h->deadlines.lock);
}

static void sleep_until(struct deadlines *d, struct tick at)
{
    struct timespec until = { .tv_sec = at.us / 1000000, .tv_nsec = at.us % 1000000 * 1000 };
    d->wakes = at;
    pthread_cond_timedwait(&d->changed, &d->lock, &until);
}

static struct tick wakes_at(const struct deadlines *d, struct tick next_cut)
{
    const struct heap_item *first = heap_first(&d->heap);
    return first && first->at.us < next_cut.us ? first->at : next_cut;
}

static void *deadlines_thread(void *arg)
{
    struct http *h = arg;
    struct deadlines *d = &h->deadlines;
    struct tick next_cut = tick_after(seconds(CUT_EVERY_S));
    pthread_setname_np(pthread_self(), "http-deadline");
    pthread_mutex_lock(&d->lock);
    while (!d->stopping) {
        expire_due(d);
        if (tick_left(next_cut).us == 0) {
            cut_slow(h);
            next_cut = tick_after(seconds(CUT_EVERY_S));
        }
        if (!d->stopping)
            sleep_until(d, wakes_at(d, next_cut));
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

void deadlines_start(struct http *h)
{
    struct deadlines *d = &h->deadlines;
    if (pthread_create(&d->thread, NULL, deadlines_thread, h) != 0)
        abort();
}

void deadlines_stop(struct http *h)
{
    struct deadlines *d = &h->deadlines;
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    pthread_cond_signal(&d->changed);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
}

static void refuse_stopping(struct request *r)
{
    request_refuse(r, FAULT_UNAVAILABLE, NULL, "the service is stopping");
}

void deadlines_close(struct http *h)
{
    struct deadlines *d = &h->deadlines;
    pthread_mutex_lock(&d->lock);
    d->closed = true;
    for (struct heap_item *first; (first = heap_first(&d->heap));)
        take(d, first, refuse_stopping);
    heap_free(&d->heap);
    pthread_mutex_unlock(&d->lock);
}
