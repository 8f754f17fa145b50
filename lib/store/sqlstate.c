#include <string.h>

#include "store/connection.h"

/* Classes and codes of PostgreSQL's appendix A that mean something to callers; the first prefix
 * that matches counts, everything else is FAULT_INTERNAL. */
// clang-format off
static const struct meaning {
    const char *prefix;
    enum fault_code code;
    bool stops_writes;
} meanings[] = {
    { "40001", FAULT_CONFLICT },    /* serialization_failure */
    { "40P01", FAULT_CONFLICT },    /* deadlock_detected */
    { "55P03", FAULT_CONFLICT },    /* lock_not_available */
    { "23505", FAULT_CONFLICT },    /* unique_violation */
    { "08",    FAULT_UNAVAILABLE }, /* connection exception */
    { "25006", FAULT_UNAVAILABLE, true }, /* read_only_sql_transaction: this server was demoted */
    { "25P03", FAULT_UNAVAILABLE }, /* idle_in_transaction_session_timeout */
    { "53",    FAULT_UNAVAILABLE, true }, /* insufficient resources */
    { "57014", FAULT_TOO_SLOW },    /* query_canceled: by statement_timeout, or by us */
    { "57",    FAULT_UNAVAILABLE }, /* operator intervention */
    { "58",    FAULT_UNAVAILABLE, true }, /* system error */
};
// clang-format on

static struct meaning meaning_of(const char *state)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (!strncmp(state, meanings[i].prefix, strlen(meanings[i].prefix)))
            return meanings[i];
    return (struct meaning){ .code = FAULT_INTERNAL };
}

bool sqlstate_stops_writes(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state && meaning_of(state).stops_writes;
}

bool sqlstate_fault(const PGresult *result, struct fault *f)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);

    if (!state) /* libpq's own: the connection broke */
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "database: %s", PQresultErrorMessage(result));
    return fault_set(f, meaning_of(state).code, constraint, "%s %s", state, text ? text : "");
}
