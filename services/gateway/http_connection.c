/* Connections: how many there may be, and how long each may take. MHD's own time-out starts anew
 * with every byte, so a client that sends one now and then would hold its connection for ever, and
 * cuts who is slow and has much to read from the kernel's buffer, where MHD sees nothing move. Here
 * a head has to be whole within options.head; then the body has to come, and the answer to go,
 * within options.receive. A long answer may take as many such times as it wants, as long as the
 * client takes enough of it in each (options.pace).
 *
 * No address takes the whole door, but the proxies that we trust stand for many. When the door is
 * full, whoever comes takes the place of the one that has gone longest without a whole head.
 *
 * connections_lock guards the lists of all doors' connections and what is in each but its target.
 * HTTP threads put connections in and take them out, and say what each waits for; the deadline
 * thread looks once a second whose time is over. Under the lock only the kernel is asked, never MHD,
 * which has locks of its own and may hold them when it calls us. A connection is cut by
 * shutting its socket down, which its HTTP thread sees; it is in the lists, and its descriptor open,
 * until that thread takes it out in connection_notify(), after which MHD closes it.
 *
 * The end: MHD_stop_daemon() closes all, and each leaves the lists in the same way. */
#include "http_connection.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "service/metrics.h"

static void cut(struct http *h, struct connection *n)
{
    n->cut = true;
    n->until = 0;
    if (n->headless)
        TAILQ_REMOVE(&h->headless, n, in_headless);
    n->headless = false;
    shutdown(n->fd, SHUT_RDWR); /* MHD sees that and closes it */
}

void connection_cut(struct http *h, struct connection *n)
{
    pthread_mutex_lock(&h->connections_lock);
    cut(h, n);
    pthread_mutex_unlock(&h->connections_lock);
}

/* ---- how long */

static struct duration patience(const struct http *h, enum connection_phase phase)
{
    const struct duration all[] = { [HEAD_COMES] = h->options.head,
                                    [BODY_COMES] = h->options.receive,
                                    [IS_OURS] = { 0 },
                                    [ANSWER_GOES] = h->options.receive,
                                    [IS_IDLE] = h->options.receive };
    return all[phase];
}

static void set_phase(struct http *h, struct connection *n, enum connection_phase phase)
{
    struct duration most = patience(h, phase);
    bool headless = phase == HEAD_COMES || phase == IS_IDLE;
    n->until = most.us ? tick_after(most).us : 0;
    n->paced = false;
    if (headless && !n->headless)
        TAILQ_INSERT_TAIL(&h->headless, n, in_headless);
    if (!headless && n->headless)
        TAILQ_REMOVE(&h->headless, n, in_headless);
    n->headless = headless;
}

void connection_enter(struct http *h, struct connection *n, enum connection_phase phase)
{
    pthread_mutex_lock(&h->connections_lock);
    if (!n->cut)
        set_phase(h, n, phase);
    pthread_mutex_unlock(&h->connections_lock);
}

/* ---- how fast */

/* What the client's host has taken. Not what MHD has sent: megabytes of that wait in the kernel. */
static uint64_t acked(const struct connection *n)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    getsockopt(n->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    return info.tcpi_bytes_acked;
}

/* In all of the time that an answer has: a shorter one need not last longer. */
static uint64_t least(const struct http *h)
{
    return h->options.pace * (uint64_t)h->options.receive.us / 1000000;
}

void connection_send(struct http *h, struct connection *n, size_t size)
{
    pthread_mutex_lock(&h->connections_lock);
    if (!n->cut) {
        set_phase(h, n, ANSWER_GOES);
        n->paced = size > least(h);
        n->acked = n->paced ? acked(n) : 0;
    }
    pthread_mutex_unlock(&h->connections_lock);
}

/* Then it has as much time again. */
static bool keeps_pace(const struct http *h, struct connection *n)
{
    uint64_t before = n->acked;
    if (!n->paced)
        return false;
    n->acked = acked(n);
    n->until = tick_after(h->options.receive).us;
    return n->acked - before >= least(h);
}

void connections_cut(struct http *h)
{
    int64_t now = tick_now().us;
    struct connection *next;
    pthread_mutex_lock(&h->connections_lock);
    for (struct connection *n = LIST_FIRST(&h->connections); n; n = next) {
        next = LIST_NEXT(n, in_all);
        if (n->until == 0 || n->until > now || keeps_pace(h, n))
            continue;
        metric_add(METRIC_HTTP_SLOW_CLIENTS, 1);
        cut(h, n);
    }
    pthread_mutex_unlock(&h->connections_lock);
}

/* ---- how many */

static struct neighbours *neighbours_of(struct http *h, uint64_t network)
{
    return &h->networks[network_slot(network)];
}

static bool is_crowded(const struct door *d, const struct sockaddr *peer)
{
    struct http *h = d->http;
    uint64_t network = proxy_network(peer);
    int most = h->options.connections_per_address, count = 0;
    if (!most || proxy_is_trusted(&d->proxies, peer))
        return false;
    for (const struct connection *n = LIST_FIRST(neighbours_of(h, network)); n;
         n = LIST_NEXT(n, in_network))
        count += n->network == network;
    return count >= most;
}

static bool make_room(struct http *h)
{
    struct connection *oldest = TAILQ_FIRST(&h->headless);
    if (!oldest)
        return false;
    metric_add(METRIC_HTTP_PUSHED_OUT, 1);
    cut(h, oldest);
    return true;
}

enum MHD_Result connection_admit(void *door, const struct sockaddr *peer, socklen_t size)
{
    const struct door *d = door;
    struct http *h = d->http;
    (void)size;
    pthread_mutex_lock(&h->connections_lock);
    bool crowded = is_crowded(d, peer);
    bool room = !crowded && (h->connection_count < h->options.connections || make_room(h));
    pthread_mutex_unlock(&h->connections_lock);
    if (crowded)
        metric_add(METRIC_HTTP_CROWDED, 1);
    else if (!room)
        metric_add(METRIC_HTTP_FULL, 1);
    return room ? MHD_YES : MHD_NO;
}

bool connections_have_room(struct http *h)
{
    pthread_mutex_lock(&h->connections_lock);
    bool room = h->connection_count < h->options.connections || !TAILQ_EMPTY(&h->headless);
    pthread_mutex_unlock(&h->connections_lock);
    return room;
}

/* ---- open and closed */

static void open_connection(struct http *h, struct MHD_Connection *c, void **context)
{
    struct connection *n = calloc(1, sizeof *n);
    n->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    n->network =
        proxy_network(MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    pthread_mutex_lock(&h->connections_lock);
    LIST_INSERT_HEAD(&h->connections, n, in_all);
    LIST_INSERT_HEAD(neighbours_of(h, n->network), n, in_network);
    h->connection_count++;
    set_phase(h, n, HEAD_COMES);
    pthread_mutex_unlock(&h->connections_lock);
    metric_add(METRIC_HTTP_CONNECTIONS, 1);
    *context = n;
}

/* MHD closes the socket after this, so what is in the list is open. */
static void close_connection(struct http *h, struct connection *n)
{
    if (n->request) /* MHD knows nothing of it: it refused it before it called us */
        request_ended(n->request);
    pthread_mutex_lock(&h->connections_lock);
    LIST_REMOVE(n, in_all);
    LIST_REMOVE(n, in_network);
    if (n->headless)
        TAILQ_REMOVE(&h->headless, n, in_headless);
    h->connection_count--;
    pthread_mutex_unlock(&h->connections_lock);
    metric_add(METRIC_HTTP_CONNECTIONS, -1);
    free(n);
}

void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code)
{
    struct door *d = door;
    library_answers_for(d);
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        open_connection(d->http, c, context);
    else if (*context)
        close_connection(d->http, *context);
}

struct connection *connection_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}
