/* bus - typed calls between services over ZeroMQ with CURVE. Any message may be lost: that costs
 * latency, never correctness.
 *
 * One thread a process owns every socket: one ROUTER that serves, one DEALER for each peer address.
 * Names are resolved again every few seconds, so that scaled services are found and gone ones left.
 * A call goes to the peer with the fewest outstanding calls and a free credit; a peer that has been
 * silent for longer than its heartbeats allow fails its calls at once.
 *
 * CURVE: a ZAP handler is started before anything binds, with ZAP_ENFORCE_DOMAIN; the public key
 * names the service (`policy/trust.json` says who may call what). bus_start() proves that a random
 * key is refused and fails if it is not.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include "base/secret.h"
#include "bus/call.h"

#define BUS_WORKERS_MAX 128 /* a setting's bound shows it as text */
enum { BUS_MESSAGE_MAX = 1024 * 1024, BUS_PEERS_MAX = 64, BUS_SERVICES_MAX = 32 };

struct bus_peer {
    const char *service;  /* "issuer" */
    const char *endpoint; /* "tcp://issuer:7003", several separated by commas */
};

struct bus_options {
    const char *service; /* own name, by which trust.json has it */
    const char
        *key; /* whose keys it has, where several have one name; NULL: those of the service */
    const char *bind;  /* "tcp://0.0.0.0:7003", or NULL: serves nothing */
    const char *keys;  /* folder: SERVICE.pub (and SERVICE.old.pub) of all, KEY.key of this one */
    const char *trust; /* path of trust.json */
    struct bus_peer peers[BUS_SERVICES_MAX];
    ProtobufCService *serves[BUS_SERVICES_MAX]; /* handlers; NULL at the end */
    /* One of them, or NULL: its handlers never wait, and run on the bus thread. */
    const ProtobufCService *at_once;
    int workers;                         /* threads that run handlers: 1 to BUS_WORKERS_MAX */
    void (*worker_start)(void *context); /* each worker calls it once, if set */
    void (*worker_stop)(void *context);
    void *context;
    struct duration resolve;   /* default 5 s; how often names are looked up */
    struct duration heartbeat; /* default 1 s; a peer silent for 3 of them fails its calls */
    struct duration drain;     /* default 10 s; what bus_close() waits for handlers at most */
};

struct bus;

struct bus *bus_start(const struct bus_options *options, struct fault *f);

/* No new requests are taken; waits (bounded) for handlers to answer, then closes. Calls that are
 * outstanding, and any that are made later, fail with FAULT_UNAVAILABLE: who ends late needs not
 * know. By one thread, as bus_free(). NULL allowed. */
void bus_close(struct bus *b);
/* Once nobody calls any more. Closes first, if that was not done. NULL allowed. */
void bus_free(struct bus *b);

/* A client of `service`: pass it to the generated stubs (jobs__run(client, &in, closure, &call)).
 * The `data` of such a stub call must be a struct bus_call. Valid until bus_free(). */
ProtobufCService *bus_client(struct bus *b, const char *service,
                             const ProtobufCServiceDescriptor *type);

/* One outgoing call. Fill in, keep until the closure was called: once, on the bus thread (when the
 * bus is closed: on the caller's), with the answer (valid only inside the closure) or with NULL and
 * `fault` set: FAULT_UNAVAILABLE (no peer, peer lost, closed), FAULT_TIMEOUT (deadline), or what the
 * peer's handler said. Must not block there. */
struct bus_call {
    struct actor actor;
    struct tick deadline;
    char traceparent[TRACEPARENT_SIZE];
    struct fault fault;
    void *context; /* the caller's */
};

/* Are there live peers for the service? For readiness. */
bool bus_has_peer(struct bus *b, const char *service);
int bus_peers_up(struct bus *b, const char *service);

/* Where it serves, with the port that was taken: "tcp://127.0.0.1:40123". NULL: serves nothing. */
const char *bus_endpoint(const struct bus *b);

/* Makes SERVICE.key (mode 0600) and SERVICE.pub in `folder`, unless they are there. */
bool bus_make_keys(const char *folder, const char *service, struct fault *f);

#endif
