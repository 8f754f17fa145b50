#include "bus/socket.h"

#include "bus/bus.h"

/* libzmq counts what CURVE adds (33 bytes, RFC 26) into the size of a message. */
enum { WIRE_OVERHEAD = 64 };

enum { HANDSHAKE_MS = 2000 };

bool socket_set(void *socket, const struct socket_option *options)
{
    for (; options->option; options++) {
        if (zmq_setsockopt(socket, options->option, &options->value, sizeof options->value) != 0)
            return false;
    }
    return true;
}

/* A ping each heartbeat, and two more to answer it: who is silent for three is gone. */
bool socket_limit(void *socket, struct duration heartbeat)
{
    int beat = (int)(heartbeat.us / 1000);
    int64_t largest = BUS_MESSAGE_MAX + WIRE_OVERHEAD;
    const struct socket_option options[] = {
        { ZMQ_LINGER, 0 },
        { ZMQ_SNDHWM, 2 * BUS_CREDIT },
        { ZMQ_RCVHWM, 2 * BUS_CREDIT },
        { ZMQ_HEARTBEAT_IVL, beat },
        { ZMQ_HEARTBEAT_TIMEOUT, 2 * beat },
        { ZMQ_HEARTBEAT_TTL, 3 * beat },
        { ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS },
        { 0, 0 },
    };

    return socket_set(socket, options) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) == 0;
}

static void throw_away_rest(void *socket)
{
    zmq_msg_t frame;
    int more = 1;

    while (more) {
        zmq_msg_init(&frame);
        more = zmq_msg_recv(&frame, socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&frame);
        zmq_msg_close(&frame);
    }
}

enum socket_got socket_receive(void *socket, zmq_msg_t *frames, int count)
{
    int got = 0;
    bool more = true;

    for (; more && got < count; got++) {
        zmq_msg_init(&frames[got]);
        if (zmq_msg_recv(&frames[got], socket, ZMQ_DONTWAIT) < 0)
            return SOCKET_NOTHING; /* only the first can fail: messages arrive whole */
        more = zmq_msg_more(&frames[got]);
    }
    if (got == count && !more)
        return SOCKET_MESSAGE;
    while (got > 0)
        zmq_msg_close(&frames[--got]);
    if (more)
        throw_away_rest(socket);
    return SOCKET_GARBAGE;
}
