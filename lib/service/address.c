#include "service/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

static bool port_read(const char *text, in_port_t *out)
{
    int64_t port;
    if (!int64_read(text, &port) || port < 0 || port > UINT16_MAX)
        return false;
    *out = htons((uint16_t)port);
    return true;
}

static bool v4_read(const char *host, const char *port, struct address *out)
{
    out->v4.sin_family = AF_INET;
    out->size = sizeof out->v4;
    return inet_pton(AF_INET, host, &out->v4.sin_addr) == 1 && port_read(port, &out->v4.sin_port);
}

static bool v6_read(const char *host, const char *port, struct address *out)
{
    out->v6.sin6_family = AF_INET6;
    out->size = sizeof out->v6;
    return inet_pton(AF_INET6, host, &out->v6.sin6_addr) == 1 &&
           port_read(port, &out->v6.sin6_port);
}

bool address_read(const char *text, struct address *out)
{
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *colon = strrchr(text, ':');
    memset(out, 0, sizeof *out);
    if (!colon || (size_t)(colon - text) >= sizeof host)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    size_t length = strlen(host);
    if (host[0] != '[')
        return v4_read(host, colon + 1, out);
    if (host[length - 1] != ']')
        return false;
    host[length - 1] = 0;
    return v6_read(host + 1, colon + 1, out);
}

int address_listen(const struct address *address)
{
    int on = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address->any, address->size) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

uint16_t address_port(int fd)
{
    struct address own = { .size = sizeof own.v6 };
    getsockname(fd, &own.any, &own.size);
    return ntohs(own.any.sa_family == AF_INET6 ? own.v6.sin6_port : own.v4.sin_port);
}
