#include "base/crew.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LONG_RUN milliseconds(10)
/* Askers that are told apart; more of them share their turns. */
enum { ASKERS = 1024 };

struct crew {
    struct crew_options options;
    pthread_t *threads;

    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t filled, entered;
    int missing;                    /* threads that have not entered yet */
    struct crew_item *first, **end; /* by their turns */
    int64_t turn, latest;           /* of who goes now, and the greatest that was given */
    int64_t spent[ASKERS];          /* where the next turn of each begins */
    int queued, busy;               /* items that wait, threads at work */
    struct tick taken_at;           /* the last batch */
    struct tick waits_since;        /* what waits: its first came, or was left by the last batch */
    int company;                    /* so many are expected to come together */
    bool watched;                   /* a thread wakes up by itself, then: */
    struct tick watched_until;
    bool stopping;
    uint64_t sizes[CREW_BATCH_MAX + 1];
};

static struct tick stuck_at(const struct crew *c)
{
    return (struct tick){ c->taken_at.us + LONG_RUN.us };
}

/* When what waits is taken though it is less than was hoped for. */
static struct tick due_at(const struct crew *c)
{
    if (c->busy > 0)
        return stuck_at(c);
    return (struct tick){ c->waits_since.us + c->options.pause.us };
}

static bool are_enough(const struct crew *c)
{
    bool company = c->busy == 0 && c->queued >= c->company;

    return company || c->queued >= c->first->gather;
}

static bool is_called_for(const struct crew *c)
{
    return c->first && (are_enough(c) || tick_left(due_at(c)).us == 0);
}

/* A thread that has nothing to do is needed: to take what waits, or to watch over it. */
static void call(struct crew *c)
{
    if (c->first && (!c->watched || is_called_for(c)))
        pthread_cond_signal(&c->filled);
}

/* ---- in */

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Not before now, and not before the asker's last one is paid for. */
static int64_t turn_of(struct crew *c, const struct crew_item *item)
{
    int64_t *spent = &c->spent[(uint64_t)item->asker % ASKERS];

    if (!item->asker)
        return c->latest;
    int64_t turn = later(c->turn, *spent);
    *spent = turn + later(item->weight, 1);
    return turn;
}

/* Behind those whose turn comes no later; mostly that is the end. */
static void link_item(struct crew *c, struct crew_item *item)
{
    item->turn = turn_of(c, item);
    struct crew_item **at = item->turn >= c->latest ? c->end : &c->first;
    while (*at && (*at)->turn <= item->turn)
        at = &(*at)->next;
    item->next = *at;
    *at = item;
    if (!item->next)
        c->end = &item->next;
    c->latest = later(c->latest, item->turn);
    if (c->queued++ == 0)
        c->waits_since = tick_now();
}

bool crew_put(struct crew *c, struct crew_item *item)
{
    assert(item->kind && item->batch > 0 && item->batch <= CREW_BATCH_MAX);
    pthread_mutex_lock(&c->lock);
    bool taken = !c->stopping && (c->options.room == 0 || c->queued < c->options.room);
    if (taken) {
        link_item(c, item);
        call(c);
    }
    pthread_mutex_unlock(&c->lock);
    return taken;
}

void crew_see(struct crew *c, void (*see)(const struct crew_item *item, void *context),
              void *context)
{
    pthread_mutex_lock(&c->lock);
    for (const struct crew_item *item = c->first; item; item = item->next)
        see(item, context);
    pthread_mutex_unlock(&c->lock);
}

/* ---- out */

/* The next item, however heavy, and what else waits of its kind and is light enough; the rest keeps
 * its order, so what is left out for its weight is the next some day. */
static size_t unlink_batch(struct crew *c, struct crew_item **out)
{
    const void *kind = c->first->kind;
    size_t most = (size_t)c->first->batch, count = 0;
    int64_t weight = 0;
    struct crew_item **at = &c->first;

    c->turn = later(c->turn, c->first->turn);
    while (*at && count < most) {
        struct crew_item *item = *at;

        if (item->kind != kind || (count > 0 && weight + item->weight > CREW_WEIGHT_MAX)) {
            at = &item->next;
            continue;
        }
        *at = item->next;
        weight += item->weight;
        out[count++] = item;
    }
    if (!*at)
        c->end = at;
    return count;
}

/* Who has just come with others will again, and maybe with those of another batch. */
static int company_of(size_t count)
{
    return count > 1 ? 2 * (int)count : 1;
}

static size_t take(struct crew *c, struct crew_item **out)
{
    size_t count = unlink_batch(c, out);

    c->queued -= (int)count;
    c->sizes[count]++;
    c->busy++;
    c->taken_at = c->waits_since = tick_now();
    c->company = company_of(count);
    call(c);
    return count;
}

/* Until something is put, or, with something there that waits for company or for who is at work, until
 * that has taken too long: nobody else would look. One thread watches for all. */
static void await(struct crew *c)
{
    struct tick at = due_at(c);
    struct timespec until = { at.us / 1000000, at.us % 1000000 * 1000 };

    if (!c->first || (c->watched && c->watched_until.us <= at.us)) {
        pthread_cond_wait(&c->filled, &c->lock);
        return;
    }
    c->watched = true;
    c->watched_until = at;
    pthread_cond_timedwait(&c->filled, &c->lock, &until);
    c->watched = false;
}

/* 0 when there is nothing left and nothing to come. `before` is what the thread comes from. */
static size_t next_batch(struct crew *c, struct crew_item **out, size_t before)
{
    size_t count = 0;

    pthread_mutex_lock(&c->lock);
    c->busy -= before > 0;
    while (!is_called_for(c) && !c->stopping)
        await(c);
    if (c->first)
        count = take(c, out);
    pthread_mutex_unlock(&c->lock);
    return count;
}

static void *enter(struct crew *c)
{
    void *mine = c->options.enter ? c->options.enter(c->options.context) : NULL;

    pthread_mutex_lock(&c->lock);
    if (--c->missing == 0)
        pthread_cond_signal(&c->entered);
    pthread_mutex_unlock(&c->lock);
    return mine;
}

static void *work(void *arg)
{
    struct crew *c = arg;
    const struct crew_options *o = &c->options;
    struct crew_item *items[CREW_BATCH_MAX];
    void *mine = enter(c);

    for (size_t n = 0; (n = next_batch(c, items, n)) > 0;)
        o->run(o->context, mine, items, n);
    if (o->leave)
        o->leave(mine);
    return NULL;
}

/* ---- start and stop */

static void wait_by_ticks(pthread_cond_t *condition)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct crew *crew_start(const struct crew_options *options)
{
    struct crew *c = calloc(1, sizeof *c);

    assert(options->threads > 0 && options->run);
    c->threads = calloc((size_t)options->threads, sizeof *c->threads);
    c->options = *options;
    c->end = &c->first;
    pthread_mutex_init(&c->lock, NULL);
    wait_by_ticks(&c->filled);
    pthread_cond_init(&c->entered, NULL);
    c->missing = options->threads;
    for (int i = 0; i < options->threads; i++)
        if (pthread_create(&c->threads[i], NULL, work, c) != 0)
            abort();
    pthread_mutex_lock(&c->lock);
    while (c->missing > 0)
        pthread_cond_wait(&c->entered, &c->lock);
    pthread_mutex_unlock(&c->lock);
    return c;
}

void crew_stop(struct crew *c)
{
    pthread_mutex_lock(&c->lock);
    bool again = c->stopping;
    c->stopping = true;
    pthread_cond_broadcast(&c->filled);
    pthread_mutex_unlock(&c->lock);
    for (int i = 0; i < c->options.threads && !again; i++)
        pthread_join(c->threads[i], NULL);
}

void crew_free(struct crew *c)
{
    if (!c)
        return;
    crew_stop(c);
    pthread_cond_destroy(&c->filled);
    pthread_cond_destroy(&c->entered);
    pthread_mutex_destroy(&c->lock);
    free(c->threads);
    free(c);
}

void crew_sizes(struct crew *c, uint64_t sizes[CREW_BATCH_MAX + 1])
{
    pthread_mutex_lock(&c->lock);
    memcpy(sizes, c->sizes, sizeof c->sizes);
    pthread_mutex_unlock(&c->lock);
}
