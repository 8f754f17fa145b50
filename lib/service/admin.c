#include "service/admin.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "service/address.h"

#define REQUEST_TIME seconds(2)
#define ANSWER_TIME  seconds(10)

/* The library's own bounds are behind ours: those that were cut count there until it has noticed. */
enum { LIBRARY_CONNECTIONS = 2 * ADMIN_CONNECTIONS, LIBRARY_TIMEOUT_S = 15 };

struct connection {
    struct connection *next, *previous;
    struct tick due;
    int fd;
    bool cut;
};

struct admin {
    const struct admin_page *pages;
    void *context;
    uint16_t port;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* of the connections, the oldest first */
    struct connection *first, *last;
    int open; /* and not cut */
};

/* ---- connections */

static void cut(struct admin *a, struct connection *c)
{
    c->cut = true;
    a->open--;
    shutdown(c->fd, SHUT_RDWR);
}

static void cut_late(struct admin *a)
{
    for (struct connection *c = a->first; c; c = c->next)
        if (!c->cut && tick_left(c->due).us == 0)
            cut(a, c);
}

static void cut_oldest(struct admin *a)
{
    struct connection *c = a->first;
    while (c && c->cut)
        c = c->next;
    if (c)
        cut(a, c);
}

static void opened(struct admin *a, struct MHD_Connection *connection, void **context)
{
    struct connection *c = calloc(1, sizeof *c);
    c->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    c->due = tick_after(REQUEST_TIME);
    pthread_mutex_lock(&a->lock);
    cut_late(a);
    if (a->open == ADMIN_CONNECTIONS)
        cut_oldest(a);
    c->previous = a->last;
    *(a->last ? &a->last->next : &a->first) = c;
    a->last = c;
    a->open++;
    pthread_mutex_unlock(&a->lock);
    *context = c;
}

/* The library closes the socket after this, so what is in the list is open. */
static void closed(struct admin *a, struct connection *c)
{
    pthread_mutex_lock(&a->lock);
    *(c->previous ? &c->previous->next : &a->first) = c->next;
    *(c->next ? &c->next->previous : &a->last) = c->previous;
    a->open -= !c->cut;
    pthread_mutex_unlock(&a->lock);
    free(c);
}

static void notify(void *admin, struct MHD_Connection *connection, void **context,
                   enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        opened(admin, connection, context);
    else if (*context)
        closed(admin, *context);
}

void admin_cut(struct admin *a)
{
    pthread_mutex_lock(&a->lock);
    cut_late(a);
    pthread_mutex_unlock(&a->lock);
}

/* ---- answers */

static void answer_begins(struct admin *a, struct MHD_Connection *connection)
{
    struct connection *c =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    pthread_mutex_lock(&a->lock);
    c->due = tick_after(ANSWER_TIME);
    pthread_mutex_unlock(&a->lock);
}

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status, const char *type,
                                 struct text *out)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(out->length, out->data, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer(struct admin *admin, struct MHD_Connection *c, const char *url)
{
    struct arena a;
    struct text out;
    unsigned status = MHD_HTTP_NOT_FOUND;
    const char *type = "application/json";
    const struct admin_page *page = admin->pages;
    arena_init(&a);
    text_init(&out, &a);
    while (page->path && strcmp(url, page->path) != 0)
        page++;
    if (page->path) {
        status = page->write(admin->context, &out);
        type = page->type;
    } else {
        text_add(&out, "{\"status\":\"not found\"}");
    }
    answer_begins(admin, c);
    enum MHD_Result result = send_text(c, status, type, &out);
    arena_free(&a);
    return result;
}

/* Bodies are read and forgotten; the answer comes when the request is whole. */
static enum MHD_Result access_page(void *admin, struct MHD_Connection *c, const char *url,
                                   const char *method, const char *version, const char *data,
                                   size_t *size, void **seen)
{
    static char mark;
    (void)version, (void)data;
    if (!*seen) {
        *seen = &mark;
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    return answer(admin, c, reads ? url : "");
}

/* ---- start and stop */

static bool listen_on(struct admin *a, const char *listen, struct fault *f)
{
    struct address address;
    if (!address_read(listen, &address))
        return fault_set(f, FAULT_INVALID, "ADMIN_LISTEN", "is no address: %s", listen);
    int fd = address_listen(&address);
    if (fd < 0)
        return fault_set(f, FAULT_UNAVAILABLE, "ADMIN_LISTEN", "%s: %s", listen, strerror(errno));
    a->port = address_port(fd);
    a->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, access_page, a, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)LIBRARY_TIMEOUT_S, MHD_OPTION_NOTIFY_CONNECTION, notify, a, MHD_OPTION_END);
    if (a->daemon)
        return true;
    close(fd);
    return fault_set(f, FAULT_UNAVAILABLE, "ADMIN_LISTEN", "%s: cannot be served", listen);
}

struct admin *admin_start(const char *listen, const struct admin_page *pages, void *context,
                          struct fault *f)
{
    struct admin *a = calloc(1, sizeof *a);
    a->pages = pages;
    a->context = context;
    pthread_mutex_init(&a->lock, NULL);
    if (listen_on(a, listen, f))
        return a;
    pthread_mutex_destroy(&a->lock);
    free(a);
    return NULL;
}

void admin_stop(struct admin *a)
{
    MHD_stop_daemon(a->daemon);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

uint16_t admin_port(const struct admin *a)
{
    return a->port;
}
