/* server - the serving side: one ROUTER. Requests go to the workers, replies to whoever asked. For
 * the bus thread alone, but for server_drop() and the finish of a call. */
#ifndef BUS_SERVER_H
#define BUS_SERVER_H

#include "bus/curve_keys.h"
#include "bus/trust.h"
#include "bus/worker.h"

enum { ENDPOINT_MAX = 256 };

struct server {
    void *router; /* NULL: nothing is served */
    char endpoint[ENDPOINT_MAX];
    char service[SERVICE_NAME_SIZE];
    struct arena arena; /* holds `trust` */
    const TrustPolicy *trust;
    ProtobufCService *serves[BUS_SERVICES_MAX + 1];
    const ProtobufCService *at_once;
    struct mailbox *mailbox;
    struct workers workers;
    int live; /* requests taken whose reply has not come back to the bus thread */
    bool closing;
};

/* Whose keys it has. */
static inline const char *bus_key(const struct bus_options *options)
{
    return options->key ? options->key : options->service;
}

/* Reads the trust, binds, proves that a random key is refused, starts the workers. */
bool server_start(struct server *s, void *zmq, const struct bus_options *options,
                  struct duration heartbeat, struct fault *f);

/* Takes what has arrived, up to a bound. */
void server_turn(struct server *s);

/* From now on every request is told to go elsewhere. */
void server_stop_taking(struct server *s);

/* Closes the ROUTER; replies that were sent may still leave. */
void server_close(struct server *s);
/* After the bus thread ended. */
void server_free(struct server *s, bool idle);

/* The request is answered by silence. From any thread. */
void server_drop(struct served *s);

#endif
