#include <errno.h>
#include <poll.h>

#include "base/log.h"
#include "store/connection.h"

static int left_ms(struct tick deadline)
{
    int64_t us = tick_left(deadline).us;

    return us > INT64_C(3600000000) ? 3600000 : (int)((us + 999) / 1000);
}

/* What of `events` is there, 0 when the deadline has passed. */
static int wait_events(PGconn *db, int events, struct tick deadline)
{
    struct pollfd p = { .fd = PQsocket(db), .events = (short)events };
    int ready;

    if (p.fd < 0)
        return 0;
    do
        ready = poll(&p, 1, left_ms(deadline));
    while (ready < 0 && errno == EINTR);
    return ready > 0 ? p.revents : 0;
}

static void notice(void *context, const char *text)
{
    (void)context;
    log_debug("database notice", LOG_TEXT("text", text));
}

static bool connect_poll(PGconn *db, struct tick deadline)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (status == PGRES_POLLING_WRITING || status == PGRES_POLLING_READING) {
        if (!wait_events(db, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
            return false;
        status = PQconnectPoll(db);
    }
    return status == PGRES_POLLING_OK;
}

PGconn *connection_open(const char *url, const char *application, struct tick deadline,
                        struct fault *f)
{
    static const char *const keys[] = { "dbname", "application_name", "client_encoding", NULL };
    const char *const values[] = { url, application, "UTF8", NULL };
    AUTO(PGconn) db = PQconnectStartParams(keys, values, 1);

    if (!db || PQstatus(db) == CONNECTION_BAD || !connect_poll(db, deadline)) {
        bool late = tick_left(deadline).us == 0;

        fault_set(f, FAULT_UNAVAILABLE, NULL, "database: %s",
                  late ? "no connection in time"
                  : db ? PQerrorMessage(db)
                       : "no memory");
        return NULL;
    }
    PQsetNoticeProcessor(db, notice, NULL);
    if (PQsetnonblocking(db, 1) != 0 || !PQenterPipelineMode(db)) {
        fault_set(f, FAULT_UNAVAILABLE, NULL, "database: %s", PQerrorMessage(db));
        return NULL;
    }
    return move(db);
}

/* The server may be unable to read on before we read what it says, so both are done. */
bool connection_flush(PGconn *db, struct tick deadline)
{
    int more;

    while ((more = PQflush(db)) == 1) {
        int ready = wait_events(db, POLLIN | POLLOUT, deadline);

        if (!ready || (ready & POLLIN && !PQconsumeInput(db)))
            return false;
    }
    return more == 0;
}

bool connection_wait_result(PGconn *db, struct tick deadline)
{
    while (PQisBusy(db))
        if (!wait_events(db, POLLIN, deadline) || !PQconsumeInput(db))
            return false;
    return true;
}

/* An idle connection has nothing to say, but for notices; what ends it is a last word or an end of
 * file, and reading finds the latter. */
bool connection_alive(PGconn *db)
{
    for (int i = 0; i < 4; i++) {
        struct pollfd p = { .fd = PQsocket(db), .events = POLLIN };

        if (p.fd < 0)
            return false;
        if (poll(&p, 1, 0) <= 0)
            return true;
        if (!PQconsumeInput(db))
            return false;
        PQisBusy(db); /* takes in what was read */
    }
    return PQstatus(db) == CONNECTION_OK;
}
