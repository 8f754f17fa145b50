#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "message/field.h"
#include "store/connection.h"
#include "store/input.h"

struct store *store_new(const struct store_options *options)
{
    struct store *s = calloc(1, sizeof *s);

    s->url = strdup(options->url.text ? options->url.text : "");
    s->application = strdup(options->application ? options->application : "chancery");
    s->prepare = options->prepare;
    s->timeout = options->timeout.us > 0 ? options->timeout : seconds(5);
    return s;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    store_rollback(s);
    connection_drop(s);
    free(s->url);
    free(s->application);
    free(s);
}

/* One statement under way, its input and its answer. */
struct run {
    struct store *store;
    struct arena *arena;
    const struct sql *sql;
    struct fault *fault;
    struct row_column *columns;
    size_t column_count;
    struct row_value *values;
};

static PGresult *run_send(struct run *r, const struct input *input)
{
    struct row_param params[SQL_PARAMS_MAX];
    size_t n;

    assert(input->in[0]->descriptor == r->sql->in);
    r->store->effective = false;
    for (n = 0; n < SQL_PARAMS_MAX && r->sql->params[n]; n++)
        if (!input_bind(r->arena, r->sql, r->sql->params[n], input, &params[n], r->fault))
            return NULL;
    return connection_execute(r->store, r->sql, params, n, r->fault);
}

static bool run_open_rows(struct run *r, const PGresult *result)
{
    r->column_count = (size_t)PQnfields(result);
    r->columns = arena_array(r->arena, struct row_column, r->column_count);
    r->values = arena_array(r->arena, struct row_value, r->column_count);
    for (size_t i = 0; i < r->column_count; i++) {
        r->columns[i].name = arena_strdup(r->arena, PQfname(result, (int)i));
        r->columns[i].type = PQftype(result, (int)i);
    }
    return row_resolve(r->sql->out, r->columns, r->column_count, r->fault);
}

static bool run_read_row(struct run *r, const PGresult *result, int row, ProtobufCMessage *out)
{
    for (int i = 0; i < (int)r->column_count; i++)
        r->values[i] =
            (struct row_value){ (const uint8_t *)PQgetvalue(result, row, i),
                                (size_t)PQgetlength(result, row, i), PQgetisnull(result, row, i) };
    return row_read(r->arena, r->columns, r->column_count, r->values, out, r->fault);
}

static bool run_read_all(struct run *r, const PGresult *result, struct rows *out)
{
    out->count = (size_t)PQntuples(result);
    out->items = arena_array(r->arena, ProtobufCMessage *, out->count);
    if (!run_open_rows(r, result))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        out->items[i] = message_new(r->arena, r->sql->out);
        if (!run_read_row(r, result, (int)i, out->items[i]))
            return false;
    }
    return true;
}

/* Where one asks. */
static PGresult *run_send_one(struct run *r, const Caller *const *caller,
                              const ProtobufCMessage *const *in)
{
    return run_send(r, &(struct input){ .in = in, .callers = caller, .count = 1 });
}

bool store_maybe_by(struct store *s, struct arena *a, const struct sql *sql, const Caller *caller,
                    const ProtobufCMessage *in, ProtobufCMessage *out, bool *found, struct fault *f)
{
    struct run r = { .store = s, .arena = a, .sql = sql, .fault = f };
    AUTO(PGresult) result = run_send_one(&r, &caller, &in);

    assert(!sql->set && out->descriptor == sql->out);
    *found = result && PQntuples(result) > 0;
    if (!result || !*found)
        return result;
    if (PQntuples(result) > 1)
        return fault_set(f, FAULT_INTERNAL, NULL, "%s gave more than one row", sql->name);
    return run_open_rows(&r, result) && run_read_row(&r, result, 0, out);
}

bool store_maybe(struct store *s, struct arena *a, const struct sql *sql,
                 const ProtobufCMessage *in, ProtobufCMessage *out, bool *found, struct fault *f)
{
    return store_maybe_by(s, a, sql, NULL, in, out, found, f);
}

bool store_one_by(struct store *s, struct arena *a, const struct sql *sql, const Caller *caller,
                  const ProtobufCMessage *in, ProtobufCMessage *out, struct fault *f)
{
    bool found;

    return store_maybe_by(s, a, sql, caller, in, out, &found, f) &&
           (found || fault_set(f, FAULT_NOT_FOUND, NULL, "%s gave no row", sql->name));
}

bool store_one(struct store *s, struct arena *a, const struct sql *sql, const ProtobufCMessage *in,
               ProtobufCMessage *out, struct fault *f)
{
    return store_one_by(s, a, sql, NULL, in, out, f);
}

bool store_all_by(struct store *s, struct arena *a, const struct sql *sql, const Caller *caller,
                  const ProtobufCMessage *in, struct rows *out, struct fault *f)
{
    struct run r = { .store = s, .arena = a, .sql = sql, .fault = f };
    AUTO(PGresult) result = run_send_one(&r, &caller, &in);

    assert(!sql->set);
    return result && run_read_all(&r, result, out);
}

bool store_all(struct store *s, struct arena *a, const struct sql *sql, const ProtobufCMessage *in,
               struct rows *out, struct fault *f)
{
    return store_all_by(s, a, sql, NULL, in, out, f);
}

bool store_set_by(struct store *s, struct arena *a, const struct sql *sql,
                  const Caller *const *callers, const ProtobufCMessage *const *in, size_t count,
                  struct rows *out, struct fault *f)
{
    struct run r = { .store = s, .arena = a, .sql = sql, .fault = f };
    AUTO(PGresult) result = NULL;

    assert(sql->set && (out || sql->rows == SQL_NONE));
    if (out)
        *out = (struct rows){ 0 };
    if (count == 0)
        return true;
    result = run_send(&r, &(struct input){ .in = in, .callers = callers, .count = count });
    return result && (!out || run_read_all(&r, result, out));
}

bool store_set(struct store *s, struct arena *a, const struct sql *sql,
               const ProtobufCMessage *const *in, size_t count, struct rows *out, struct fault *f)
{
    return store_set_by(s, a, sql, NULL, in, count, out, f);
}

bool store_run(struct store *s, struct arena *a, const struct sql *sql, const ProtobufCMessage *in,
               size_t *affected, struct fault *f)
{
    struct run r = { .store = s, .arena = a, .sql = sql, .fault = f };
    const Caller *nobody = NULL;
    AUTO(PGresult) result = run_send_one(&r, &nobody, &in);

    assert(!sql->set && sql->rows == SQL_NONE);
    if (result && affected)
        *affected = (size_t)strtoull(PQcmdTuples(result), NULL, 10);
    return result;
}

bool store_took_effect(const struct store *s)
{
    return s->effective;
}

bool store_ping(struct store *s, struct fault *f)
{
    AUTO(PGresult) result = connection_command(s, "SELECT 1", f);

    return result;
}

static _Thread_local struct store *mine;

struct store *store_mine(void)
{
    return mine;
}

void store_set_mine(struct store *s)
{
    mine = s;
}
