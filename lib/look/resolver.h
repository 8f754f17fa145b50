/* resolver - DNS look-ups, validated from the root (BR 4.2.2.2): one thread, one libunbound
 * context.
 *
 * Look-ups take turns, by account and by base domain (base/turns.h): whoever asks for names of servers
 * that do not answer holds up his own alone.
 *
 * An answer is never older than the `cache` option and an absence never older than two seconds
 * (the library is told one, and counts whole ones), so that a customer who has put things right is seen at once. There is no way to switch validation
 * off, for no name (BR 4.2.2.2 allows none): a trust anchor is needed to start.
 */
#ifndef LOOK_RESOLVER_H
#define LOOK_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/heap.h"
#include "base/text.h"
#include "base/turns.h"

/* Names have room for more than DNS allows: what is too long is answered as FAILED. Of the records
 * of a set the first 512 are given; it has more only to make trouble. */
enum { RESOLVER_NAME_SIZE = 320, RESOLVER_RECORDS_MAX = 512 };

/* RFC 1035 3.2.2, RFC 3596, RFC 4034 5, RFC 8659. */
enum { DNS_A = 1, DNS_CNAME = 5, DNS_TXT = 16, DNS_AAAA = 28, DNS_DS = 43, DNS_CAA = 257 };

enum resolver_state {
    RESOLVER_FOUND,   /* there are records */
    RESOLVER_NO_DATA, /* the name is there, without such records */
    RESOLVER_NO_NAME, /* the name is not there */
    RESOLVER_BOGUS,   /* DNSSEC says that the answer cannot be right */
    RESOLVER_FAILED,  /* no server of the zone gave a usable answer */
    RESOLVER_TIMEOUT, /* nothing until the deadline */
    RESOLVER_UNASKED, /* its turn did not come until then */
    RESOLVER_STOPPED  /* this process is ending */
};

struct resolver_answer {
    enum resolver_state state;
    bool secure;           /* proven by DNSSEC; false: the zone is proven not to be signed */
    struct bytes *records; /* rdata on the wire, names in it not compressed */
    size_t count;
    uint32_t ttl;          /* seconds that are left of it, never more than option `cache` */
    const char *canonical; /* where the records stand once CNAMEs were followed, no last dot */
    const char *reason;    /* for people, when BOGUS or FAILED */
    bool traceable;        /* FAILED: CNAMEs may be why (trail.h) */

    const char *server; /* the address of the name server that answered; NULL: not known */
};

/* One look-up. Fill in the first part, keep it until `done` was called: once, on the resolver's
 * thread, at the deadline at the latest, with an answer that is valid only inside. `done` must not
 * block; it may ask again. */
struct resolver_ask {
    char name[RESOLVER_NAME_SIZE]; /* ASCII, without the last dot */
    int type;
    int64_t account_id; /* for whom */
    bool first;         /* of our own, one at a time: it waits for nobody's turn */
    struct tick deadline;
    void (*done)(struct resolver_ask *ask, const struct resolver_answer *answer);
    void *context;

    /* The resolver's own. */
    TAILQ_ENTRY(resolver_ask) link;
    struct turns_item turn;
    struct heap_item due;
    struct resolver *resolver;
    int id; /* libunbound's, while it flies */
    struct tick launched;
    bool flies;
};

struct resolver_options {
    const char *anchor; /* file: DS or DNSKEY of the root */
    const char *hints;  /* file: addresses of the root servers; NULL: the real ones */
    struct duration
        cache; /* how long an answer may be used again, in whole seconds; 0: not at all */
    int most;  /* look-ups under way at once; the others wait for their turn */
    int per_account, per_domain; /* of them for one account, below one base domain; 0: all */
    bool loopback;               /* name servers may have non-public addresses: tests only */
};

struct resolver;

struct resolver *resolver_start(const struct resolver_options *options, struct fault *f);

/* What is under way ends as RESOLVER_STOPPED. Whoever asks from other threads has ended before. */
void resolver_stop(struct resolver *r);

/* From any thread. */
void resolver_ask(struct resolver *r, struct resolver_ask *ask);

/* Only inside some `done`, of an ask that is not back: it is answered by then, if that is sooner. */
void resolver_hurry(struct resolver_ask *ask, struct tick deadline);

const char *resolver_type_name(int type);

#endif
