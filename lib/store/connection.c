#include "store/connection.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "store/counts.h"

/* How long a server is listened to after its time is up: it says at once what became of what it was
 * told to give up, and else it is no longer there. */
#define GRACE milliseconds(500)

/* What one round trip carries. A NULL `sql` means the plain `text`. */
struct exchange {
    struct store *store;
    const struct sql *sql;
    const char *text;
    const struct row_param *params;
    size_t count;
    bool describe;
    bool prepares; /* the server is to learn the statement's name */
    int ahead;     /* commands sent before the statement itself */
    int good;      /* results that were no faults */
    bool whole;    /* the answer was read to its end */
    bool canceled; /* its time was up */
    struct tick deadline;
    struct fault *fault;
};

static struct {
    _Atomic int64_t open, busy, statements, connected, refused, lost;
} counts;

static void count(_Atomic int64_t *what, int64_t n)
{
    atomic_fetch_add_explicit(what, n, memory_order_relaxed);
}

void store_count(struct store_counts *out)
{
    *out = (struct store_counts){ counts.open,      counts.busy,    counts.statements,
                                  counts.connected, counts.refused, counts.lost };
}

void connection_drop(struct store *s)
{
    if (s->db) {
        PQfinish(s->db);
        count(&counts.open, -1);
    }
    s->db = NULL;
    s->stale = false;
    prepared_clear(&s->prepared);
}

static void connect_later(struct store *s)
{
    struct duration twice = { s->pause.us * 2 };

    s->pause = s->pause.us == 0 ? milliseconds(50) : twice;
    if (s->pause.us > seconds(2).us)
        s->pause = seconds(2);
    s->retry_at = tick_after(s->pause);
}

static bool connect_now(struct exchange *x)
{
    struct store *s = x->store;

    if (s->pause.us && tick_left(s->retry_at).us)
        return fault_set(x->fault, FAULT_UNAVAILABLE, NULL, "database: down, tried a moment ago");
    s->db = connection_open(s->url, s->application, x->deadline, x->fault);
    count(s->db ? &counts.connected : &counts.refused, 1);
    if (!s->db) {
        connect_later(s);
        return false;
    }
    count(&counts.open, 1);
    s->pause = (struct duration){ 0 };
    return true;
}

/* Inside a transaction a lost connection is a fault; outside it is replaced before it is used. */
static bool connected(struct exchange *x)
{
    struct store *s = x->store;

    if (s->db && s->transaction != TRANSACTION_OPEN && !connection_alive(s->db))
        connection_drop(s);
    return s->db || connect_now(x);
}

static bool send_text(PGconn *db, const char *text)
{
    return PQsendQueryParams(db, text, 0, NULL, NULL, NULL, NULL, 1);
}

/* Does the server keep it by its name? */
static bool named(const struct exchange *x)
{
    return x->describe || (x->sql && x->store->prepare && !x->sql->once);
}

static bool send_statement(struct exchange *x)
{
    PGconn *db = x->store->db;
    const char *values[SQL_PARAMS_MAX];
    int sizes[SQL_PARAMS_MAX], formats[SQL_PARAMS_MAX];
    Oid types[SQL_PARAMS_MAX];

    for (size_t i = 0; i < x->count; i++) {
        types[i] = x->params[i].type;
        values[i] = x->params[i].data;
        sizes[i] = x->params[i].size;
        formats[i] = 1;
    }
    if (!named(x))
        return PQsendQueryParams(db, x->sql->text, (int)x->count, types, values, sizes, formats, 1);
    if (x->prepares && !PQsendPrepare(db, x->sql->name, x->sql->text, (int)x->count, types))
        return false;
    if (x->describe)
        return PQsendDescribePrepared(db, x->sql->name);
    return PQsendQueryPrepared(db, x->sql->name, (int)x->count, values, sizes, formats, 1);
}

/* Neither is possible in a transaction that has failed. */
static bool send_forget(struct exchange *x)
{
    struct store *s = x->store;

    if (!s->stale || !x->sql || s->transaction == TRANSACTION_OPEN)
        return true;
    prepared_clear(&s->prepared);
    s->stale = false;
    x->ahead++;
    return send_text(s->db, "DEALLOCATE ALL");
}

static bool send_begin(struct exchange *x)
{
    if (x->store->transaction != TRANSACTION_DUE)
        return true;
    x->ahead++;
    return send_text(x->store->db, "BEGIN");
}

/* Our roles have one plan for each statement, by way of the indexes (db/migrations/0001_roles.sql).
 * A statement whose text depends on what is asked has a plan for these values, made with all means,
 * up to the end of its round trip (or of the transaction that is open). */
static bool send_freedom(struct exchange *x)
{
    static const char free[] = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
                               " set_config('enable_seqscan', 'on', true),"
                               " set_config('enable_bitmapscan', 'on', true),"
                               " set_config('enable_hashjoin', 'on', true),"
                               " set_config('enable_mergejoin', 'on', true),"
                               /* beginning workers takes longer than most of these statements */
                               " set_config('max_parallel_workers_per_gather', '0', true)";

    if (!x->sql || !x->sql->once)
        return true;
    x->ahead++;
    return send_text(x->store->db, free);
}

static bool send_all(struct exchange *x)
{
    struct store *s = x->store;

    if (!send_forget(x) || !send_begin(x) || !send_freedom(x))
        return false;
    x->prepares = named(x) && !prepared_has(&s->prepared, x->sql);
    x->ahead += x->prepares;
    return (x->sql ? send_statement(x) : send_text(s->db, x->text)) && PQpipelineSync(s->db) &&
           connection_flush(s->db, x->deadline);
}

static bool result_is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

/* Reads up to the end of the round trip. The answer is the first result that failed, else the last;
 * NULL when there was none. */
static PGresult *receive(struct exchange *x)
{
    PGconn *db = x->store->db;
    AUTO(PGresult) answer = NULL;

    while (!x->whole && connection_wait_result(db, x->deadline)) {
        AUTO(PGresult) next = PQgetResult(db);

        x->whole = next && PQresultStatus(next) == PGRES_PIPELINE_SYNC;
        if (next && !x->whole && (!answer || result_is_good(answer))) {
            PQclear(answer);
            answer = move(next);
            x->good += result_is_good(answer);
        }
        if (PQstatus(db) == CONNECTION_BAD)
            break;
    }
    return move(answer);
}

/* Its locks must not outlive the caller's patience. Within a transaction nobody asks what became of
 * one statement: all of it is lost. That it was given up is believed; a success is not, since a
 * commit that is canceled while it waits for a replica is one. */
static PGresult *give_up(struct exchange *x, PGresult *so_far)
{
    struct tick deadline = x->deadline;
    AUTO(PGresult) early = so_far;
    AUTO(PGresult) late = NULL;

    x->canceled = true;
    connection_cancel(x->store->db);
    if (x->store->transaction != TRANSACTION_NONE)
        return move(early);
    x->deadline = tick_after(GRACE);
    late = receive(x);
    x->deadline = deadline;
    x->whole = x->whole && late && !result_is_good(late);
    return x->whole ? move(late) : move(early);
}

/* The server's last word, if it had one. What became of the statement is not known. */
static void lost(struct exchange *x, const PGresult *last)
{
    bool late = tick_left(x->deadline).us == 0;
    count(&counts.lost, 1);
    const char *word = last && !result_is_good(last) ? PQresultErrorMessage(last) : NULL;

    fault_set(x->fault, FAULT_UNAVAILABLE, NULL, "database: %s",
              word   ? word
              : late ? "no answer in time"
                     : PQerrorMessage(x->store->db));
}

/* A migration may change what a prepared statement returns, and a pooler may forget it. */
static bool plan_is_gone(const struct exchange *x, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state && named(x) && !x->prepares &&
           (!strcmp(state, "0A000") || !strcmp(state, "26000"));
}

static void fail(struct exchange *x, const PGresult *result)
{
    struct store *s = x->store;

    if (!x->whole || !result)
        lost(x, result);
    else
        sqlstate_fault(result, x->fault);
    count(&counts.lost, x->fault->code == FAULT_TOO_SLOW);
    if (x->whole && result && sqlstate_stops_writes(result))
        writable_failed(x->fault);
    if (x->fault->code == FAULT_UNAVAILABLE)
        connection_drop(s);
    else if (plan_is_gone(x, result)) {
        s->stale = true;
        fault_set(x->fault, FAULT_CONFLICT, NULL, "the plan of %s is outdated", x->sql->name);
    }
}

static PGresult *exchange_once(struct exchange *x)
{
    struct store *s = x->store;
    AUTO(PGresult) result = NULL;

    x->ahead = x->good = 0;
    x->whole = x->canceled = false;
    if (!connected(x))
        return NULL;
    if (send_all(x)) {
        result = receive(x);
        if (!x->whole && tick_left(x->deadline).us == 0 && PQstatus(s->db) == CONNECTION_OK)
            result = give_up(x, move(result));
    }
    if (x->whole && x->prepares && x->good >= x->ahead)
        prepared_add(&s->prepared, x->sql); /* known even if the statement itself failed */
    bool ok = x->whole && result && result_is_good(result);
    if (!ok)
        fail(x, result);
    if (x->canceled)
        connection_drop(s);
    return ok ? move(result) : NULL;
}

static PGresult *exchange(struct exchange *x)
{
    struct store *s = x->store;
    PGresult *result;

    if (s->transaction == TRANSACTION_BROKEN) {
        *x->fault = s->broken;
        return NULL;
    }
    x->deadline = tick_after(s->timeout);
    count(&counts.statements, 1);
    count(&counts.busy, 1);
    result = exchange_once(x);
    if (!result && s->stale && s->transaction == TRANSACTION_NONE)
        result = exchange_once(x);
    count(&counts.busy, -1);
    s->effective = result;
    if (s->transaction != TRANSACTION_NONE)
        s->transaction = result ? TRANSACTION_OPEN : TRANSACTION_BROKEN;
    if (!result)
        s->broken = *x->fault;
    return result;
}

PGresult *connection_execute(struct store *s, const struct sql *sql, const struct row_param *params,
                             size_t count, struct fault *f)
{
    return exchange(
        &(struct exchange){ .store = s, .sql = sql, .params = params, .count = count, .fault = f });
}

PGresult *connection_command(struct store *s, const char *text, struct fault *f)
{
    return exchange(&(struct exchange){ .store = s, .text = text, .fault = f });
}

PGresult *connection_describe(struct store *s, const struct sql *sql, const uint32_t *types,
                              size_t count, struct fault *f)
{
    struct row_param params[SQL_PARAMS_MAX];

    for (size_t i = 0; i < count; i++)
        params[i] = (struct row_param){ .type = types[i] };
    return exchange(&(struct exchange){
        .store = s, .sql = sql, .params = params, .count = count, .describe = true, .fault = f });
}
