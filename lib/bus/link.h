/* link - one connection to one address of a peer. It lives for one connection only: when that ends,
 * its sockets are closed and, after a rest, new ones dial. For the bus thread alone. */
#ifndef BUS_LINK_H
#define BUS_LINK_H

#include "bus/pending.h"
#include "bus/resolve.h"
#include "bus/socket.h"

struct peer;

/* How links are made; the same for all of a process. */
struct dialling {
    void *zmq;
    char *keys, *service; /* the folder, and whose keys are our own */
    struct duration heartbeat;
};

enum link_state { LINK_RESTING, LINK_DIALLING, LINK_LIVE };

struct link {
    struct peer *peer; /* NULL: this place is free */
    char address[ADDRESS_SIZE];
    bool wanted; /* false: its address is gone; it closes when nothing is outstanding */
    enum link_state state;
    void *socket, *monitor;
    unsigned keys_tried, keys_count; /* pairs of own key and peer's key: new and old of each */
    const char *refusal;             /* why the handshake failed; NULL: something else ended it */
    unsigned failures;               /* since it was live */
    struct tick redial;
    struct tick pause;         /* until then it has too much to do, or is about to stop */
    struct pending_list calls; /* sent, not answered */
    int item;                  /* its two places among the poll items, -1: none */
};

/* What became of the connection. */
enum link_news { LINK_NO_NEWS, LINK_UP, LINK_DOWN };

void link_dial(struct link *l, const struct dialling *how, const char *service);
/* Reads what the monitor says. After LINK_DOWN the socket still has what arrived before. */
enum link_news link_read_news(struct link *l);
/* After LINK_DOWN: closes the sockets; a redial is due at l->redial. */
void link_end(struct link *l);
void link_close(struct link *l);

/* False when the connection takes nothing. */
bool link_send(struct link *l, struct pending *p);

#endif
