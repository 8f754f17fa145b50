/* fetch - asks strangers' web servers for one file each, as domain control needs it (BR 3.2.2.4.18):
 * one loop (net/transfers.h), hundreds of fetches, no database connection.
 *
 * Connections take turns, by account and by the address they go to, whatever name led there: nobody's
 * machine is asked by more than a few of us at once.
 *
 * A name is resolved by our own resolver, validated by DNSSEC; its addresses pass the guard, and the
 * connection goes to one of them: curl never looks a name up. Each redirect is a hop that is checked
 * anew in the same way. No cookies, no credentials, no proxies, no connection is used twice. TLS
 * certificates are not verified (as in RFC 8555 8.3): who serves the file is proved by its content.
 */
#ifndef LOOK_FETCH_H
#define LOOK_FETCH_H

#include "look/redirect.h"
#include "look/resolver.h"

enum { FETCH_ADDRESS_SIZE = 48, FETCH_REASON_SIZE = 300, FETCH_TRIED_MAX = 5 };

struct fetch_options {
    struct resolver *resolver;    /* ends after fetcher_cut(), before fetcher_stop() */
    bool loopback;                /* servers may have loopback addresses: tests only */
    int most;                     /* connections at once; the others wait for their turn */
    int per_account, per_address; /* of them for one account, to one address; 0: all */
    struct duration connect, hop; /* what a connection and a hop may take; 0: 2 s, 5 s */
};

struct fetcher;

struct fetcher *fetcher_start(const struct fetch_options *options, struct fault *f);
/* What is under way ends, nothing more is asked of the resolver. */
void fetcher_cut(struct fetcher *r);
/* Returns when all has ended. NULL allowed. */
void fetcher_stop(struct fetcher *r);

/* One request and its answer. */
struct fetch_hop {
    const char *url;
    char address[FETCH_ADDRESS_SIZE];                /* that was connected to; "": none yet */
    int status;                                      /* 0: none yet */
    char tried[FETCH_TRIED_MAX][FETCH_ADDRESS_SIZE]; /* that gave no connection before it */
    size_t tried_count;
    bool literal; /* the URL names an address: nothing was looked up */
    bool secure;  /* by DNSSEC */
};

enum fetch_state {
    FETCH_ANSWERED, /* by the last hop, completely (or as much as the rules let us read) */
    FETCH_REFUSED,  /* there is no address, or the rules do not allow to go on */
    FETCH_FAILED,   /* no complete answer: it may be otherwise soon */
    FETCH_STOPPED   /* this process is ending */
};

struct fetch_answer {
    enum fetch_state state;
    const char *reason; /* for the customer, unless ANSWERED */
    struct bytes body;
    bool cut;                      /* there was more of it */
    enum resolver_state looked_up; /* how it went with the address of what was asked for */
    const struct fetch_hop *hops;  /* the first is what was asked for */
    size_t hop_count;
};

struct fetch_request {
    int64_t account_id; /* whose turns it takes */
    const char *url;
    struct web_rules rules;
    struct tick deadline;
};

/* Copies the request, never waits. `done` is called once, on the fetcher's thread, by the deadline; it
 * must not block, and the answer is valid only inside. From any thread, before fetcher_cut(). */
void fetch_start(struct fetcher *r, const struct fetch_request *request,
                 void (*done)(void *context, const struct fetch_answer *answer), void *context);

#endif
