#include "bus/bus.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bus/peer.h"
#include "bus/server.h"
#include "bus/thread.h"
#include "bus/zap.h"

enum {
    RESOLVE_S = 5, /* names are looked up again */
    DRAIN_S = 10   /* what bus_close() waits for handlers at most */
};

struct bus {
    void *zmq;
    struct zap *zap;
    struct mailbox mailbox;
    struct resolve *resolver;
    struct server server;
    struct peers peers;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock; /* of clients */
    struct client *clients;
    struct duration drain;
    struct tick stop_by; /* the bus thread's own, once it was told to stop */
    bool stopping, drained;
    bool closed; /* the thread has ended; of who closes and frees */
};

struct stop_mail {
    struct mail mail;
    struct bus *bus;
};

/* ---- the bus thread */

static void open_stop(struct mail *mail)
{
    struct bus *b = ((struct stop_mail *)mail)->bus;

    b->stopping = true;
    b->stop_by = tick_after(b->drain);
    server_stop_taking(&b->server);
    free(mail);
}

static void open_mails(struct bus *b)
{
    struct mail *next;

    for (struct mail *mail = mailbox_take(&b->mailbox); mail; mail = next) {
        next = mail->next;
        mail->open(mail);
    }
}

static bool may_end(struct bus *b)
{
    b->drained = b->server.live == 0;
    return b->stopping && (b->drained || tick_left(b->stop_by).us == 0);
}

/* In milliseconds, rounded up; -1 to wait for sockets alone. */
static long wait_time(struct bus *b)
{
    struct tick due = peers_due(&b->peers);

    if (!mailbox_sleep(&b->mailbox))
        return 0;
    if (b->stopping && b->stop_by.us < due.us)
        due = b->stop_by;
    return due.us == INT64_MAX ? -1 : (long)((tick_left(due).us + 999) / 1000);
}

static void bus_turn(struct bus *b)
{
    zmq_pollitem_t items[2 + 2 * BUS_PEERS_MAX] = {
        { .fd = b->mailbox.wake, .events = ZMQ_POLLIN },
        { .socket = b->server.router, .fd = -1, .events = ZMQ_POLLIN },
    };
    bool serves = b->server.router != NULL;
    int count = peers_items(&b->peers, items, serves ? 2 : 1);

    if (zmq_poll(items, count, wait_time(b)) < 0) /* EINTR: revents are unset */
        return;
    if (items[0].revents)
        mailbox_awake(&b->mailbox);
    open_mails(b);
    if (serves && items[1].revents)
        server_turn(&b->server);
    peers_turn(&b->peers, items);
}

static void *bus_run(void *context)
{
    struct bus *b = context;

    while (!may_end(b))
        bus_turn(b);
    peers_close(&b->peers);
    while (!mailbox_close(&b->mailbox))
        open_mails(b);
    server_close(&b->server);
    return NULL;
}

/* ---- beginning and end */

static bool check_options(const struct bus_options *o, struct fault *f)
{
    if (!o->service || !o->keys || strlen(o->service) >= SERVICE_NAME_SIZE)
        return fault_set(f, FAULT_INVALID, "bus", "needs the service's name and a folder of keys");
    if (strlen(bus_key(o)) >= SERVICE_NAME_SIZE)
        return fault_set(f, FAULT_INVALID, "bus", "%s is too long for the name of a key", o->key);
    if (o->bind && !o->trust)
        return fault_set(f, FAULT_INVALID, "trust", "is needed by who serves");
    return true;
}

static struct duration heartbeat_of(const struct bus_options *o)
{
    bool unset = o->heartbeat.us < milliseconds(BUS_HEARTBEAT_MIN_MS).us;

    return unset ? seconds(1) : o->heartbeat;
}

/* The ZAP handler runs before anything binds; see curve_serve(). */
static bool serve(struct bus *b, const struct bus_options *o, struct fault *f)
{
    if (!o->bind)
        return true;
    b->zap = zap_start(b->zmq, o->keys, f);
    if (!b->zap || !server_start(&b->server, b->zmq, o, heartbeat_of(o), f))
        return false;
    zap_log_refusals(b->zap);
    return true;
}

static bool dial(struct bus *b, const struct bus_options *o, struct fault *f)
{
    struct resolve_options names = { .every = o->resolve.us > 0 ? o->resolve : seconds(RESOLVE_S),
                                     .found = peers_found,
                                     .context = &b->peers };

    memcpy(names.peers, o->peers, sizeof names.peers);
    b->peers.how = (struct dialling){ .zmq = b->zmq,
                                      .keys = strdup(o->keys),
                                      .service = strdup(bus_key(o)),
                                      .heartbeat = heartbeat_of(o) };
    if (!peers_init(&b->peers, o->peers, f))
        return false;
    b->resolver = resolve_start(&names, f);
    return b->resolver != NULL;
}

static void clients_free(struct client *c)
{
    struct client *next;

    for (; c; c = next) {
        next = c->next;
        free(c);
    }
}

/* What a handler that still runs may touch stays: the bus is then left where it is, closed. */
static void release(struct bus *b, bool idle)
{
    resolve_stop(b->resolver);
    server_close(&b->server);
    server_free(&b->server, idle);
    zmq_ctx_shutdown(b->zmq);
    zap_stop(b->zap);
    zmq_ctx_term(b->zmq);
    if (!idle)
        return;
    mailbox_free(&b->mailbox);
    clients_free(b->clients);
    pthread_mutex_destroy(&b->lock);
    free(b->peers.how.keys);
    free(b->peers.how.service);
    free(b);
}

struct bus *bus_start(const struct bus_options *options, struct fault *f)
{
    if (!check_options(options, f))
        return NULL;
    struct bus *b = mail_new(sizeof *b);

    b->zmq = zmq_ctx_new();
    b->peers.mailbox = b->server.mailbox = &b->mailbox;
    b->drain = options->drain.us > 0 ? options->drain : seconds(DRAIN_S);
    pthread_mutex_init(&b->lock, NULL);
    if (!mailbox_init(&b->mailbox))
        fault_set(f, FAULT_INTERNAL, "bus", "no eventfd");
    else if (serve(b, options, f) && dial(b, options, f) &&
             thread_start(&b->thread, "bus", bus_run, b, f))
        return b;
    release(b, true);
    return NULL;
}

/* The mailbox is closed with the thread: who posts later is told so at once. */
void bus_close(struct bus *b)
{
    if (!b || b->closed)
        return;
    struct stop_mail *stop = mail_new(sizeof *stop);

    stop->mail.open = open_stop;
    stop->bus = b;
    mailbox_post(&b->mailbox, &stop->mail);
    pthread_join(b->thread, NULL);
    b->closed = true;
    if (!b->drained)
        log_error("the bus stops while handlers have not answered",
                  LOG_INT("calls", b->server.live));
}

void bus_free(struct bus *b)
{
    if (!b)
        return;
    bus_close(b);
    release(b, b->drained);
}

/* ---- clients */

static struct client *find(struct client *c, const struct peer *peer,
                           const ProtobufCServiceDescriptor *type)
{
    while (c && (c->peer != peer || c->base.descriptor != type))
        c = c->next;
    return c;
}

ProtobufCService *bus_client(struct bus *b, const char *service,
                             const ProtobufCServiceDescriptor *type)
{
    pthread_mutex_lock(&b->lock);
    struct client *c = find(b->clients, peers_find(&b->peers, service), type);
    if (!c) {
        c = mail_new(sizeof *c);
        client_init(c, &b->peers, service, type);
        c->next = b->clients;
        b->clients = c;
    }
    pthread_mutex_unlock(&b->lock);
    return &c->base;
}

int bus_peers_up(struct bus *b, const char *service)
{
    struct peer *peer = peers_find(&b->peers, service);

    return peer ? atomic_load(&peer->live) : 0;
}

bool bus_has_peer(struct bus *b, const char *service)
{
    return bus_peers_up(b, service) > 0;
}

const char *bus_endpoint(const struct bus *b)
{
    return b->server.router ? b->server.endpoint : NULL;
}
