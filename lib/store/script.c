#include "store/script.h"

#include <stdlib.h>
#include <string.h>

#include "store/connection.h"

struct script {
    PGconn *db;
};

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

struct script *script_open(struct secret url, struct fault *f)
{
    static const char *const keys[] = { "connect_timeout", "dbname", "application_name", NULL };
    const char *const values[] = { "10", url.text, "chancery script", NULL };
    AUTO(PGconn) db = PQconnectdbParams(keys, values, 1);
    struct script *s;

    if (PQstatus(db) != CONNECTION_OK) {
        fault_set(f, FAULT_UNAVAILABLE, NULL, "database: %s", PQerrorMessage(db));
        return NULL;
    }
    s = calloc(1, sizeof *s);
    PQsetNoticeReceiver(db, ignore_notice, NULL);
    s->db = move(db);
    return s;
}

void script_close(struct script *s)
{
    if (!s)
        return;
    PQfinish(s->db);
    free(s);
}

static bool good(const PGresult *result, struct fault *f)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY ||
           sqlstate_fault(result, f);
}

bool script_run(struct script *s, const char *text, struct fault *f)
{
    AUTO(PGresult) result = PQexec(s->db, text);

    return good(result, f);
}

bool script_ask(struct script *s, struct arena *a, const char *text, const char *const *params,
                int count, const char **first, struct fault *f)
{
    AUTO(PGresult) result = PQexecParams(s->db, text, count, NULL, params, NULL, NULL, 0);

    if (!good(result, f))
        return false;
    if (first)
        *first = PQntuples(result) && PQnfields(result) && !PQgetisnull(result, 0, 0)
                     ? arena_strdup(a, PQgetvalue(result, 0, 0))
                     : NULL;
    return true;
}

static char *quoted(struct arena *a, const char *s, char quote)
{
    struct text t;

    text_init(&t, a);
    text_add_char(&t, quote);
    for (; *s; s++) {
        if (*s == quote)
            text_add_char(&t, quote);
        text_add_char(&t, *s);
    }
    text_add_char(&t, quote);
    return t.data;
}

char *script_identifier(struct arena *a, const char *name)
{
    return quoted(a, name, '"');
}

/* Backslashes mean nothing in '...' since standard_conforming_strings. */
char *script_literal(struct arena *a, const char *value)
{
    return quoted(a, value, '\'');
}

static bool password_set(struct script *s, struct arena *a, const char *role, const char *verifier,
                         struct fault *f)
{
    return script_run(s,
                      arena_format(a, "ALTER ROLE %s PASSWORD %s", script_identifier(a, role),
                                   script_literal(a, verifier)),
                      f);
}

bool script_password(struct script *s, struct arena *a, const char *role, struct secret password,
                     struct fault *f)
{
    char *verifier = PQencryptPasswordConn(s->db, password.text, role, "scram-sha-256");
    bool ok = verifier ? password_set(s, a, role, verifier, f)
                       : fault_set(f, FAULT_INTERNAL, NULL, "%s", PQerrorMessage(s->db));

    PQfreemem(verifier);
    return ok;
}
