/* A door: its address, its rows, and the daemon of libmicrohttpd behind it.
 *
 * The daemon runs one thread, the HTTP thread of the door, on which MHD calls all of
 * http_connection.h. It asks nobody in when it is full. Those that were cut to make room leave a
 * moment later. It has no time-outs: http_connection.c knows better how long each may take. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "http_connection.h"
#include "service/address.h"
#include "service/metrics.h"

enum { MEMORY_PER_CONNECTION = 32 * 1024, LEAVING = 64 };

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

static int open_listener(const struct http_door *o, uint16_t *port, struct fault *f)
{
    const char *listen = o->listen;
    struct address address;
    if (!address_read(listen, &address)) {
        fault_set(f, FAULT_INVALID, o->setting, "is no address: %s", listen);
        return -1;
    }
    int fd = address_listen(&address);
    if (fd < 0)
        fault_set(f, FAULT_UNAVAILABLE, o->setting, "%s: %s", listen, strerror(errno));
    else
        *port = address_port(fd);
    return fd;
}

bool door_read(struct http *h, const struct http_door *options, struct fault *f)
{
    struct door *d = &h->doors[h->door_count++];
    d->http = h;
    d->options = options;
    d->router = router_new(options->families, f);
    return d->router && proxy_list_read(options->trusted_proxies ? options->trusted_proxies : "",
                                        &d->proxies, f);
}

bool door_open(struct door *d, struct fault *f)
{
    const struct http_options *o = &d->http->options;
    int fd = open_listener(d->options, &d->port, f);
    if (fd < 0)
        return false;
    d->listener = fd;
    d->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
        connection_admit, d, request_access, d, MHD_OPTION_EXTERNAL_LOGGER, log_line, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(o->connections + LEAVING), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_URI_LOG_CALLBACK, head_target_seen, d,
        MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL, MHD_OPTION_NOTIFY_COMPLETED,
        request_completed, d, MHD_OPTION_NOTIFY_CONNECTION, connection_notify, d, MHD_OPTION_END);
    if (d->daemon)
        return true;
    close(fd);
    return fault_set(f, FAULT_UNAVAILABLE, d->options->setting, "%s: cannot be served",
                     d->options->listen);
}

/* MHD's thread may be about to ask epoll about the listener, or in its accept(), so that its number
 * must stay what it is until that thread has ended. Nobody is let in any more from here on. */
void door_close(struct door *d)
{
    if (d->daemon && MHD_quiesce_daemon(d->daemon) >= 0)
        shutdown(d->listener, SHUT_RDWR);
}

void door_stop(struct door *d)
{
    if (!d->daemon)
        return;
    MHD_stop_daemon(d->daemon);
    close(d->listener);
    d->daemon = NULL;
}

void door_free(struct door *d)
{
    router_free(d->router);
}
