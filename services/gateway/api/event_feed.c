#include "api/event_feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "api/events.h"
#include "api/events.sql.h"
#include "base/log.h"
#include "statement.h"

/* Lives in its call's arena; only the feed's thread takes it out of the list. */
struct waiter {
    struct waiter *next;
    struct call *call;
    const Caller *caller; /* made by the call's own thread, as all in its arena */
    EventPosition *position;
    struct tick until;
    EventRow **rows; /* what this look has found */
    size_t count;
    bool done;
};

static struct feed {
    struct feed_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiter *first; /* under `lock`, as the two below */
    int count;
    bool open;
    pthread_t thread;
    struct store *store;
} feed = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- one look */

/* How many wait, numbered as the statement will name them. */
static size_t waiters_collect(struct arena *a, struct waiter ***out)
{
    size_t n = 0;
    *out = arena_array(a, struct waiter *, (size_t)feed.count + 1);
    for (struct waiter *w = feed.first; w; w = w->next) {
        w->position->key = (int64_t)n;
        (*out)[n++] = w;
    }
    return n;
}

/* Rows come by waiter. */
static void rows_share(struct waiter **waiters, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        EventRow **row = (EventRow **)(void *)&rows->items[i];
        struct waiter *w = waiters[(*row)->key];
        w->rows = w->count ? w->rows : row;
        w->count++;
        w->done = true;
    }
}

/* What cannot be asked now is asked at the next look: nobody's cursor moves. */
static void waiters_look(struct arena *a, struct waiter **waiters, size_t count)
{
    struct fault f = { 0 };
    struct rows rows = { 0 };
    const ProtobufCMessage **in = arena_array(a, const ProtobufCMessage *, count + 1);
    const Caller **callers = arena_array(a, const Caller *, count + 1);
    for (size_t i = 0; i < count; i++) {
        in[i] = &waiters[i]->position->base;
        callers[i] = waiters[i]->caller;
    }
    if (count && !store_set_by(feed.store, a, &sql_events_read, callers, in, count, &rows, &f))
        log_warn("the feed of events could not look", LOG_FAULT(&f));
    else
        rows_share(waiters, &rows);
}

/* Takes those that are done out of the list; the caller answers them. */
static struct waiter *waiters_pick(void)
{
    struct waiter *picked = NULL;
    for (struct waiter **link = &feed.first; *link;) {
        struct waiter *w = *link;
        if (!w->done) {
            link = &w->next;
            continue;
        }
        *link = w->next;
        feed.count--;
        w->next = picked;
        picked = w;
    }
    return picked;
}

static void waiters_answer(struct waiter *w)
{
    while (w) {
        struct waiter *next = w->next; /* the call takes `w` along */
        events_answer(w->call, w->position, w->rows, w->count);
        w = next;
    }
}

/* Rather a little early than late: those whose time is over before the next look. */
static void waiters_expire(bool all)
{
    for (struct waiter *w = feed.first; w; w = w->next)
        w->done = w->done || all || tick_left(w->until).us < feed.options.every.us;
}

/* With the lock, which is open while the database is asked: a feed that was closed meanwhile keeps
 * nobody waiting. */
static void feed_poll(void)
{
    struct arena a;
    struct waiter **waiters;
    arena_init(&a);
    size_t count = waiters_collect(&a, &waiters);
    pthread_mutex_unlock(&feed.lock);
    waiters_look(&a, waiters, count);
    pthread_mutex_lock(&feed.lock);
    waiters_expire(!feed.open);
    struct waiter *done = waiters_pick();
    pthread_mutex_unlock(&feed.lock);
    waiters_answer(done);
    arena_free(&a);
    pthread_mutex_lock(&feed.lock);
}

static void rest(struct tick until)
{
    struct timespec at = { until.us / 1000000, until.us % 1000000 * 1000 };
    while (feed.open && tick_left(until).us > 0)
        pthread_cond_timedwait(&feed.changed, &feed.lock, &at);
}

static void *feed_thread(void *arg)
{
    (void)arg;
    pthread_setname_np(pthread_self(), "event-feed");
    pthread_mutex_lock(&feed.lock);
    while (feed.open || feed.first) { /* it may close between a look and its answers */
        while (feed.open && !feed.first)
            pthread_cond_wait(&feed.changed, &feed.lock);
        rest(tick_after(feed.options.every));
        feed_poll();
    }
    pthread_mutex_unlock(&feed.lock);
    return NULL;
}

/* ---- from outside */

void feed_open(const struct feed_options *options)
{
    pthread_condattr_t monotonic;
    feed.options = *options;
    feed.store = store_new(options->store);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&feed.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    feed.open = true;
    if (pthread_create(&feed.thread, NULL, feed_thread, NULL) != 0)
        abort();
}

void feed_close(void)
{
    if (!feed.store)
        return;
    pthread_mutex_lock(&feed.lock);
    feed.open = false;
    pthread_cond_signal(&feed.changed);
    pthread_mutex_unlock(&feed.lock);
    pthread_join(feed.thread, NULL);
    pthread_cond_destroy(&feed.changed);
    store_free(feed.store);
    feed.store = NULL;
}

static int waiters_of(int64_t account_id)
{
    int n = 0;
    for (const struct waiter *w = feed.first; w; w = w->next)
        n += w->call->actor.account_id == account_id;
    return n;
}

static enum feed_wait room_for(int64_t account_id)
{
    if (!feed.open)
        return FEED_CLOSED;
    if (feed.count >= feed.options.waiters)
        return FEED_BUSY;
    return waiters_of(account_id) >= feed.options.waiters_per_account ? FEED_CROWDED : FEED_WAITS;
}

enum feed_wait feed_wait(struct call *call, EventPosition *position, struct tick until)
{
    struct waiter *w = arena_new(&call->arena, struct waiter);
    *w = (struct waiter){
        .call = call, .caller = statement_caller(call), .position = position, .until = until
    };
    pthread_mutex_lock(&feed.lock);
    enum feed_wait said = room_for(call->actor.account_id);
    if (said == FEED_WAITS) {
        w->next = feed.first;
        feed.first = w;
        feed.count++;
        pthread_cond_signal(&feed.changed);
    }
    pthread_mutex_unlock(&feed.lock);
    return said;
}
