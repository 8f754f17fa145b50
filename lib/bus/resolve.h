/* resolve - the addresses behind an endpoint, looked up again and again on a thread of their own,
 * because libzmq takes the first address of a name and never looks again. */
#ifndef BUS_RESOLVE_H
#define BUS_RESOLVE_H

#include "base/clock.h"
#include "bus/bus.h"

enum { ADDRESS_SIZE = 128 };

struct address_list {
    int count;
    char at[BUS_PEERS_MAX][ADDRESS_SIZE]; /* "tcp://10.0.0.7:7003", "ipc:///run/issuer" */
};

struct resolve;

struct resolve_options {
    struct bus_peer peers[BUS_SERVICES_MAX];
    struct duration every;
    /* Appends the addresses of one endpoint; false: it could not be found out, the last ones hold.
     * NULL: resolve_names(). */
    bool (*look_up)(const char *endpoint, struct address_list *out);
    /* On the resolver's thread, first as soon as `peer` has been looked up, then when it changed.
     */
    void (*found)(void *context, int peer, const struct address_list *addresses);
    void *context;
};

/* Every endpoint is "tcp://HOST:PORT" or "ipc://PATH", several separated by commas. */
struct resolve *resolve_start(const struct resolve_options *options, struct fault *f);

/* `found` is not called any more. Does not wait for a look-up that is under way. */
void resolve_stop(struct resolve *r);

/* By getaddrinfo(3). */
bool resolve_names(const char *endpoint, struct address_list *out);

#endif
