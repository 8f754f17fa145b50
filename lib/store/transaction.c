#include <assert.h>
#include <string.h>

#include "store/connection.h"

enum { TRANSACTION_TRIES = 4 };

static _Thread_local int open_here;

bool store_in_transaction(void)
{
    return open_here > 0;
}

/* BEGIN travels with the first statement, so it cannot fail here. */
bool store_begin(struct store *s, struct fault *f)
{
    (void)f;
    assert(s->transaction == TRANSACTION_NONE);
    s->transaction = TRANSACTION_DUE;
    open_here++;
    return true;
}

static void end(struct store *s)
{
    s->transaction = TRANSACTION_NONE;
    open_here--;
}

/* A transaction that has failed without our noticing answers COMMIT with ROLLBACK. */
static bool committed(PGresult *result, struct fault *f)
{
    return result && (!strcmp(PQcmdStatus(result), "COMMIT") ||
                      fault_set(f, FAULT_INTERNAL, NULL, "the transaction had failed before"));
}

bool store_commit(struct store *s, struct fault *f)
{
    bool empty = s->transaction == TRANSACTION_DUE;
    AUTO(PGresult) result = NULL;

    assert(s->transaction != TRANSACTION_NONE);
    if (s->transaction == TRANSACTION_BROKEN) {
        *f = s->broken;
        return false;
    }
    if (!empty)
        result = connection_command(s, "COMMIT", f);
    end(s);
    return empty || committed(result, f);
}

void store_rollback(struct store *s)
{
    bool begun = s->transaction == TRANSACTION_OPEN || s->transaction == TRANSACTION_BROKEN;
    AUTO(PGresult) result = NULL;
    struct fault f;

    if (s->transaction == TRANSACTION_NONE)
        return;
    end(s);
    if (!begun || !s->db)
        return;
    if (connection_alive(s->db))
        result = connection_command(s, "ROLLBACK", &f);
    if (!result)
        connection_drop(s);
}

static bool try_once(struct store *s, bool (*work)(struct store *, void *, struct fault *),
                     void *context, struct fault *f)
{
    if (store_begin(s, f) && work(s, context, f) && store_commit(s, f))
        return true;
    store_rollback(s);
    return false;
}

bool store_transaction(struct store *s,
                       bool (*work)(struct store *s, void *context, struct fault *f), void *context,
                       struct fault *f)
{
    for (int i = 0; i < TRANSACTION_TRIES; i++) {
        if (try_once(s, work, context, f))
            return true;
        if (f->code != FAULT_CONFLICT || f->field[0])
            break;
    }
    return false;
}
