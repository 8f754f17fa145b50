/* socket - what all sockets of the bus have in common. */
#ifndef BUS_SOCKET_H
#define BUS_SOCKET_H

#include <stdbool.h>
#include <zmq.h>

#include "base/clock.h"

enum {
    BUS_CREDIT = 256, /* calls that one peer may owe us at a time */
    BUS_HEARTBEAT_MIN_MS = 50
};

/* One row of a list of options that ends with { 0, 0 }. */
struct socket_option {
    int option, value;
};

bool socket_set(void *socket, const struct socket_option *options);

/* Bounded queues, bounded messages, heartbeats, no lingering. */
bool socket_limit(void *socket, struct duration heartbeat);

/* Receives one message of exactly `count` frames without waiting; the caller closes them. Of
 * anything else the rest is thrown away and `frames` is left empty. */
enum socket_got { SOCKET_NOTHING, SOCKET_MESSAGE, SOCKET_GARBAGE };
enum socket_got socket_receive(void *socket, zmq_msg_t *frames, int count);

/* Around whatever reads the bytes of a received frame. They were written by libzmq's thread, and
 * how that is ordered before our reading ThreadSanitizer cannot see: libzmq is not instrumented. */
#ifdef __SANITIZE_THREAD__
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
#define SOCKET_READS_BEGIN() AnnotateIgnoreReadsBegin(__FILE__, __LINE__)
#define SOCKET_READS_END()   AnnotateIgnoreReadsEnd(__FILE__, __LINE__)
#else
#define SOCKET_READS_BEGIN() ((void)0)
#define SOCKET_READS_END()   ((void)0)
#endif

#endif
