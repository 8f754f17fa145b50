#include "look/fetch.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "look/fetching.h"
#include "look/trail.h"

/* A fetch goes back and forth between two threads, and is in the hands of one of them at a time: on the
 * loop's thread it is begun, waits for its turn and is under way (net/transfers.h); while its look-ups are
 * out it is on none, and the resolver's thread posts it back with the last of them. The lock is over `cut`,
 * and `asking` of each fetch; the resolver is asked under it, and takes only its own inbox's lock then. */
enum { CONNECT_MS = 2000, HOP_MS = 5000 };

struct fetcher {
    struct resolver *resolver;
    struct guard guard;
    long connect_ms, hop_ms;
    struct transfers *transfers;
    pthread_mutex_t lock;
    bool cut; /* nothing more is asked of the resolver */
};

void fetch_settle(struct fetch *f, enum fetch_state state, const char *format, ...)
{
    char text[FETCH_REASON_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    f->answer.state = state;
    f->answer.reason = arena_strdup(&f->arena, text);
}

void fetch_hop_add(struct fetch *f)
{
    struct fetch_hop *hop = &f->hops[f->answer.hop_count++];

    *hop = (struct fetch_hop){ .url = arena_strdup(&f->arena, f->url.text) };
}

/* ---- ends */

static void finish(struct fetch *f)
{
    f->answer.hops = f->hops;
    f->done(f->context, &f->answer);
    arena_free(&f->arena);
    free(f);
}

static void finish_stopped(struct fetch *f)
{
    fetch_settle(f, FETCH_STOPPED, "the check was interrupted");
    finish(f);
}

static void finish_late(struct fetch *f)
{
    fetch_transfer_late(f);
    finish(f);
}

/* ---- a hop */

/* By the account and by the address: many names may lead to one machine. */
static void connect_next(struct fetch *f)
{
    fetch_transfer_address(f);
    if (tick_left(f->request.deadline).us == 0)
        finish_late(f);
    else
        transfers_put(f->fetcher->transfers, &f->transfer, f->request.account_id,
                      fetch_hop(f)->address, f->request.deadline);
}

/* On the resolver's thread. */
static void looked_up(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct fetch_lookup *l = ask->context;
    struct fetch *f = l->fetch;
    struct fetcher *r = f->fetcher;
    bool last;

    fetch_lookup_take(l, answer);
    if (trail_follow(ask, answer))
        return;
    pthread_mutex_lock(&r->lock);
    last = --f->asking == 0;
    pthread_mutex_unlock(&r->lock);
    if (last)
        transfers_post(r->transfers, &f->transfer);
    else
        fetch_lookup_hurry(l);
}

/* Under the lock, so that fetcher_cut() returns to nobody who still asks. */
static bool resolve(struct fetcher *r, struct fetch *f)
{
    bool asks;

    pthread_mutex_lock(&r->lock);
    asks = !r->cut;
    f->asking = asks ? FETCH_FAMILIES : 0;
    for (int i = 0; i < f->asking; i++)
        resolver_ask(r->resolver, &f->lookups[i].ask);
    pthread_mutex_unlock(&r->lock);
    return asks;
}

static void hop_begin(struct fetch *f)
{
    fetch_hop_add(f);
    if (!fetch_lookup_begin(f, looked_up))
        connect_next(f);
    else if (!resolve(f->fetcher, f))
        finish_stopped(f);
}

static void hop_go_on(struct fetch *f)
{
    if (f->next == FETCH_NEXT_HOP)
        hop_begin(f);
    else if (f->next == FETCH_NEXT_ADDRESS)
        connect_next(f);
    else
        finish(f);
}

/* ---- what the loop calls */

static void begin(struct fetch *f)
{
    struct fault fault = { 0 };

    if (web_url(&f->request.rules, f->guard, f->request.url, &f->url, &fault)) {
        hop_begin(f);
        return;
    }
    fetch_settle(f, FETCH_REFUSED, "%s", fault.detail);
    finish(f);
}

/* Anew, or from its look-ups. */
static void arrived(struct transfer *t)
{
    struct fetch *f = fetch_of(t);

    if (f->answer.hop_count == 0)
        begin(f);
    else if (fetch_lookup_end(f))
        connect_next(f);
    else
        finish(f);
}

static void over(struct transfer *t, enum transfer_end how)
{
    static void (*const ends[])(struct fetch * f) = {
        [TRANSFER_ENDED] = hop_go_on,
        [TRANSFER_LATE] = finish_late,
        [TRANSFER_UNBEGUN] = finish_stopped,
        [TRANSFER_CUT] = finish_stopped,
    };

    ends[how](fetch_of(t));
}

static const struct transfer_calls calls = {
    .arrived = arrived,
    .begin = fetch_transfer_begin,
    .judge = fetch_transfer_judge,
    .over = over,
};

/* ---- from other threads */

static long ms_of(struct duration most, long usual_ms)
{
    return most.us > 0 ? (long)(most.us / 1000) : usual_ms;
}

struct fetcher *fetcher_start(const struct fetch_options *options, struct fault *f)
{
    struct fetcher *r = calloc(1, sizeof *r);

    r->resolver = options->resolver;
    r->guard = (struct guard){ .http = true, .loopback = options->loopback };
    r->connect_ms = ms_of(options->connect, CONNECT_MS);
    r->hop_ms = ms_of(options->hop, HOP_MS);
    pthread_mutex_init(&r->lock, NULL);
    r->transfers = transfers_start(
        &(struct transfers_options){ .name = "fetcher",
                                     .guard = &r->guard,
                                     .turns = { .most = options->most,
                                                .most_asker = options->per_account,
                                                .most_place = options->per_address },
                                     .calls = &calls },
        f);
    if (r->transfers)
        return r;
    pthread_mutex_destroy(&r->lock);
    free(r);
    return NULL;
}

void fetcher_cut(struct fetcher *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->cut = true;
    pthread_mutex_unlock(&r->lock);
    transfers_cut(r->transfers, seconds(0));
}

void fetcher_stop(struct fetcher *r)
{
    if (!r)
        return;
    fetcher_cut(r);
    transfers_stop(r->transfers);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void fetch_start(struct fetcher *r, const struct fetch_request *request,
                 void (*done)(void *context, const struct fetch_answer *answer), void *context)
{
    struct fetch *f = calloc(1, sizeof *f);

    arena_init(&f->arena);
    f->fetcher = r;
    f->guard = &r->guard;
    f->connect_ms = r->connect_ms;
    f->hop_ms = r->hop_ms;
    f->request = *request;
    f->request.url = arena_strdup(&f->arena, request->url);
    f->done = done;
    f->context = context;
    transfers_post(r->transfers, &f->transfer);
}
