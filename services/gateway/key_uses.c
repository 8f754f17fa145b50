#include "key_uses.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "common.pb-c.h"
#include "message/convert.h"
#include "service/metrics.h"
#include "services/gateway/key_uses.sql.h"
#include "user.pb-c.h"

enum { SHARDS = 16, BUCKETS = 256, A_STATEMENT = 500 };

struct use {
    int64_t api_key_id, account_id;
    struct instant at;
    struct use *next;
};

struct shard {
    pthread_mutex_t lock;
    struct use *buckets[BUCKETS];
};

struct key_uses {
    struct shard shards[SHARDS];
    struct store_options store;
    struct duration every;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

static struct use **place_of(struct shard *s, int64_t api_key_id)
{
    struct use **at = &s->buckets[(uint64_t)api_key_id / SHARDS % BUCKETS];
    while (*at && (*at)->api_key_id != api_key_id)
        at = &(*at)->next;
    return at;
}

static struct use *use_new(int64_t api_key_id, int64_t account_id)
{
    struct use *use = calloc(1, sizeof *use);
    use->api_key_id = api_key_id;
    use->account_id = account_id;
    return use;
}

void key_uses_note(struct key_uses *u, int64_t api_key_id, int64_t account_id, struct instant at)
{
    struct shard *s = &u->shards[(uint64_t)api_key_id % SHARDS];
    pthread_mutex_lock(&s->lock);
    struct use **place = place_of(s, api_key_id);
    if (!*place)
        *place = use_new(api_key_id, account_id);
    if (instant_before((*place)->at, at))
        (*place)->at = at;
    pthread_mutex_unlock(&s->lock);
}

/* ---- writing */

struct batch {
    struct arena arena;
    KeyUse *items[A_STATEMENT];
    size_t count;
};

/* What the database does not take now is noted again. */
static void batch_write(struct key_uses *u, struct store *store, struct batch *b)
{
    struct fault f = { 0 };
    const ProtobufCMessage *in[A_STATEMENT];
    for (size_t i = 0; i < b->count; i++)
        in[i] = &b->items[i]->base;
    if (b->count && !store_set(store, &b->arena, &sql_key_uses_write, in, b->count, NULL, &f)) {
        metric_add(METRIC_KEY_USES_FAILED, 1);
        log_warn("last uses of keys not written", LOG_FAULT(&f));
        for (size_t i = 0; i < b->count; i++)
            key_uses_note(u, b->items[i]->api_key_id, b->items[i]->account_id,
                          instant_value(b->items[i]->last_used_at));
    }
    arena_free(&b->arena);
    b->count = 0;
}

static void batch_add(struct batch *b, const struct use *use)
{
    KeyUse *item = arena_new(&b->arena, KeyUse);
    key_use__init(item);
    item->api_key_id = use->api_key_id;
    item->account_id = use->account_id;
    item->last_used_at = instant_message(&b->arena, use->at);
    b->items[b->count++] = item;
}

static struct use *shard_take(struct shard *s)
{
    struct use *all = NULL;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < BUCKETS; i++) {
        while (s->buckets[i]) {
            struct use *use = s->buckets[i];
            s->buckets[i] = use->next;
            use->next = all;
            all = use;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return all;
}

/* A connection of its own, for as long as it takes. */
static void write_all(struct key_uses *u)
{
    struct store *store = store_new(&u->store);
    struct batch batch = { .count = 0 };
    arena_init(&batch.arena);
    for (int i = 0; i < SHARDS; i++) {
        for (struct use *use = shard_take(&u->shards[i]), *next; use; use = next) {
            next = use->next;
            batch_add(&batch, use);
            free(use);
            if (batch.count == A_STATEMENT)
                batch_write(u, store, &batch);
        }
    }
    batch_write(u, store, &batch);
    arena_free(&batch.arena);
    store_free(store);
}

static bool wait_for_turn(struct key_uses *u)
{
    struct tick at = tick_after(u->every);
    struct timespec until = { at.us / 1000000, at.us % 1000000 * 1000 };
    int error = 0;
    pthread_mutex_lock(&u->lock);
    while (!u->stopping && error == 0)
        error = pthread_cond_timedwait(&u->changed, &u->lock, &until);
    bool go_on = !u->stopping;
    pthread_mutex_unlock(&u->lock);
    return go_on;
}

static void *write_thread(void *uses)
{
    pthread_setname_np(pthread_self(), "key-uses");
    while (wait_for_turn(uses))
        write_all(uses);
    write_all(uses);
    return NULL;
}

struct key_uses *key_uses_start(const struct store_options *store, struct duration every)
{
    struct key_uses *u = calloc(1, sizeof *u);
    pthread_condattr_t monotonic;
    u->store = *store;
    u->every = every;
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&u->shards[i].lock, NULL);
    pthread_mutex_init(&u->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&u->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&u->thread, NULL, write_thread, u) != 0)
        abort();
    return u;
}

void key_uses_stop(struct key_uses *u)
{
    if (!u)
        return;
    pthread_mutex_lock(&u->lock);
    u->stopping = true;
    pthread_cond_signal(&u->changed);
    pthread_mutex_unlock(&u->lock);
    pthread_join(u->thread, NULL);
    for (int i = 0; i < SHARDS; i++) {
        for (struct use *use = shard_take(&u->shards[i]), *next; use; use = next) {
            next = use->next;
            free(use);
        }
        pthread_mutex_destroy(&u->shards[i].lock);
    }
    pthread_cond_destroy(&u->changed);
    pthread_mutex_destroy(&u->lock);
    free(u);
}
