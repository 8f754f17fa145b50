/* By hand, and not by libcurl: it would bring itself and nine libraries more into the issuer and the scheduler,
 * which speak HTTP to nobody else. */
#include "service/ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "service/address.h"
#include "service/config.h"

enum { PATIENCE_S = 3, ANSWER_MAX = 16 * 1024 };

/* Only this one setting is read: what is wrong with the others the service itself says. */
static bool listener(struct arena *a, struct address *out, struct text *bad)
{
    static struct config_item rows[2];
    struct config_shared shared = { 0 };
    struct text unknown;
    for (const struct config_item *item = config_common; item->name; item++)
        if (strcmp(item->name, "ADMIN_LISTEN") == 0)
            rows[0] = *item;
    text_init(&unknown, a);
    return config_load((struct config_table[]){ { rows, &shared }, { 0 } }, a, bad, &unknown) &&
           address_read(shared.admin, out);
}

/* Who listens on every address is asked on loopback. */
static void wildcard_replace(struct address *at)
{
    if (at->any.sa_family == AF_INET && at->v4.sin_addr.s_addr == htonl(INADDR_ANY))
        at->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (at->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&at->v6.sin6_addr))
        at->v6.sin6_addr = in6addr_loopback;
}

/* For the next step, what is left of all. False with EAGAIN: nothing is. */
static bool patience_set(int fd, struct tick deadline)
{
    int64_t left = tick_left(deadline).us;
    struct timeval most = { .tv_sec = left / 1000000, .tv_usec = left % 1000000 };
    errno = EAGAIN;
    return left > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) == 0;
}

static int dial(const struct address *at, struct tick deadline)
{
    int fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (patience_set(fd, deadline) && connect(fd, &at->any, at->size) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* The whole answer as text, or false and errno. */
static bool exchange(int fd, struct tick deadline, char answer[ANSWER_MAX])
{
    static const char request[] =
        "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    size_t size = 0;
    ssize_t got = 1;
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1)
        return false;
    while (size < ANSWER_MAX - 1 && got > 0) {
        if (!patience_set(fd, deadline))
            return false;
        got = recv(fd, answer + size, ANSWER_MAX - 1 - size, 0);
        size += got > 0 ? (size_t)got : 0;
    }
    answer[size] = '\0';
    return got >= 0;
}

static bool is_ready(const char *answer)
{
    static const char good[] = "HTTP/1.1 200 ";
    return strncmp(answer, good, sizeof good - 1) == 0;
}

static const char *body(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    return end ? end + 4 : answer;
}

static int refuse(const char *service, const char *why)
{
    fprintf(stderr, "chancery-%s: not ready: %s\n", service, why);
    return 1;
}

static int ask(const char *service, struct arena *a)
{
    struct text bad;
    struct address at = { 0 };
    struct tick deadline = tick_after(seconds(PATIENCE_S));
    char *answer = arena_alloc(a, ANSWER_MAX);
    text_init(&bad, a);
    if (!listener(a, &at, &bad))
        return refuse(service, bad.length ? bad.data : "no address to ask");
    wildcard_replace(&at);
    int fd = dial(&at, deadline);
    if (fd < 0)
        return refuse(service, strerror(errno));
    bool whole = exchange(fd, deadline, answer);
    int reason = errno;
    close(fd);
    if (!whole)
        return refuse(service, reason == EAGAIN ? "no answer in good time" : strerror(reason));
    return is_ready(answer) ? 0 : refuse(service, body(answer));
}

int ask_ready(const char *service)
{
    struct arena a;
    arena_init(&a);
    int status = ask(service, &a);
    arena_free(&a);
    return status;
}
