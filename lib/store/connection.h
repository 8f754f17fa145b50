/* connection - store.h's inside: one libpq connection in pipeline mode, every wait bounded.
 *
 * A statement is one round trip whatever goes with it: BEGIN when it is the first of a transaction,
 * its preparation when it is new on this connection.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <libpq-fe.h>

#include "base/cleanup.h"
#include "message/row.h"
#include "store/store.h"

AUTO_FREE(PGresult, PQclear);
AUTO_FREE(PGconn, PQfinish);

enum transaction_state {
    TRANSACTION_NONE,
    TRANSACTION_DUE, /* BEGIN goes with the next statement */
    TRANSACTION_OPEN,
    TRANSACTION_BROKEN /* only rollback is left; `broken` says why */
};

struct prepared {
    const struct sql **slots; /* open addressing, a power of two */
    size_t room, count;
};

struct store {
    char *url, *application;
    bool prepare;
    struct duration timeout;

    PGconn *db; /* NULL: not connected */
    struct tick retry_at;
    struct duration pause;    /* 0: the last try succeeded */
    struct prepared prepared; /* what this connection knows by name */
    bool stale;               /* the server has lost or outdated one of them */

    enum transaction_state transaction;
    struct fault broken;
    bool effective; /* the server did what it was told last */
};

/* Runs a statement with its parameters; the result is the caller's to clear, NULL is a fault. */
PGresult *connection_execute(struct store *s, const struct sql *sql, const struct row_param *params,
                             size_t count, struct fault *f);

/* The same for plain text without parameters, never prepared. */
PGresult *connection_command(struct store *s, const char *text, struct fault *f);

/* Prepares `sql` for the given types and describes it. */
PGresult *connection_describe(struct store *s, const struct sql *sql, const uint32_t *types,
                              size_t count, struct fault *f);

void connection_drop(struct store *s);

/* cancel.c: asks the server to give up what it is doing for this connection, and does not wait. The
 * connection must not be used for anything else afterwards: it may come late. */
void connection_cancel(PGconn *db);

/* prepared.c */
bool prepared_has(const struct prepared *p, const struct sql *sql);
void prepared_add(struct prepared *p, const struct sql *sql);
void prepared_clear(struct prepared *p);

/* sqlstate.c: the fault that a failed result stands for; FAULT_UNAVAILABLE when the connection must
 * not be used any more. Returns false. */
bool sqlstate_fault(const PGresult *result, struct fault *f);

/* Can a server that says this not write? */
bool sqlstate_stops_writes(const PGresult *result);

/* writable.c: for store_writable(). */
void writable_failed(const struct fault *f);

/* wait.c: never past the deadline; false when it has passed or the socket is gone. */
PGconn *connection_open(const char *url, const char *application, struct tick deadline,
                        struct fault *f);
bool connection_flush(PGconn *db, struct tick deadline);
bool connection_wait_result(PGconn *db, struct tick deadline);
bool connection_alive(PGconn *db); /* as far as can be seen without asking */

#endif
