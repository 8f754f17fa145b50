/* guard - where we may connect to when an outsider names the place: the one check of every outgoing
 * connection (design section 10).
 *
 * A customer's URL may not make this system talk to its own network. Two checks, both needed:
 *   guard_url()      the text: scheme, port, host; refuses early, with a reason for the customer;
 *   guard_curl()     the address: curl asks us for each socket and is given one only if the very
 *                    address that connect() will get is public.
 * Nothing is resolved here and no address is pinned: curl resolves in threads of its own, and since
 * the address is judged after the look-up, a name that answers differently the second time (DNS
 * rebinding) gains nothing. Of several answers the public ones are used. A connection that is kept
 * for the next request was judged when it was opened.
 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/fault.h"

enum { GUARD_URL_SIZE = 2048, GUARD_HOST_SIZE = 256, GUARD_PORTS_MAX = 8 };

/* All zero: https on port 443 to public addresses. */
struct guard {
    bool http;     /* plain HTTP as well, on port 80 */
    bool loopback; /* test rigs: also loopback, names under "localhost" and "test", any port */
    uint16_t ports[GUARD_PORTS_MAX]; /* allowed beside the scheme's own; 0 ends the list */
};

struct guarded_url {
    char text[GUARD_URL_SIZE]; /* as the check understood it: this goes to curl, not the original */
    char host[GUARD_HOST_SIZE]; /* lower case; an IPv6 address without its brackets */
    uint16_t port;
};

/* Strict: no user, no trailing dot, no character outside ASCII, IPv4 only as four decimal numbers,
 * no name that is special (RFC 6761). The fragment is dropped. On failure FAULT_INVALID whose
 * detail may be shown to the customer; the caller sets `field`. */
bool guard_url(const struct guard *g, const char *url, struct guarded_url *out, struct fault *f);

/* Public, by the IANA registries of special-purpose addresses? Else FAULT_INVALID. Only IPv4 and
 * IPv6 addresses can be. */
bool guard_address(const struct guard *g, const struct sockaddr *to, struct fault *f);

/* The watch over one transfer. Fill in `guard` and zero the rest. */
struct guard_watch {
    const struct guard *guard;
    bool opened;          /* at least one address was good */
    struct fault refused; /* the last one that was not; code FAULT_NONE: none */
};

/* Makes the transfer use guarded sockets, the allowed schemes, no proxy, and follow no redirect:
 * whoever must follow one checks its target with guard_url() and starts a new transfer. `w` lives
 * until the transfer has ended. */
void guard_curl(struct guard_watch *w, CURL *transfer);

#endif
