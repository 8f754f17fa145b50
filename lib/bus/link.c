#include "bus/link.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "bus/curve.h"
#include "bus/frame.h"
#include "bus/peer.h"

static const struct {
    int event;
    const char *reason;
} refusals[] = {
    { ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, "our key is not known there" },
    { ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, "not the protocol of the bus" },
    { ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, "no word why, as when its key is another" },
};

enum { CONNECT_MS = 2000, REDIAL_MS = 50, REDIAL_DOUBLINGS = 5, NEVER_MS = 24 * 3600 * 1000 };

/* 50 ms after the first failure, doubled each time up to 1.6 s, and up to a quarter more so that
 * the clients of a restarted service do not come at once. */
static void link_rest(struct link *l)
{
    unsigned doublings = l->failures < REDIAL_DOUBLINGS ? l->failures : REDIAL_DOUBLINGS;
    int64_t wait = REDIAL_MS << doublings;
    uint8_t chance;

    random_bytes(&chance, sizeof chance);
    l->state = LINK_RESTING;
    l->redial = tick_after(milliseconds(wait + wait * chance / 1024));
    l->failures++;
}

void link_close(struct link *l)
{
    if (l->socket)
        curve_close(l->socket, l->monitor);
    l->socket = l->monitor = NULL;
    l->state = LINK_RESTING;
}

/* A peer may run with its old key, or know only our old one, while a key is being changed: every
 * refused handshake moves on to the next pair. */
static bool set_keys(struct link *l, const struct dialling *how, const char *service,
                     struct fault *f)
{
    struct key_pair own[KEYS_EACH];
    char theirs[KEYS_EACH][KEY_TEXT_SIZE];
    unsigned owns = (unsigned)curve_keys_read_own(how->keys, how->service, own, f);
    unsigned publics = (unsigned)curve_keys_read_public(how->keys, service, theirs, f);

    l->keys_count = owns * publics;
    if (l->keys_count == 0)
        return false;
    unsigned pair = l->keys_tried % l->keys_count;
    bool ok = curve_dial(l->socket, &own[pair / publics], theirs[pair % publics], f);
    explicit_bzero(own, sizeof own);
    return ok;
}

/* The link itself dials again, and sends only while it is live. ZMQ_IMMEDIATE and a reconnection
 * interval of -1 would say the same to libzmq, but with them libzmq 4.3.4 throws away replies that
 * had arrived when the connection ends (socket_base_t::hiccuped, term_endpoint). */
static bool set_options(const struct link *l, const struct dialling *how)
{
    const struct socket_option options[] = {
        { ZMQ_RECONNECT_IVL, NEVER_MS },
        { ZMQ_CONNECT_TIMEOUT, CONNECT_MS },
        { ZMQ_IPV6, strchr(l->address, '[') != NULL },
        { 0, 0 },
    };

    return socket_limit(l->socket, how->heartbeat) && socket_set(l->socket, options);
}

static bool link_open(struct link *l, const struct dialling *how, const char *service,
                      struct fault *f)
{
    l->socket = zmq_socket(how->zmq, ZMQ_DEALER);
    if (!l->socket)
        return fault_set(f, FAULT_INTERNAL, NULL, "%s", zmq_strerror(zmq_errno()));
    if (!set_keys(l, how, service, f))
        return false;
    if (set_options(l, how))
        l->monitor =
            curve_watch(how->zmq, l->socket,
                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                            ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED);
    if (l->monitor && zmq_connect(l->socket, l->address) == 0)
        return true;
    return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s", zmq_strerror(zmq_errno()));
}

void link_dial(struct link *l, const struct dialling *how, const char *service)
{
    struct fault f;

    l->state = LINK_DIALLING;
    if (link_open(l, how, service, &f))
        return;
    log_error("peer cannot be dialled", LOG_TEXT("peer", service), LOG_TEXT("address", l->address),
              LOG_FAULT(&f));
    link_close(l);
    link_rest(l);
}

/* libzmq binds the connection to the socket by a command, which only this makes it carry out. */
static void settle(struct link *l)
{
    int events;
    size_t size = sizeof events;

    zmq_getsockopt(l->socket, ZMQ_EVENTS, &events, &size);
    l->state = LINK_LIVE;
    l->failures = 0;
}

enum link_news link_read_news(struct link *l)
{
    int event = curve_event(l->monitor, ZMQ_DONTWAIT, NULL);

    if (event == 0)
        return LINK_NO_NEWS;
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
        settle(l);
        return LINK_UP;
    }
    l->refusal = NULL;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (refusals[i].event == event)
            l->refusal = refusals[i].reason;
    }
    return LINK_DOWN;
}

/* Is there another pair of keys to try before the next rest? */
static bool has_more_keys(struct link *l)
{
    return l->refusal && ++l->keys_tried % l->keys_count != 0;
}

void link_end(struct link *l)
{
    link_close(l);
    if (has_more_keys(l)) {
        l->redial = tick_now();
        return;
    }
    if (l->refusal && l->failures == 0)
        log_warn("peer refuses the handshake", LOG_TEXT("address", l->address),
                 LOG_TEXT("reason", l->refusal));
    link_rest(l);
}

bool link_send(struct link *l, struct pending *p)
{
    Envelope e = ENVELOPE__INIT;
    Actor actor;
    zmq_msg_t frame;

    frame_fill_method(&e, p->client->base.descriptor, p->method);
    frame_fill_caller(&e, &actor, p->call);
    e.id = p->id;
    e.has_body = true;
    e.body.len = p->size;
    e.body.data = p->body;
    if (zmq_msg_init_size(&frame, envelope__get_packed_size(&e)) != 0)
        return false;
    envelope__pack(&e, zmq_msg_data(&frame));
    if (zmq_msg_send(&frame, l->socket, ZMQ_DONTWAIT) >= 0)
        return true;
    zmq_msg_close(&frame);
    return false;
}
