/* How much of what large bodies may take each client has: a quarter of it at the most, and always one body.
 * Whoever opens many connections to fill them takes from that, and leaves room for others; of what comes by a
 * trusted proxy each client has a share of its own.
 *
 * Shares are under `shares_lock`, which is taken last and held for a look into one list: a body comes on the
 * HTTP thread and goes with the request, on whatever thread drops that. */
#include <stdlib.h>

#include "http_request.h"

enum { LARGE_PART = 8 }; /* a quarter of the half that large bodies may have: http_body.c */

struct share {
    LIST_ENTRY(share) in_network;
    uint64_t network; /* whose it is: proxy_network_of() */
    size_t bytes;     /* never 0 */
};

static struct shares *shares_of(struct http *h, uint64_t network)
{
    return &h->shares[network_slot(network)];
}

static struct share *share_find(struct http *h, uint64_t network)
{
    for (struct share *s = LIST_FIRST(shares_of(h, network)); s; s = LIST_NEXT(s, in_network))
        if (s->network == network)
            return s;
    return NULL;
}

static bool fits(const struct request *r, const struct share *s, size_t more)
{
    size_t part = r->http->options.bodies_max / LARGE_PART;
    size_t most = part > r->body_max ? part : r->body_max;
    return more <= most && (!s || s->bytes <= most - more);
}

bool share_has_room(const struct request *r, size_t more)
{
    struct http *h = r->http;
    uint64_t network = proxy_network_of(r->own.call.actor.ip);
    pthread_mutex_lock(&h->shares_lock);
    bool room = fits(r, share_find(h, network), more);
    pthread_mutex_unlock(&h->shares_lock);
    return room;
}

static struct share *share_new(struct http *h, uint64_t network)
{
    struct share *s = calloc(1, sizeof *s);
    s->network = network;
    LIST_INSERT_HEAD(shares_of(h, network), s, in_network);
    return s;
}

bool share_take(struct request *r, size_t more)
{
    struct http *h = r->http;
    uint64_t network = proxy_network_of(r->own.call.actor.ip);
    pthread_mutex_lock(&h->shares_lock);
    struct share *s = r->share ? r->share : share_find(h, network);
    bool room = fits(r, s, more);
    if (room) {
        r->share = s ? s : share_new(h, network);
        r->share->bytes += more;
        r->shared += more;
    }
    pthread_mutex_unlock(&h->shares_lock);
    return room;
}

void share_return(struct request *r)
{
    struct http *h = r->http;
    struct share *s = r->share;
    if (!s)
        return;
    pthread_mutex_lock(&h->shares_lock);
    s->bytes -= r->shared;
    if (s->bytes == 0) {
        LIST_REMOVE(s, in_network);
        free(s);
    }
    pthread_mutex_unlock(&h->shares_lock);
    r->share = NULL;
    r->shared = 0;
}
