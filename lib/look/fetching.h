/* fetching - one fetch under way: what the parts of the fetcher share. */
#ifndef LOOK_FETCHING_H
#define LOOK_FETCHING_H

#include "look/fetch.h"
#include "net/transfers.h"

enum { FETCH_FAMILIES = 2, FETCH_PER_FAMILY = 3 };
_Static_assert(FETCH_TRIED_MAX == FETCH_FAMILIES * FETCH_PER_FAMILY - 1, "all but the last");

enum fetch_next { FETCH_OVER, FETCH_NEXT_ADDRESS, FETCH_NEXT_HOP };

/* Of one family; the resolver's thread writes it, before the fetch comes back. */
struct fetch_lookup {
    struct resolver_ask ask;
    struct fetch *fetch;
    bool back;
    enum resolver_state state;
    bool secure;
    struct sockaddr_storage addresses[FETCH_PER_FAMILY]; /* those that the guard lets pass */
    size_t count;
    char reason[160];
    struct fault refused; /* the last address that the guard does not let pass */
};

struct fetch {
    struct transfer transfer;
    struct arena arena;
    struct fetcher *fetcher;
    const struct guard *guard;
    long connect_ms, hop_ms; /* at the most */
    struct fetch_request request;
    void (*done)(void *context, const struct fetch_answer *answer);
    void *context;
    struct fetch_answer answer;

    /* The hop: first its address is looked up, then it is asked. */
    struct guarded_url url;
    struct fetch_hop hops[WEB_REDIRECTS_MAX + 1];
    struct fetch_lookup lookups[FETCH_FAMILIES];
    int asking; /* look-ups that are not back; under the fetcher's lock */
    struct sockaddr_storage addresses[FETCH_FAMILIES * FETCH_PER_FAMILY];
    size_t address_count, address_next;

    struct text body;
    size_t header_size;
    int status; /* of the final answer whose headers are complete */
    bool cut;
    enum fetch_next next; /* once the hop was judged */
};

static inline struct fetch *fetch_of(struct transfer *t)
{
    return WHOLE_OF(t, struct fetch, transfer);
}

static inline struct fetch_hop *fetch_hop(struct fetch *f)
{
    return &f->hops[f->answer.hop_count - 1];
}

/* What comes of it, in words; the fetch is to be ended. */
void fetch_settle(struct fetch *f, enum fetch_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The next hop is f->url, which has passed web_url(). */
void fetch_hop_add(struct fetch *f);

/* ---- fetch_lookup.c */

/* Makes the look-ups of the hop's host ready; `done` is theirs. False: the URL names an address,
 * nothing is to be looked up. */
bool fetch_lookup_begin(struct fetch *f, void (*done)(struct resolver_ask *ask,
                                                      const struct resolver_answer *answer));
void fetch_lookup_take(struct fetch_lookup *l, const struct resolver_answer *answer);
/* An address is known: the look-ups that are not back have a moment, and no more. On the resolver's
 * thread. */
void fetch_lookup_hurry(struct fetch_lookup *l);
/* "AAAA": the first that was not answered in time; NULL: none. */
const char *fetch_lookup_slow(const struct fetch *f);
/* All are back. False: settled, there is nowhere to go. */
bool fetch_lookup_end(struct fetch *f);

/* ---- fetch_transfer.c */

/* Chooses the next address, and writes it down. */
void fetch_transfer_address(struct fetch *f);
/* Its turn did not come in time: settled. */
void fetch_transfer_late(struct fetch *f);
/* Asks the address. */
void fetch_transfer_begin(struct transfer *t);
/* After what curl says: settled, or `next` is what is to be done. */
void fetch_transfer_judge(struct transfer *t, CURLcode code);

#endif
