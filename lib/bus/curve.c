#include "bus/curve.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "base/clock.h"

/* libzmq 4.3.4 has this option but shows its name in draft builds only. */
enum { ENFORCE_ZAP_DOMAIN = 93 };

enum {
    PROOF_S = 60,
    HANDSHAKE_EVENTS = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
};

static bool set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text)) == 0;
}

/* Without ENFORCE_ZAP_DOMAIN libzmq lets every key in for as long as no handler answers
 * (zmq_setsockopt(3) of 4.3.4; RFC 27/ZAP leaves it open). */
bool curve_serve(void *socket, const struct key_pair *own, const char *domain, struct fault *f)
{
    return (set_int(socket, ZMQ_CURVE_SERVER, 1) &&
            set_text(socket, ZMQ_CURVE_SECRETKEY, own->secret) &&
            set_text(socket, ZMQ_ZAP_DOMAIN, domain) && set_int(socket, ENFORCE_ZAP_DOMAIN, 1)) ||
           fault_set(f, FAULT_INTERNAL, "keys", "CURVE: %s", zmq_strerror(zmq_errno()));
}

bool curve_dial(void *socket, const struct key_pair *own, const char *server, struct fault *f)
{
    return (set_text(socket, ZMQ_CURVE_SERVERKEY, server) &&
            set_text(socket, ZMQ_CURVE_PUBLICKEY, own->public) &&
            set_text(socket, ZMQ_CURVE_SECRETKEY, own->secret)) ||
           fault_set(f, FAULT_INTERNAL, "keys", "CURVE: %s", zmq_strerror(zmq_errno()));
}

void *curve_watch(void *zmq, void *socket, int events)
{
    static atomic_uint serial;
    char address[64];

    snprintf(address, sizeof address, "inproc://watch-%u", atomic_fetch_add(&serial, 1));
    if (zmq_socket_monitor(socket, address, events) != 0)
        return NULL;
    void *monitor = zmq_socket(zmq, ZMQ_PAIR);
    if (monitor && set_int(monitor, ZMQ_LINGER, 0) && zmq_connect(monitor, address) == 0)
        return monitor;
    if (monitor)
        zmq_close(monitor);
    return NULL;
}

void curve_close(void *socket, void *monitor)
{
    zmq_socket_monitor(socket, NULL, 0);
    zmq_close(socket);
    if (monitor)
        zmq_close(monitor);
}

/* The second frame is the address, which a socket with one connection knows. */
int curve_event(void *monitor, int flags, int *value)
{
    uint8_t head[6];
    char address[1];
    uint16_t event;
    int32_t what;

    if (zmq_recv(monitor, head, sizeof head, flags) != (int)sizeof head)
        return 0;
    zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
    memcpy(&event, head, sizeof event);
    memcpy(&what, head + sizeof event, sizeof what);
    if (value)
        *value = what;
    return event;
}

/* What is bound to every interface is dialled on the loopback one. */
static void dialable(const char *endpoint, char *out, size_t room)
{
    if (strncmp(endpoint, "tcp://0.0.0.0:", 14) == 0)
        snprintf(out, room, "tcp://127.0.0.1:%s", endpoint + 14);
    else if (strncmp(endpoint, "tcp://[::]:", 11) == 0)
        snprintf(out, room, "tcp://[::1]:%s", endpoint + 11);
    else
        snprintf(out, room, "%s", endpoint);
}

/* What becomes of the stranger's handshake: some 2 ms later, unless the machine is busy. Whoever gave
 * up soon would be started again, on a machine that is no less busy. A connection that breaks, or takes
 * longer than a handshake may, says nothing: the socket tries again by itself. */
static bool await_refusal(void *monitor, struct fault *f)
{
    struct tick end = tick_after(seconds(PROOF_S));
    int event, status;

    do {
        status = 0;
        event = curve_event(monitor, 0, &status);
    } while (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL && tick_left(end).us > 0);
    if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && status == 400)
        return true;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return fault_set(f, FAULT_INTERNAL, "keys", "the bus lets an unknown key in");
    return fault_set(f, FAULT_INTERNAL, "keys", "no proof that unknown keys are refused (%#x %d)",
                     event, status);
}

static bool dial_as_stranger(void *socket, void *monitor, const char *endpoint, const char *server,
                             struct fault *f)
{
    struct key_pair stranger;
    char address[256];

    dialable(endpoint, address, sizeof address);
    if (zmq_curve_keypair(stranger.public, stranger.secret) != 0 ||
        !curve_dial(socket, &stranger, server, f))
        return false;
    return (set_int(socket, ZMQ_LINGER, 0) &&
            set_int(socket, ZMQ_IPV6, strchr(address, '[') != NULL) &&
            set_int(monitor, ZMQ_RCVTIMEO, PROOF_S * 1000) && zmq_connect(socket, address) == 0) ||
           fault_set(f, FAULT_INTERNAL, "keys", "%s: %s", address, zmq_strerror(zmq_errno()));
}

bool curve_prove(void *zmq, const char *endpoint, const char *server, struct fault *f)
{
    void *socket = zmq_socket(zmq, ZMQ_DEALER);
    void *monitor = !socket ? NULL : curve_watch(zmq, socket, HANDSHAKE_EVENTS);

    if (!monitor)
        fault_set(f, FAULT_INTERNAL, "keys", "%s", zmq_strerror(zmq_errno()));
    bool ok = monitor && dial_as_stranger(socket, monitor, endpoint, server, f) &&
              await_refusal(monitor, f);
    if (socket)
        curve_close(socket, monitor);
    return ok;
}
