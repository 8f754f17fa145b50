/* Connections, and the cutting of slow ones. MHD's own time-out starts anew with every byte, so a
 * client that sends one now and then would hold its connection for ever. Here a whole request has
 * to come, and its answer to go, within options.receive. */
#include "http_connection.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "service/metrics.h"

static void open_connection(struct http *h, struct MHD_Connection *c, void **context)
{
    struct connection *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    atomic_store(&n->since, tick_now().us);
    pthread_mutex_lock(&h->connections_lock);
    n->next = h->connections;
    n->link = &h->connections;
    if (n->next)
        n->next->link = &n->next;
    h->connections = n;
    pthread_mutex_unlock(&h->connections_lock);
    metric_add(METRIC_HTTP_CONNECTIONS, 1);
    *context = n;
}

/* MHD closes the socket after this, so what is in the list is open. */
static void close_connection(struct http *h, struct connection *n)
{
    pthread_mutex_lock(&h->connections_lock);
    *n->link = n->next;
    if (n->next)
        n->next->link = n->link;
    pthread_mutex_unlock(&h->connections_lock);
    metric_add(METRIC_HTTP_CONNECTIONS, -1);
    free(n);
}

void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        open_connection(door, c, context);
    else if (*context)
        close_connection(door, *context);
}

struct connection *connection_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void connection_mark(struct request *r, bool waits_for_us)
{
    atomic_store_explicit(&r->peer->since, waits_for_us ? 0 : tick_now().us, memory_order_relaxed);
}

void connections_cut(struct http *h)
{
    int64_t oldest = tick_now().us - h->options.receive.us;
    pthread_mutex_lock(&h->connections_lock);
    for (struct connection *n = h->connections; n; n = n->next) {
        int64_t since = atomic_load_explicit(&n->since, memory_order_relaxed);
        if (since == 0 || since > oldest)
            continue;
        metric_add(METRIC_HTTP_SLOW_CLIENTS, 1);
        atomic_store_explicit(&n->since, 0, memory_order_relaxed);
        shutdown(n->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&h->connections_lock);
}
