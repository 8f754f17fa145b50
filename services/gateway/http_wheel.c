/* The deadlines of all doors. A suspended connection does not notice that time passes, so each
 * request that waits stands in a wheel; one thread turns it, and cuts slow clients while at it.
 *
 * wheel.lock guards the wheel. HTTP threads put requests in, whoever answers takes them out, the
 * deadline thread takes out who is due. It holds those, lets the lock go, and only then answers
 * them: request_refuse() takes the lock again, and MHD's behind it.
 *
 * A request that is answered is not put in: wheel_add() looks under the lock whether it is claimed,
 * and whoever claims it takes it out after that. So either the one sees the claim or the other the
 * request.
 *
 * The end: wheel_close() lets nobody in and answers with 503 who is there; what is answered after
 * it finds itself not in the wheel. wheel_stop() then ends the thread. */
#include <stdlib.h>
#include <time.h>

#include "http_request.h"
#include "service/metrics.h"

static struct request **slot_of(struct wheel *w, struct tick deadline)
{
    return &w->slots[deadline.us / WHEEL_STEP_US % WHEEL_SLOTS];
}

static void link_in(struct wheel *w, struct request *r, struct tick deadline)
{
    struct request **slot = slot_of(w, deadline);
    r->deadline = deadline;
    r->next = *slot;
    r->link = slot;
    if (*slot)
        (*slot)->link = &r->next;
    *slot = r;
    w->count++;
    if (w->resting)
        pthread_cond_signal(&w->changed);
    w->resting = false;
}

static void link_out(struct wheel *w, struct request *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    r->link = NULL;
    w->count--;
}

bool wheel_add(struct request *r, struct tick deadline)
{
    struct wheel *w = &r->http->wheel;
    pthread_mutex_lock(&w->lock);
    bool open = !w->closed && atomic_load(&r->said) == OPEN;
    if (open)
        link_in(w, r, deadline);
    pthread_mutex_unlock(&w->lock);
    return open;
}

void wheel_remove(struct request *r)
{
    struct wheel *w = &r->http->wheel;
    pthread_mutex_lock(&w->lock);
    if (r->link)
        link_out(w, r);
    pthread_mutex_unlock(&w->lock);
}

/* Moves those of a slot that are due at `now` to a list of their own, held. */
static struct request *pick_due(struct wheel *w, struct request **slot, int64_t now)
{
    struct request *due = NULL, *next;
    for (struct request *r = *slot; r; r = next) {
        next = r->next;
        if (r->deadline.us > now)
            continue; /* a later turn of the wheel */
        link_out(w, r);
        request_hold(r);
        r->next = due;
        due = r;
    }
    return due;
}

/* The deadline of one request. A route with a late rpc asks that first, once its handler has begun,
 * and gets a little more time. */
static void expire(struct request *r)
{
    const struct route *route = r->match.entry->route;
    metric_add(METRIC_HTTP_DEADLINES, !r->grace);
    bool ask = route->late.service && !r->grace && atomic_load(&r->work) >= BEGUN;
    r->grace = true;
    if (ask && wheel_add(r, tick_after(r->http->options.late)))
        work_put_late(r);
    else
        request_refuse(r, FAULT_TIMEOUT, NULL, "not answered by the deadline");
}

static void expire_all(struct request *due)
{
    while (due) {
        struct request *r = due;
        due = r->next;
        expire(r);
        request_drop(r);
    }
}

static void turn(struct wheel *w)
{
    int64_t now = tick_now().us, step = now / WHEEL_STEP_US;
    int64_t first = step - w->done >= WHEEL_SLOTS ? step - WHEEL_SLOTS + 1 : w->done;
    for (; first <= step; first++) {
        struct request *due = pick_due(w, &w->slots[first % WHEEL_SLOTS], now);
        pthread_mutex_unlock(&w->lock);
        expire_all(due);
        pthread_mutex_lock(&w->lock);
    }
    w->done = step;
}

/* Sleeps a step. When nothing waits it rests for a second, or until something does. */
static void sleep_a_step(struct wheel *w)
{
    w->resting = w->count == 0;
    int64_t us = tick_now().us + (w->count ? WHEEL_STEP_US : 1000000);
    struct timespec until = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    pthread_cond_timedwait(&w->changed, &w->lock, &until);
    w->resting = false;
}

static void *wheel_thread(void *arg)
{
    struct http *h = arg;
    struct wheel *w = &h->wheel;
    struct tick next_cut = tick_after(seconds(1));
    pthread_setname_np(pthread_self(), "http-deadline");
    pthread_mutex_lock(&w->lock);
    while (!w->stopping) {
        turn(w);
        if (tick_left(next_cut).us == 0) {
            pthread_mutex_unlock(&w->lock);
            connections_cut(h);
            next_cut = tick_after(seconds(1));
            pthread_mutex_lock(&w->lock);
        }
        sleep_a_step(w);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

void wheel_start(struct http *h)
{
    struct wheel *w = &h->wheel;
    pthread_condattr_t monotonic;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    w->done = tick_now().us / WHEEL_STEP_US;
    if (pthread_create(&w->thread, NULL, wheel_thread, h) != 0)
        abort();
}

void wheel_stop(struct http *h)
{
    struct wheel *w = &h->wheel;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

void wheel_close(struct http *h)
{
    struct wheel *w = &h->wheel;
    struct request *rest[WHEEL_SLOTS];
    pthread_mutex_lock(&w->lock);
    w->closed = true;
    for (int i = 0; i < WHEEL_SLOTS; i++)
        rest[i] = pick_due(w, &w->slots[i], INT64_MAX);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < WHEEL_SLOTS; i++) {
        while (rest[i]) {
            struct request *r = rest[i];
            rest[i] = r->next;
            request_refuse(r, FAULT_UNAVAILABLE, NULL, "the service is stopping");
            request_drop(r);
        }
    }
}
