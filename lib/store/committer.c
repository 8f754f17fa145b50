#include "store/committer.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "message/field.h"

enum { BATCH_MAX = 32, QUEUE_MAX = 4096, SINGLE_TRIES = 4, DEEP = 16 };
#define LONG_RUN milliseconds(10)

struct worker {
    pthread_t thread;
    struct committer *committer;
    struct store *store;
    struct arena arena; /* of one batch */
};

struct committer {
    pthread_mutex_t lock; /* everything below but `workers` */
    pthread_cond_t filled;
    struct commit *first, **end;
    int queued, busy;     /* items that wait, threads at work */
    struct tick taken_at; /* the last batch */
    bool draining;
    uint64_t sizes[BATCH_MAX + 1];

    int most, threads;
    struct worker *workers;
};

struct batch {
    const struct sql *sql;
    struct commit *items[BATCH_MAX];
    const ProtobufCMessage *in[BATCH_MAX];
    size_t count;
};

/* A statement costs much before its first row, so a thread leaves what comes to one that is at
 * work, which takes all of it next; unless that has become much, or nothing was taken for long. */
static bool is_called_for(const struct committer *m)
{
    return m->first && (m->busy == 0 || m->queued >= DEEP || m->queued >= m->most ||
                        tick_now().us - m->taken_at.us > LONG_RUN.us);
}

bool committer_put(struct committer *m, struct commit *c, struct fault *f)
{
    bool taken;

    assert(c->sql->set);
    pthread_mutex_lock(&m->lock);
    taken = !m->draining && m->queued < QUEUE_MAX;
    if (taken) {
        c->next = NULL;
        *m->end = c;
        m->end = &c->next;
        m->queued++;
        if (is_called_for(m))
            pthread_cond_signal(&m->filled);
    }
    pthread_mutex_unlock(&m->lock);
    return taken || fault_set(f, FAULT_UNAVAILABLE, NULL, "the committer's queue is full");
}

/* Takes the oldest item and what else waits for the same statement; the rest keeps its order. */
static void take(struct committer *m, struct batch *b)
{
    const struct sql *sql = m->first->sql;
    struct commit **at = &m->first;

    b->sql = sql;
    b->count = 0;
    while (*at && b->count < (size_t)m->most) {
        struct commit *c = *at;

        if (c->sql != sql) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        b->in[b->count] = c->in;
        b->items[b->count++] = c;
    }
    if (!*at)
        m->end = at;
    m->queued -= (int)b->count;
    m->sizes[b->count]++;
    m->busy++;
    m->taken_at = tick_now();
    if (is_called_for(m))
        pthread_cond_signal(&m->filled);
}

/* False when there is nothing left and nothing to come. `b` is the batch before, if any. */
static bool next_batch(struct committer *m, struct batch *b)
{
    bool more;

    pthread_mutex_lock(&m->lock);
    m->busy -= b->count > 0;
    while (!is_called_for(m) && !m->draining)
        pthread_cond_wait(&m->filled, &m->lock);
    more = m->first;
    if (more)
        take(m, b);
    pthread_mutex_unlock(&m->lock);
    return more;
}

static int64_t key_of(const ProtobufCMessage *message, const char *key)
{
    const ProtobufCFieldDescriptor *field = field_find(message->descriptor, key);

    assert(field && field->type == PROTOBUF_C_TYPE_INT64);
    return *(const int64_t *)(const void *)((const char *)message + field->offset);
}

static void answer(struct worker *w, struct commit *c, const struct rows *all)
{
    struct rows own = { arena_array(&w->arena, ProtobufCMessage *, all->count), 0 };
    int64_t key = all->count ? key_of(c->in, c->key) : 0;

    for (size_t i = 0; i < all->count; i++)
        if (key_of(all->items[i], c->key) == key)
            own.items[own.count++] = all->items[i];
    c->done(c, &own, NULL);
}

static bool run(struct worker *w, const struct batch *b, struct rows *out, struct fault *f)
{
    struct rows *rows = b->sql->rows == SQL_NONE ? NULL : out;

    *out = (struct rows){ 0 };
    return store_set(w->store, &w->arena, b->sql, b->in, b->count, rows, f);
}

static bool worth_retrying(const struct fault *f)
{
    return f->code == FAULT_CONFLICT && !f->field[0];
}

/* Alone, so that what fails is this item's own fault; a deadlock is nobody's. */
static void run_single(struct worker *w, struct commit *c)
{
    struct batch b = { .sql = c->sql, .items = { c }, .in = { c->in }, .count = 1 };
    struct fault f = { 0 };
    struct rows rows;
    bool ok = false;

    for (int i = 0; i < SINGLE_TRIES && !ok; i++) {
        ok = run(w, &b, &rows, &f);
        if (!ok && !worth_retrying(&f))
            break;
    }
    if (ok)
        answer(w, c, &rows);
    else
        c->done(c, NULL, &f);
}

static void run_batch(struct worker *w, const struct batch *b)
{
    struct fault f = { 0 };
    struct rows rows;
    bool ok = run(w, b, &rows, &f);
    bool again = !ok && f.code != FAULT_UNAVAILABLE && (b->count > 1 || worth_retrying(&f));

    for (size_t i = 0; i < b->count; i++) {
        if (again)
            run_single(w, b->items[i]);
        else if (ok)
            answer(w, b->items[i], &rows);
        else
            b->items[i]->done(b->items[i], NULL, &f);
    }
    arena_free(&w->arena);
}

static void *work(void *context)
{
    struct worker *w = context;
    struct batch b = { .count = 0 };

    store_set_mine(w->store);
    while (next_batch(w->committer, &b))
        run_batch(w, &b);
    store_set_mine(NULL);
    return NULL;
}

static void worker_start(struct worker *w, struct committer *m, const struct store_options *options)
{
    w->committer = m;
    w->store = store_new(options);
    arena_init(&w->arena);
    if (pthread_create(&w->thread, NULL, work, w) != 0)
        abort();
}

struct committer *committer_start(const struct store_options *options, int threads, int most)
{
    struct committer *m = calloc(1, sizeof *m);

    assert(threads > 0 && most > 0);
    if (!m)
        abort();
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->filled, NULL);
    m->end = &m->first;
    m->most = most < BATCH_MAX ? most : BATCH_MAX;
    m->threads = threads;
    m->workers = calloc((size_t)threads, sizeof *m->workers);
    if (!m->workers)
        abort();
    for (int i = 0; i < threads; i++)
        worker_start(&m->workers[i], m, options);
    return m;
}

void committer_stop(struct committer *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    m->draining = true;
    pthread_cond_broadcast(&m->filled);
    pthread_mutex_unlock(&m->lock);
    for (int i = 0; i < m->threads; i++) {
        pthread_join(m->workers[i].thread, NULL);
        store_free(m->workers[i].store);
    }
    pthread_cond_destroy(&m->filled);
    pthread_mutex_destroy(&m->lock);
    free(m->workers);
    free(m);
}

void committer_sizes(struct committer *m, uint64_t sizes[33])
{
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i <= BATCH_MAX; i++)
        sizes[i] = m->sizes[i];
    pthread_mutex_unlock(&m->lock);
}
