/* address - where a listener listens: numbers only, nothing is resolved. */
#ifndef SERVICE_ADDRESS_H
#define SERVICE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t size;
};

/* "127.0.0.1:8080", "[::1]:8080", port 0 for any. */
bool address_read(const char *text, struct address *out);

/* A listening, non-blocking TCP socket, or -1 and errno. */
int address_listen(const struct address *address);

/* The port that a listening socket was given. */
uint16_t address_port(int fd);

#endif
