#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "store/connection.h"

/* So many wait for a server that does not even take their connection; who comes then is let be. */
enum { CANCELS_MAX = 8 };

static atomic_int under_way;

static void *cancel(void *arg)
{
    PGcancel *request = arg;
    char why[256] = "";

    if (!PQcancel(request, why, sizeof why))
        log_warn("a statement could not be canceled", LOG_TEXT("text", why));
    PQfreeCancel(request);
    atomic_fetch_sub(&under_way, 1);
    return NULL;
}

/* libpq waits for the server with no deadline of ours, so it does that on a thread. */
void connection_cancel(PGconn *db)
{
    PGcancel *request = NULL;
    pthread_t thread;

    if (atomic_fetch_add(&under_way, 1) < CANCELS_MAX && (request = PQgetCancel(db)) &&
        pthread_create(&thread, NULL, cancel, request) == 0) {
        pthread_detach(thread);
        return;
    }
    PQfreeCancel(request);
    atomic_fetch_sub(&under_way, 1);
}
