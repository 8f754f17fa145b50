#include "ledger/ids.h"

#include <pthread.h>
#include <stdlib.h>

#include "common.pb-c.h"
#include "job.pb-c.h"

enum { BLOCK = 64 };

struct ids {
    const struct sql *block;
    pthread_mutex_t lock;
    int64_t next, end;
};

struct ids *ids_new(const struct sql *block)
{
    struct ids *ids = calloc(1, sizeof *ids);
    ids->block = block;
    pthread_mutex_init(&ids->lock, NULL);
    return ids;
}

void ids_free(struct ids *ids)
{
    if (!ids)
        return;
    pthread_mutex_destroy(&ids->lock);
    free(ids);
}

static bool take(struct ids *ids, int64_t *out)
{
    pthread_mutex_lock(&ids->lock);
    bool some = ids->next < ids->end;
    if (some)
        *out = ids->next++;
    pthread_mutex_unlock(&ids->lock);
    return some;
}

/* Without the lock, so that others go on with what is left: two threads may lease at once, and the
 * rest of a block is then given up. */
static bool lease(struct ids *ids, struct fault *f)
{
    struct arena a;
    arena_init(&a);
    Nothing none = NOTHING__INIT;
    IdBlock block = ID_BLOCK__INIT;
    bool ok = store_one(store_mine(), &a, ids->block, &none.base, &block.base, f);
    if (ok) {
        pthread_mutex_lock(&ids->lock);
        ids->next = block.first;
        ids->end = block.first + BLOCK;
        pthread_mutex_unlock(&ids->lock);
    }
    arena_free(&a);
    return ok;
}

bool ids_next(struct ids *ids, int64_t *out, struct fault *f)
{
    while (!take(ids, out))
        if (!lease(ids, f))
            return false;
    return true;
}
