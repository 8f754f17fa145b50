#include "bus/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bus/curve.h"
#include "bus/socket.h"
#include "bus/zap.h"

enum {
    REQUESTS_A_TURN = 256,
    LAST_REPLIES_MS = 250 /* how long the last replies may take to leave at the end */
};

/* A reply on its way from a worker to the bus thread: the route, then the frame. */
struct reply_mail {
    struct mail mail;
    struct server *server;
    size_t route_size, size; /* size 0: there is nothing to send */
    uint8_t data[];
};

/* ---- replies */

/* A reply is a hint: when its way is gone or full it is dropped, and the caller re-reads the truth.
 * ROUTER_MANDATORY makes libzmq say so instead of keeping silent. */
static void send_reply(struct server *s, struct bytes route, struct bytes frame)
{
    if (!s->router)
        return;
    if (zmq_send(s->router, route.data, route.size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
        zmq_send(s->router, frame.data, frame.size, ZMQ_DONTWAIT) < 0)
        log_debug("reply dropped", LOG_TEXT("reason", zmq_strerror(zmq_errno())));
}

static void open_reply(struct mail *mail)
{
    struct reply_mail *r = (struct reply_mail *)mail;

    r->server->live--;
    if (r->size > 0)
        send_reply(r->server, (struct bytes){ r->data, r->route_size },
                   (struct bytes){ r->data + r->route_size, r->size });
    free(r);
}

/* Ends the call: its reply goes to the bus thread, its memory is freed. */
static void hand_back(struct served *s, struct bytes frame)
{
    struct mailbox *mailbox = s->server->mailbox;
    struct reply_mail *r = mail_new(sizeof *r + s->route.size + frame.size);

    r->mail.open = open_reply;
    r->server = s->server;
    r->route_size = s->route.size;
    r->size = frame.size;
    memcpy(r->data, s->route.data, s->route.size);
    if (frame.size > 0)
        memcpy(r->data + s->route.size, frame.data, frame.size);
    arena_free(&s->call.arena);
    free(s);
    if (!mailbox_post(mailbox, &r->mail))
        free(r);
}

static void served_finish(struct call *call, const ProtobufCMessage *answer)
{
    struct served *s = call->door;

    hand_back(s, frame_write_reply(&call->arena, s->id, answer, &call->fault));
}

void server_drop(struct served *s)
{
    log_debug("late request dropped", LOG_TEXT("method", s->target.method->name));
    hand_back(s, (struct bytes){ 0 });
}

/* ---- requests */

static struct served *served_new(struct server *server, zmq_msg_t *route)
{
    struct served *s = mail_new(sizeof *s);
    size_t size = zmq_msg_size(route);

    arena_init(&s->call.arena);
    s->call.finish = served_finish;
    s->call.door = s;
    s->server = server;
    s->route = (struct bytes){ arena_copy(&s->call.arena, zmq_msg_data(route), size), size };
    return s;
}

static void served_free(struct served *s)
{
    arena_free(&s->call.arena);
    free(s);
}

/* Says no on the bus thread, before any worker saw the request. */
static void refuse(struct served *s)
{
    send_reply(s->server, s->route, frame_write_refusal(&s->call.arena, s->id, &s->call.fault));
    served_free(s);
}

static bool is_trusted(const struct served *s, struct fault *f)
{
    const struct server *server = s->server;
    const char *block = s->target.service->descriptor->name, *method = s->target.method->name;

    if (trust_allows(server->trust, server->service, block, method, s->call.peer))
        return true;
    log_warn("call not allowed by trust.json", LOG_TEXT("peer", s->call.peer),
             LOG_TEXT("service", block), LOG_TEXT("method", method));
    return fault_set(f, FAULT_PERMISSION, NULL, "%s may not call %s.%s of %s", s->call.peer, block,
                     method, server->service);
}

static bool accept_request(struct served *s, const Envelope *e)
{
    struct fault *f = &s->call.fault;

    if (s->server->closing)
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "%s is stopping", s->server->service);
    if (!frame_read_caller(e, &s->call) ||
        !frame_find_target(s->server->serves, e, &s->target, f) || !is_trusted(s, f))
        return false;
    s->body = (struct bytes){ e->body.data, e->body.len };
    if (s->target.service == s->server->at_once) {
        worker_serve(s);
        return true;
    }
    return workers_give(&s->server->workers, s) ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "%s has too much to do", s->server->service);
}

/* The peer's name is the ZAP handler's User-Id, which libzmq attaches to every message (RFC 27). */
static bool open_request(struct served *s, zmq_msg_t *frame, const Envelope **e)
{
    const char *peer = zmq_msg_gets(frame, "User-Id");

    *e = NULL;
    SOCKET_READS_BEGIN();
    if (peer && zmq_msg_size(frame) <= BUS_MESSAGE_MAX)
        *e = frame_open(&s->call.arena, (struct bytes){ zmq_msg_data(frame), zmq_msg_size(frame) });
    SOCKET_READS_END();
    if (!*e)
        log_warn("request cannot be read", LOG_TEXT("peer", peer ? peer : "nobody"));
    s->call.peer = arena_strdup(&s->call.arena, peer);
    return *e != NULL;
}

static void take_request(struct server *server, zmq_msg_t *route, zmq_msg_t *frame)
{
    struct served *s = served_new(server, route);
    const Envelope *e;

    if (!open_request(s, frame, &e) || e->remaining_ms == 0) {
        served_free(s);
        return;
    }
    s->id = e->id;
    server->live++;
    if (accept_request(s, e))
        return;
    server->live--;
    refuse(s);
}

void server_turn(struct server *s)
{
    enum socket_got got = SOCKET_MESSAGE;
    zmq_msg_t frames[2];

    for (int i = 0; i < REQUESTS_A_TURN && got != SOCKET_NOTHING; i++) {
        got = socket_receive(s->router, frames, 2);
        if (got != SOCKET_MESSAGE)
            continue;
        take_request(s, &frames[0], &frames[1]);
        zmq_msg_close(&frames[0]);
        zmq_msg_close(&frames[1]);
    }
}

/* ---- beginning and end */

static bool router_bind(struct server *s, void *zmq, const struct bus_options *options,
                        struct duration heartbeat, const struct key_pair *own, struct fault *f)
{
    const struct socket_option set[] = {
        { ZMQ_ROUTER_MANDATORY, 1 },
        { ZMQ_IPV6, strchr(options->bind, '[') != NULL },
        { 0, 0 },
    };
    size_t size = sizeof s->endpoint;

    s->router = zmq_socket(zmq, ZMQ_ROUTER);
    if (!s->router || !curve_serve(s->router, own, ZAP_DOMAIN, f))
        return false;
    return (socket_limit(s->router, heartbeat) && socket_set(s->router, set) &&
            zmq_bind(s->router, options->bind) == 0 &&
            zmq_getsockopt(s->router, ZMQ_LAST_ENDPOINT, s->endpoint, &size) == 0) ||
           fault_set(f, FAULT_UNAVAILABLE, "bind", "%s: %s", options->bind,
                     zmq_strerror(zmq_errno()));
}

static bool router_start(struct server *s, void *zmq, const struct bus_options *options,
                         struct duration heartbeat, struct fault *f)
{
    struct key_pair own[KEYS_EACH];
    bool ok = curve_keys_read_own(options->keys, bus_key(options), own, f) > 0 &&
              router_bind(s, zmq, options, heartbeat, &own[0], f) &&
              curve_prove(zmq, s->endpoint, own[0].public, f);

    explicit_bzero(own, sizeof own);
    return ok;
}

bool server_start(struct server *s, void *zmq, const struct bus_options *options,
                  struct duration heartbeat, struct fault *f)
{
    snprintf(s->service, sizeof s->service, "%s", options->service);
    for (int i = 0; i < BUS_SERVICES_MAX && options->serves[i]; i++)
        s->serves[i] = options->serves[i];
    s->at_once = options->at_once;
    arena_init(&s->arena);
    s->trust = trust_read(&s->arena, options->trust, f);
    return s->trust && router_start(s, zmq, options, heartbeat, f) &&
           workers_start(&s->workers, options, f);
}

void server_stop_taking(struct server *s)
{
    s->closing = true;
}

void server_close(struct server *s)
{
    int linger = LAST_REPLIES_MS;

    if (!s->router)
        return;
    zmq_setsockopt(s->router, ZMQ_LINGER, &linger, sizeof linger);
    zmq_close(s->router);
    s->router = NULL;
}

void server_free(struct server *s, bool idle)
{
    if (s->workers.count > 0)
        workers_stop(&s->workers, idle);
    arena_free(&s->arena);
}
