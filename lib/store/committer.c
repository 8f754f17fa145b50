#include "store/committer.h"

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/whole.h"
#include "message/field.h"

enum { QUEUE_MAX = 4096, SINGLE_TRIES = 4, SLOW_MAX = 2, DEEP = 16 };

struct committer {
    struct crew *crew;
    const struct store_options *options; /* until all threads have begun */
    int most;
    atomic_int now; /* items of a statement at present, 1 to `most` */
};

struct worker {
    struct committer *committer;
    struct store *store;
    struct arena arena; /* of one batch */
};

struct batch {
    const struct sql *sql;
    struct commit *items[CREW_BATCH_MAX];
    const ProtobufCMessage *in[CREW_BATCH_MAX];
    const Caller *callers[CREW_BATCH_MAX];
    size_t count;
};

/* The rows that the statement has of it: one, and those of its lists. */
static int weight_of(const ProtobufCMessage *in)
{
    const ProtobufCMessageDescriptor *type = in->descriptor;
    size_t rows = 1;

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        const char *count = (const char *)in + field->quantifier_offset;

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            rows += *(const size_t *)(const void *)count;
    }
    return rows < INT_MAX ? (int)rows : INT_MAX;
}

bool committer_put(struct committer *m, struct commit *c, struct fault *f)
{
    assert(c->sql->set);
    if (!clock_trusted())
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "this host's clock is not to be trusted");
    c->item = (struct crew_item){ .kind = c->sql,
                                  .batch = m->most,
                                  .gather = m->most < DEEP ? m->most : DEEP,
                                  .weight = weight_of(c->in),
                                  .asker = c->account_id };
    return crew_put(m->crew, &c->item) ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "the committer's queue is full or closed");
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
    return store_set_by(w->store, &w->arena, b->sql, b->callers, b->in, b->count, rows, f);
}

static bool worth_retrying(const struct fault *f)
{
    return f->code == FAULT_CONFLICT && !f->field[0];
}

/* Alone, so that what fails is this item's own fault; a deadlock is nobody's. Returns what failed. */
static enum fault_code run_single(struct worker *w, struct commit *c)
{
    struct batch b = {
        .sql = c->sql, .items = { c }, .in = { c->in }, .callers = { c->caller }, .count = 1
    };
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
    return ok ? FAULT_NONE : f.code;
}

static int by_weight(const void *a, const void *b)
{
    const struct commit *x = *(struct commit *const *)a, *y = *(struct commit *const *)b;

    return (x->item.weight > y->item.weight) - (x->item.weight < y->item.weight);
}

/* When one after the other takes too long, it is not a bad item that holds them up. The lightest
 * come first, so that this is never said of them for what a heavy one does. */
static void run_singles(struct worker *w, struct batch *b, const struct fault *f)
{
    int slow = 0;

    qsort(b->items, b->count, sizeof *b->items, by_weight);
    for (size_t i = 0; i < b->count; i++) {
        if (slow < SLOW_MAX)
            slow += run_single(w, b->items[i]) == FAULT_TOO_SLOW;
        else
            b->items[i]->done(b->items[i], NULL, f);
    }
}

/* What comes after a batch. Of two threads that say so at once one may be lost: it comes again. */
static void resize(struct committer *m, const struct batch *b, bool ok, const struct fault *f)
{
    int now = atomic_load(&m->now), count = (int)b->count;

    if (ok && count == now && now < m->most)
        atomic_store(&m->now, now + 1);
    else if (!ok && f->code == FAULT_TOO_SLOW && count > 1 && count / 2 < now)
        atomic_store(&m->now, count / 2);
}

/* Never what took effect, or may have. */
static bool runs_again(const struct worker *w, const struct batch *b, const struct fault *f)
{
    return f->code != FAULT_UNAVAILABLE && !store_took_effect(w->store) &&
           (b->count > 1 || worth_retrying(f));
}

static void run_batch(struct worker *w, struct batch *b)
{
    struct fault f = { 0 };
    struct rows rows;
    bool ok = run(w, b, &rows, &f);
    bool again = !ok && runs_again(w, b, &f);

    resize(w->committer, b, ok, &f);
    if (again)
        run_singles(w, b, &f);
    for (size_t i = 0; i < b->count && !again; i++) {
        if (ok)
            answer(w, b->items[i], &rows);
        else
            b->items[i]->done(b->items[i], NULL, &f);
    }
    arena_free(&w->arena);
}

static struct commit *commit_of(struct crew_item *item)
{
    return WHOLE_OF(item, struct commit, item);
}

static struct batch batch_of(struct crew_item **items, size_t count)
{
    struct batch b = { .sql = items[0]->kind, .count = count };

    for (size_t i = 0; i < count; i++) {
        b.items[i] = commit_of(items[i]);
        b.in[i] = b.items[i]->in;
        b.callers[i] = b.items[i]->caller;
    }
    return b;
}

static void work(void *context, void *mine, struct crew_item **items, size_t count)
{
    struct committer *m = context;

    for (size_t from = 0, n; from < count; from += n) {
        size_t most = (size_t)atomic_load(&m->now);
        n = count - from < most ? count - from : most;
        struct batch b = batch_of(items + from, n);
        run_batch(mine, &b);
    }
}

static void *worker_begin(void *context)
{
    struct committer *m = context;
    struct worker *w = calloc(1, sizeof *w);

    w->committer = m;
    w->store = store_new(m->options);
    arena_init(&w->arena);
    store_set_mine(w->store);
    return w;
}

static void worker_end(void *mine)
{
    struct worker *w = mine;

    store_set_mine(NULL);
    store_free(w->store);
    free(w);
}

struct committer *committer_start(const struct store_options *options, int threads, int most)
{
    struct committer *m = calloc(1, sizeof *m);

    assert(threads > 0 && most > 0);
    m->options = options;
    m->most = most < CREW_BATCH_MAX ? most : CREW_BATCH_MAX;
    m->now = m->most;
    m->crew = crew_start(&(struct crew_options){ .threads = threads,
                                                 .room = QUEUE_MAX,
                                                 .pause = CREW_PAUSE,
                                                 .context = m,
                                                 .enter = worker_begin,
                                                 .leave = worker_end,
                                                 .run = work });
    return m;
}

void committer_close(struct committer *m)
{
    if (m)
        crew_stop(m->crew);
}

void committer_free(struct committer *m)
{
    if (!m)
        return;
    crew_free(m->crew);
    free(m);
}

void committer_sizes(struct committer *m, uint64_t sizes[33])
{
    crew_sizes(m->crew, sizes);
}
