#include "limit.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "proxy.h"
#include "service/metrics.h"
#include "store/cache.h"

enum { SETS_LOG2 = 10, SETS = 1 << SETS_LOG2, WAYS = 4, LOCKS = 64, LEASE = 10, LOCAL_PART = 4 };

/* What one key, account or address has of one window. */
struct bucket {
    int leased;          /* tokens in hand, until `lease_ends` */
    int64_t lease_ends;  /* ticks */
    int64_t empty_until; /* Redis had none: not asked again before */
    double local;        /* the bucket of one's own */
    int64_t local_at;
};

struct key {
    int64_t id, used; /* used: the tick of the last request */
    struct bucket buckets[LIMIT_WINDOWS];
};

struct limits {
    struct limit_options options;
    pthread_key_t caches; /* each thread's */
    pthread_mutex_t locks[LOCKS];
    struct key keys[SETS][WAYS];
};

static double rate_of(const struct limit_window *w)
{
    return w->requests * 1e6 / (double)w->window.us;
}

static void free_cache(void *cache)
{
    cache_free(cache);
}

/* From Redis, with a connection of this thread. */
static bool lease_cache(void *context, const char *bucket, double rate, int burst, int want,
                        int *granted)
{
    struct limits *l = context;
    struct fault f;
    struct cache *cache = pthread_getspecific(l->caches);
    if (!cache && (cache = cache_new(l->options.redis, &f)))
        pthread_setspecific(l->caches, cache);
    return cache && cache_lease(cache, bucket, rate, burst, want, granted);
}

static bool lease_nothing(void *context, const char *bucket, double rate, int burst, int want,
                          int *granted) // NOLINT(readability-non-const-parameter): as every lease
{
    (void)context, (void)bucket, (void)rate, (void)burst, (void)want, (void)granted;
    return false;
}

static bool redis_good(const struct limit_options *o, struct fault *f)
{
    struct cache *probe = *o->redis.text ? cache_new(o->redis, f) : NULL;
    cache_free(probe);
    return probe || !*o->redis.text;
}

struct limits *limits_new(const struct limit_options *options, struct fault *f)
{
    if (!options->lease && !redis_good(options, f))
        return NULL;
    struct limits *l = calloc(1, sizeof *l);
    l->options = *options;
    if (!options->lease) {
        l->options.lease = *options->redis.text ? lease_cache : lease_nothing;
        l->options.context = l;
    }
    pthread_key_create(&l->caches, free_cache);
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&l->locks[i], NULL);
    return l;
}

void limits_free(struct limits *l)
{
    if (!l)
        return;
    free_cache(pthread_getspecific(l->caches));
    pthread_key_delete(l->caches);
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&l->locks[i]);
    free(l);
}

/* Neighbours are in different sets: keys are numbered, and addresses of a house begin the same.
 * Only the highest bits depend on all of `id`. */
static size_t set_of(int64_t id)
{
    return (size_t)((uint64_t)id * 0x9E3779B97F4A7C15U >> (64 - SETS_LOG2));
}

static pthread_mutex_t *lock_of(struct limits *l, int64_t id)
{
    return &l->locks[set_of(id) % LOCKS];
}

/* The record of a key, in the place of the one that was not used for longest. */
static struct key *key_of(struct limits *l, int64_t id, int64_t now)
{
    struct key *set = l->keys[set_of(id)], *place = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].id == id) {
            place = &set[i];
            break;
        }
        place = set[i].used < place->used ? &set[i] : place;
    }
    if (place->id != id) {
        *place = (struct key){ .id = id };
        for (int i = 0; i < LIMIT_WINDOWS; i++) {
            place->buckets[i].local = (double)l->options.windows[i].requests / LOCAL_PART;
            place->buckets[i].local_at = now;
        }
    }
    place->used = now;
    return place;
}

/* Tokens that one may take from one's own bucket, which gains while time passes. */
static bool local_has(const struct limit_window *w, struct bucket *b, int64_t now)
{
    double most = fmax(1, (double)w->requests / LOCAL_PART);
    double gained = rate_of(w) / LOCAL_PART * (double)(now - b->local_at) / 1e6;
    b->local = fmin(most, b->local + gained);
    b->local_at = now;
    return b->local >= 1;
}

enum outcome { HAS, EMPTY, ASK };

static enum outcome in_hand(const struct bucket *b, int64_t now)
{
    if (b->leased > 0 && b->lease_ends > now)
        return HAS;
    return b->empty_until > now ? EMPTY : ASK;
}

/* Keeps what Redis gave beyond the one token for this request. */
static void lease_add(const struct limit_window *w, struct bucket *b, int granted, int64_t now)
{
    b->leased = (b->lease_ends > now ? b->leased : 0) + (granted ? granted - 1 : 0);
    b->lease_ends = now + w->window.us;
    if (granted == 0) /* until one token more is there */
        b->empty_until = now + (int64_t)(1e6 / rate_of(w));
}

/* What became of asking Redis for a window, which each request does at most once. */
enum lease_answer { NOT_ASKED, GOT, NONE, LOCAL };

struct withdrawal {
    struct limits *l;
    int64_t id;
    pthread_mutex_t *lock;
    enum lease_answer answers[LIMIT_WINDOWS];
};

/* Asks Redis; without the lock, which nobody may hold over a trip. */
static void lease(struct withdrawal *t, int window)
{
    const struct limit_window *w = &t->l->options.windows[window];
    char name[64];
    int granted = 0;
    snprintf(name, sizeof name, "limit:%s:%" PRId64, w->name, t->id);
    metric_add(METRIC_LIMIT_LEASES, 1);
    bool answered =
        t->l->options.lease(t->l->options.context, name, rate_of(w), w->requests, LEASE, &granted);
    t->answers[window] = !answered ? LOCAL : granted > 0 ? GOT : NONE;
    metric_add(METRIC_LIMIT_LOCAL, !answered);
    int64_t now = tick_now().us;
    pthread_mutex_lock(t->lock);
    if (answered)
        lease_add(w, &key_of(t->l, t->id, now)->buckets[window], granted, now);
    pthread_mutex_unlock(t->lock);
}

static enum outcome window_outcome(const struct limit_window *w, struct bucket *b,
                                   enum lease_answer answer, int64_t now)
{
    if (w->requests == 0 || answer == GOT)
        return HAS;
    if (answer == LOCAL)
        return local_has(w, b, now) ? HAS : EMPTY;
    enum outcome outcome = in_hand(b, now);
    return answer == NONE && outcome == ASK ? EMPTY : outcome;
}

static void spend(struct withdrawal *t, struct key *key)
{
    for (int i = 0; i < LIMIT_WINDOWS; i++) {
        if (t->l->options.windows[i].requests == 0)
            continue;
        key->buckets[i].local -= t->answers[i] == LOCAL;
        key->buckets[i].leased -= t->answers[i] == NOT_ASKED || t->answers[i] == NONE;
    }
}

/* Tokens of other windows go back into hand when one refuses. */
static void give_back(struct withdrawal *t, struct key *key)
{
    for (int i = 0; i < LIMIT_WINDOWS; i++)
        key->buckets[i].leased += t->answers[i] == GOT;
}

/* One look at both windows under the lock: takes from both or from none. `*window` is the one that
 * refuses or wants a lease. */
static enum outcome take(struct withdrawal *t, int *window)
{
    enum outcome outcome = HAS;
    int64_t now = tick_now().us;
    pthread_mutex_lock(t->lock);
    struct key *key = key_of(t->l, t->id, now);
    for (*window = 0; *window < LIMIT_WINDOWS; ++*window) {
        outcome = window_outcome(&t->l->options.windows[*window], &key->buckets[*window],
                                 t->answers[*window], now);
        if (outcome != HAS)
            break;
    }
    if (outcome == HAS)
        spend(t, key);
    else if (outcome == EMPTY)
        give_back(t, key);
    pthread_mutex_unlock(t->lock);
    return outcome;
}

static bool refuse(struct limits *l, struct call *call, int window)
{
    char text[160];
    const struct limit_window *w = l->options.windows;
    int wait = (int)ceil(1 / rate_of(&w[window]));
    snprintf(text, sizeof text, "%d", wait);
    http_header(call, "Retry-After", text);
    snprintf(text, sizeof text, "\"%s\";r=0;t=%d", w[window].name, wait);
    http_header(call, "RateLimit", text);
    snprintf(text, sizeof text, "\"%s\";q=%d;w=%" PRId64 ", \"%s\";q=%d;w=%" PRId64, w[0].name,
             w[0].requests, w[0].window.us / 1000000, w[1].name, w[1].requests,
             w[1].window.us / 1000000);
    http_header(call, "RateLimit-Policy", text);
    metric_add(METRIC_LIMIT_REFUSED, 1);
    return fault_set(&call->fault, FAULT_RATE, NULL, "%s", "");
}

bool limit_take(struct limits *l, int64_t id, struct call *call)
{
    int window;
    enum outcome outcome;
    struct withdrawal t = { .l = l, .id = id, .lock = lock_of(l, id) };
    while ((outcome = take(&t, &window)) == ASK)
        lease(&t, window);
    return outcome == HAS || refuse(l, call, window);
}

void limit_return(struct limits *l, int64_t id)
{
    int64_t now = tick_now().us;
    pthread_mutex_lock(lock_of(l, id));
    struct key *key = key_of(l, id, now);
    for (int i = 0; i < LIMIT_WINDOWS; i++) {
        struct bucket *b = &key->buckets[i];
        if (b->lease_ends > now)
            b->leased++;
        else
            b->local++; /* no more than fits: local_has() */
    }
    pthread_mutex_unlock(lock_of(l, id));
}

/* ---- addresses */

bool limit_by_address(struct limits *l, struct call *call)
{
    return limit_take(l, (int64_t)proxy_network_of(call->actor.ip), call);
}

void limit_return_address(struct limits *l, const struct call *call)
{
    limit_return(l, (int64_t)proxy_network_of(call->actor.ip));
}
