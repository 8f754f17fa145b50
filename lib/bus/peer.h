/* peer - the services that are called: their links, and the calls that wait for an answer or for a
 * link. For the bus thread alone, but for client_find() and peers_live(). */
#ifndef BUS_PEER_H
#define BUS_PEER_H

#include <stdatomic.h>

#include "bus/curve_keys.h"
#include "bus/link.h"

struct peer {
    char service[SERVICE_NAME_SIZE];
    atomic_int live; /* links that are up */
    bool resolved;   /* its addresses were looked up at least once */
    struct pending_list waiting;
};

struct peers {
    struct dialling how;
    struct mailbox *mailbox;
    int count;
    struct peer peer[BUS_SERVICES_MAX];
    struct link links[BUS_PEERS_MAX];
    unsigned turn; /* where the search for a link begins */
    bool closed;
    struct pending_table calls;
};

/* What bus_client() gives out. */
struct client {
    ProtobufCService base;
    struct peers *peers;
    struct peer *peer; /* NULL: no such peer was configured */
    struct client *next;
};

/* `ps` is zeroed but for how and mailbox. */
bool peers_init(struct peers *ps, const struct bus_peer *list, struct fault *f);

/* Opens the mail that a struct pending is. */
void peers_call(struct mail *mail);

void client_init(struct client *c, struct peers *ps, const char *service,
                 const ProtobufCServiceDescriptor *type);
struct peer *peers_find(struct peers *ps, const char *service);

/* For the resolver: posts what it found. `peers` is a struct peers. */
void peers_found(void *peers, int peer, const struct address_list *addresses);

/* Adds the sockets to wait for, at most 2 * BUS_PEERS_MAX of them; returns how many there are then.
 */
int peers_items(struct peers *ps, zmq_pollitem_t *items, int count);
/* Whatever can be done now: news, replies, deadlines, redials, waiting calls. */
void peers_turn(struct peers *ps, const zmq_pollitem_t *items);
/* When peers_turn() has something to do even if no socket has. */
struct tick peers_due(const struct peers *ps);

/* Fails every call, now and from now on; closes the links. */
void peers_close(struct peers *ps);

#endif
