#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "http_connection.h"
#include "service/address.h"
#include "service/metrics.h"

/* MHD asks nobody in when it is full. Those that were cut to make room leave a moment later. */
enum { MEMORY_PER_CONNECTION = 32 * 1024, LEAVING = 64 };

/* The lock is for those who wait for zero, which somebody does only after `draining` was set. */
void count_change(struct http *h, atomic_int *count, int by)
{
    if (atomic_fetch_add(count, by) + by != 0 || !atomic_load(&h->draining))
        return;
    pthread_mutex_lock(&h->idle_lock);
    pthread_cond_broadcast(&h->idle);
    pthread_mutex_unlock(&h->idle_lock);
}

/* What the library says of this host. All else it says of what a client did, which anybody can do
 * as often as he likes: that is counted. */
static bool is_of_this_host(const char *line)
{
    static const char *const beginnings[] = { "Call to ", "Error accepting ", "Failed to set ",
                                              "Failed to start ", "Hit process " };
    size_t i = 0, count = sizeof beginnings / sizeof *beginnings;
    while (i < count && strncmp(line, beginnings[i], strlen(beginnings[i])) != 0)
        i++;
    return i < count;
}

static void log_line(void *context, const char *format, va_list args)
{
    char line[256];
    (void)context;
    vsnprintf(line, sizeof line, format, args);
    const char *text = line;
    line[strcspn(line, "\n")] = 0;
    metric_add(METRIC_HTTP_LIBRARY, 1);
    log_write(is_of_this_host(line) ? LOG_WARN : LOG_DEBUG, "libmicrohttpd",
              (const struct log_member[]){ LOG_TEXT("text", text), { .key = NULL } });
}

static int open_listener(const char *listen, uint16_t *port, struct fault *f)
{
    struct address address;
    if (!address_read(listen, &address)) {
        fault_set(f, FAULT_INVALID, "LISTEN", "is no address: %s", listen);
        return -1;
    }
    int fd = address_listen(&address);
    if (fd < 0)
        fault_set(f, FAULT_UNAVAILABLE, "LISTEN", "%s: %s", listen, strerror(errno));
    else
        *port = address_port(fd);
    return fd;
}

static bool start_daemon(struct http *h, struct fault *f)
{
    const struct http_options *o = &h->options;
    int fd = open_listener(o->listen, &h->port, f);
    if (fd < 0)
        return false;
    h->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        connection_admit, h, request_access, h, MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(o->connections + LEAVING), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(o->receive.us / 1000000 + 1), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_URI_LOG_CALLBACK, head_target_seen, h,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        request_completed, h, MHD_OPTION_NOTIFY_CONNECTION, connection_notify, h, MHD_OPTION_END);
    if (h->daemon)
        return true;
    close(fd);
    return fault_set(f, FAULT_UNAVAILABLE, "LISTEN", "%s: cannot be served", o->listen);
}

static void init_locks(struct http *h)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->idle_lock, NULL);
    pthread_cond_init(&h->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&h->connections_lock, NULL);
    pthread_mutex_init(&h->shares_lock, NULL);
    pthread_mutex_init(&h->queue.lock, NULL);
    pthread_cond_init(&h->queue.filled, NULL);
    TAILQ_INIT(&h->headless);
}

struct http *http_start(const struct http_options *options, struct fault *f)
{
    struct http *h = calloc(1, sizeof *h);
    h->options = *options;
    arena_init(&h->arena);
    init_locks(h);
    h->router = router_new(options->families, f);
    if (!h->router || !proxy_list_read(options->trusted_proxies, &h->proxies, f)) {
        http_free(h);
        return NULL;
    }
    record_start(h);
    work_start(h);
    wheel_start(h);
    if (start_daemon(h, f))
        return h;
    wheel_stop(h);
    work_stop(h);
    http_free(h);
    return NULL;
}

/* Waits until a count is zero or the time is over. */
static void await_zero(struct http *h, atomic_int *count, struct duration most)
{
    struct tick end = tick_after(most);
    struct timespec until = { end.us / 1000000, end.us % 1000000 * 1000 };
    int late = 0;
    pthread_mutex_lock(&h->idle_lock);
    while (atomic_load(count) && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&h->idle, &h->idle_lock, &until);
    pthread_mutex_unlock(&h->idle_lock);
}

void http_stop(struct http *h)
{
    atomic_store(&h->draining, true);
    int listener = MHD_quiesce_daemon(h->daemon);
    if (listener >= 0)
        close(listener);
    await_zero(h, &h->waiting, h->options.drain);
    wheel_close(h);
    await_zero(h, &h->waiting, days(1)); /* claimed ones are being rendered */
    await_zero(h, &h->unsent, seconds(2));
    wheel_stop(h);
    work_stop(h);
    MHD_stop_daemon(h->daemon);
}

void http_free(struct http *h)
{
    if (!h)
        return;
    if (atomic_load(&h->alive)) { /* freeing what they hold on to would be worse */
        log_error("calls were never answered", LOG_INT("count", atomic_load(&h->alive)));
        return;
    }
    record_stop(h);
    router_free(h->router);
    pthread_cond_destroy(&h->queue.filled);
    pthread_mutex_destroy(&h->queue.lock);
    pthread_mutex_destroy(&h->shares_lock);
    pthread_mutex_destroy(&h->connections_lock);
    pthread_cond_destroy(&h->idle);
    pthread_mutex_destroy(&h->idle_lock);
    arena_free(&h->arena);
    free(h);
}

uint16_t http_port(const struct http *h)
{
    return h->port;
}

bool http_ready(struct http *h, struct fault *f)
{
    int64_t waits = work_oldest(h).us;
    if (!connections_have_room(h))
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "all %d connections are taken",
                         h->options.connections);
    return waits < h->options.deadline.us / 2 ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "a request has waited for a worker for %d s",
                     (int)(waits / 1000000));
}
