/* store - run named SQL with messages on both sides. One connection; one thread at a time.
 *
 * A statement lives in a .sql file beside its user:
 *
 *     -- order_get: OrderRef -> OrderInfo
 *     SELECT o.id, o.status, c.name AS "container.name" FROM orders o ... WHERE o.id = :order_id;
 *
 * ":field" is bound from the member of that name of the input message (":certificate.csr" reaches
 * into a sub-message), a result column fills the member of its name ("container.name" likewise), a
 * column of type json or jsonb fills a sub-message or a list through the JSON codec. The title says
 * how many rows: "Out" exactly one, "Out?" none or one, "Out*" any number, "Nothing" none.
 *
 * ":caller.account_id" is bound from who asks (proto/caller.proto), whatever the input says: such a
 * statement is run by one of the functions that end in _by, for a caller.
 *
 * A set statement ("In* -> Out*") takes many input messages at once: each ":field" is bound as an
 * array with one element a message, to be used with unnest(). Of a repeated member of the inputs,
 * ":names.fqdn" is bound as the concatenation over all messages.
 *
 * Every call has a deadline: a database that does not answer costs the connection, not the thread.
 * What is under way then is canceled, and half a second more is given to hear what became of it.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "caller.pb-c.h"

enum { SQL_PARAMS_MAX = 48 };
enum sql_rows { SQL_NONE, SQL_ONE, SQL_MAYBE, SQL_MANY };

/* What tools/sqlgen.awk makes of a statement. */
struct sql {
    const char *name; /* also the name of the prepared statement */
    const char *file; /* "services/gateway/api/orders.sql": the folder decides whose role runs it */
    const char *text; /* with $1, $2, ... */
    const ProtobufCMessageDescriptor *in, *out;
    bool set; /* "In*" */
    enum sql_rows rows;
    bool parts; /* some of its lines are in the text only where they are asked for: store/pick.h */
    bool once;  /* made by pick_sql(): planned for its values, and not kept by name */
    const char
        *params[SQL_PARAMS_MAX]; /* member paths of the input or "caller.", NULL at the end */
};

struct store_options {
    struct secret url;       /* libpq connection string or URI */
    bool prepare;            /* false behind pgbouncer below 1.21 in transaction mode */
    struct duration timeout; /* of a call: connecting, if need be, and the statement. (A host name
                                is looked up by the system's resolver, which does not know it.) */
    const char *application; /* application_name */
};

struct store;

/* Connects at first use, and again by itself after a loss (waiting 50 ms to 2 s between tries;
 * calls in between fail at once with FAULT_UNAVAILABLE). Never NULL. */
struct store *store_new(const struct store_options *options);
void store_free(struct store *s);

/* Faults of all calls: FAULT_UNAVAILABLE (no connection, lost, or no word in time: whether a
 * statement that was under way took effect is not known), FAULT_TOO_SLOW (the server gave it up
 * because its time was up, by ours or by statement_timeout: nothing took effect), FAULT_CONFLICT (serialization failure, deadlock,
 * lock timeout: nothing took effect), FAULT_INTERNAL (everything else; `detail` has the SQLSTATE
 * and the text). A unique violation is FAULT_CONFLICT with `field` = the constraint's name. */
bool store_one(struct store *s, struct arena *a, const struct sql *sql, const ProtobufCMessage *in,
               ProtobufCMessage *out, struct fault *f); /* FAULT_NOT_FOUND when there is no row */

/* Like store_one, but no row is no fault: `*found` says. `out` stays as it was then. */
bool store_maybe(struct store *s, struct arena *a, const struct sql *sql,
                 const ProtobufCMessage *in, ProtobufCMessage *out, bool *found, struct fault *f);

struct rows {
    ProtobufCMessage **items; /* in the call's arena */
    size_t count;
};
bool store_all(struct store *s, struct arena *a, const struct sql *sql, const ProtobufCMessage *in,
               struct rows *out, struct fault *f);
/* `out` may be NULL when the statement gives Nothing. */
bool store_set(struct store *s, struct arena *a, const struct sql *sql,
               const ProtobufCMessage *const *in, size_t count, struct rows *out, struct fault *f);
/* For statements that give Nothing; `*affected` (may be NULL) is the number of rows changed. */
bool store_run(struct store *s, struct arena *a, const struct sql *sql, const ProtobufCMessage *in,
               size_t *affected, struct fault *f);

/* The same, for a caller. A statement that names one fails with FAULT_INTERNAL where there is none: run by
 * the functions above, or for NULL. The caller is borrowed for the call. */
bool store_one_by(struct store *s, struct arena *a, const struct sql *sql, const Caller *caller,
                  const ProtobufCMessage *in, ProtobufCMessage *out, struct fault *f);
bool store_maybe_by(struct store *s, struct arena *a, const struct sql *sql, const Caller *caller,
                    const ProtobufCMessage *in, ProtobufCMessage *out, bool *found,
                    struct fault *f);
bool store_all_by(struct store *s, struct arena *a, const struct sql *sql, const Caller *caller,
                  const ProtobufCMessage *in, struct rows *out, struct fault *f);
/* callers[i] asks in[i]. */
bool store_set_by(struct store *s, struct arena *a, const struct sql *sql,
                  const Caller *const *callers, const ProtobufCMessage *const *in, size_t count,
                  struct rows *out, struct fault *f);

/* A transaction. Commit failing with FAULT_UNAVAILABLE leaves its outcome unknown. After any fault
 * inside, only store_rollback() is useful; it always succeeds (it may drop the connection). */
bool store_begin(struct store *s, struct fault *f);
bool store_commit(struct store *s, struct fault *f);
void store_rollback(struct store *s);

/* Runs `work` between BEGIN and COMMIT, again (3 times at most) after FAULT_CONFLICT without a
 * constraint's name, never after a lost connection. */
bool store_transaction(struct store *s,
                       bool (*work)(struct store *s, void *context, struct fault *f), void *context,
                       struct fault *f);

/* Calls that leave the process (bus, token, DNS, HTTP) assert that this thread has none open. */
bool store_in_transaction(void);

/* Did the server do what it was told last, though the call failed? Then its answer could not be
 * read (FAULT_INTERNAL), and it must not be told again. */
bool store_took_effect(const struct store *s);

/* Anything answered at all? For readiness. */
bool store_ping(struct store *s, struct fault *f);

/* The connection of the calling worker thread; set by the worker pool, NULL elsewhere. */
struct store *store_mine(void);
void store_set_mine(struct store *s);

#endif
