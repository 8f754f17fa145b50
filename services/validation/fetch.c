#include "fetch.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fetching.h"
#include "trail.h"

enum { IDLE_MS = 1000 };

struct fetcher {
    struct resolver *resolver;
    struct guard guard;
    CURLM *multi;
    pthread_t thread;

    pthread_mutex_t lock; /* over the next four, and `asking` of each fetch */
    struct fetch_list inbox;
    struct fetch_list back; /* their look-ups are over */
    bool stopping;          /* nothing more is asked of the resolver */
    bool ended;             /* nothing more will come in */

    /* The thread's own. */
    struct fetch_list active;
    struct turns *turns;   /* of connections, by account and by address */
    struct heap deadlines; /* of those that wait for theirs */
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

/* Waits for a connection no more, or has none any more. */
static void turn_end(struct fetcher *r, struct fetch *f)
{
    if (f->easy) {
        fetch_transfer_end(f, r->multi);
        turns_done(r->turns, &f->turn);
    } else if (turns_waits(&f->turn)) {
        heap_remove(&r->deadlines, &f->due);
        turns_drop(r->turns, &f->turn);
    }
}

static void end(struct fetcher *r, struct fetch *f)
{
    turn_end(r, f);
    TAILQ_REMOVE(&r->active, f, link);
    finish(f);
}

static void end_stopped(struct fetcher *r, struct fetch *f)
{
    fetch_settle(f, FETCH_STOPPED, "the check was interrupted");
    end(r, f);
}

/* ---- a hop */

/* By the account and by the address: many names may lead to one machine. */
static void connect_next(struct fetcher *r, struct fetch *f)
{
    char account[24];

    snprintf(account, sizeof account, "%lld", (long long)f->request.account_id);
    fetch_transfer_address(f);
    turns_put(r->turns, &f->turn, account, fetch_hop(f)->address);
    heap_add(&r->deadlines, &f->due, f->request.deadline);
}

static void connect_waiting(struct fetcher *r)
{
    struct turns_item *item;

    while ((item = turns_next(r->turns))) {
        struct fetch *f = (struct fetch *)(void *)((char *)item - offsetof(struct fetch, turn));

        heap_remove(&r->deadlines, &f->due);
        fetch_transfer_begin(f, r->multi);
    }
}

static void end_late(struct fetcher *r)
{
    struct heap_item *due;

    while ((due = heap_due(&r->deadlines, tick_now()))) {
        struct fetch *f = WHOLE_OF(due, struct fetch, due);

        fetch_transfer_late(f);
        end(r, f);
    }
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
    if (last)
        TAILQ_INSERT_TAIL(&r->back, f, back);
    pthread_mutex_unlock(&r->lock);
    if (last)
        curl_multi_wakeup(r->multi);
    else
        fetch_lookup_hurry(l);
}

/* Under the lock, so that fetcher_cut() returns to nobody who still asks. */
static bool resolve(struct fetcher *r, struct fetch *f)
{
    bool stopping;

    pthread_mutex_lock(&r->lock);
    stopping = r->stopping;
    f->asking = stopping ? 0 : FETCH_FAMILIES;
    for (int i = 0; i < f->asking; i++)
        resolver_ask(r->resolver, &f->lookups[i].ask);
    pthread_mutex_unlock(&r->lock);
    return !stopping;
}

static void hop_begin(struct fetcher *r, struct fetch *f)
{
    fetch_hop_add(f);
    if (!fetch_lookup_begin(f, looked_up))
        connect_next(r, f);
    else if (!resolve(r, f))
        end_stopped(r, f);
}

static void hop_go_on(struct fetcher *r, struct fetch *f, CURLcode code)
{
    enum fetch_next next = fetch_transfer_judge(f, code);

    turn_end(r, f);
    if (next == FETCH_NEXT_HOP)
        hop_begin(r, f);
    else if (next == FETCH_NEXT_ADDRESS)
        connect_next(r, f);
    else
        end(r, f);
}

/* ---- turns of the loop */

static void begin(struct fetcher *r, struct fetch *f)
{
    struct fault fault = { 0 };

    TAILQ_INSERT_TAIL(&r->active, f, link);
    if (web_url(&f->request.rules, &r->guard, f->request.url, &f->url, &fault)) {
        hop_begin(r, f);
        return;
    }
    fetch_settle(f, FETCH_REFUSED, "%s", fault.detail);
    end(r, f);
}

static void begin_all(struct fetcher *r, struct fetch_list *fresh)
{
    for (struct fetch *f; (f = TAILQ_FIRST(fresh));) {
        TAILQ_REMOVE(fresh, f, link);
        begin(r, f); // NOLINT(clang-analyzer-unix.Malloc): is in no list any more
    }
}

/* Those whose look-ups are under way come back by themselves. */
static void stop_active(struct fetcher *r)
{
    struct fetch *next;

    for (struct fetch *f = TAILQ_FIRST(&r->active); f; f = next) {
        next = TAILQ_NEXT(f, link);
        if (f->easy || turns_waits(&f->turn))
            end_stopped(r, f);
    }
}

static void end_finished(struct fetcher *r)
{
    int left;

    for (CURLMsg *m; (m = curl_multi_info_read(r->multi, &left));) {
        char *of_ours;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &of_ours);
        hop_go_on(r, (void *)of_ours, m->data.result);
    }
}

static void go_on_after_lookups(struct fetcher *r, struct fetch_list *back, bool stopping)
{
    for (struct fetch *f; (f = TAILQ_FIRST(back));) {
        TAILQ_REMOVE(back, f, back);
        if (stopping)
            end_stopped(r, f);
        else if (fetch_lookup_end(f))
            connect_next(r, f);
        else
            end(r, f);
    }
}

/* What other threads have brought. */
struct brought {
    struct fetch_list fresh, back;
    bool stopping, ended;
};

static void brought_take(struct fetcher *r, struct brought *b)
{
    TAILQ_INIT(&b->fresh);
    TAILQ_INIT(&b->back);
    pthread_mutex_lock(&r->lock);
    TAILQ_CONCAT(&b->fresh, &r->inbox, link);
    TAILQ_CONCAT(&b->back, &r->back, back);
    b->stopping = r->stopping;
    b->ended = r->ended;
    pthread_mutex_unlock(&r->lock);
}

static bool nothing_came(struct fetcher *r)
{
    bool nothing;

    pthread_mutex_lock(&r->lock);
    nothing = TAILQ_EMPTY(&r->inbox);
    pthread_mutex_unlock(&r->lock);
    return nothing;
}

/* False when it was the last. Whoever is told of an answer may ask for the next file: his fetch is in
 * the inbox then. */
static bool turn(struct fetcher *r)
{
    struct brought b;
    int running;

    curl_multi_perform(r->multi, &running);
    end_finished(r);
    brought_take(r, &b);
    begin_all(r, &b.fresh);
    go_on_after_lookups(r, &b.back, b.stopping);
    if (b.stopping)
        stop_active(r);
    end_late(r);
    connect_waiting(r);
    if (b.ended && TAILQ_EMPTY(&r->active) && nothing_came(r))
        return false;
    curl_multi_poll(r->multi, NULL, 0, heap_wait_ms(&r->deadlines, IDLE_MS), NULL);
    return true;
}

static void *run(void *context)
{
    while (turn(context))
        ;
    return NULL;
}

/* ---- from other threads */

/* Signals are for the main thread. */
static void thread_start(struct fetcher *r)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&r->thread, NULL, run, r))
        abort();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct fetcher *fetcher_start(const struct fetch_options *options, struct fault *f)
{
    struct fetcher *r = calloc(1, sizeof *r);

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(r->multi = curl_multi_init())) {
        free(r);
        fault_set(f, FAULT_INTERNAL, NULL, "libcurl does not start");
        return NULL;
    }
    r->resolver = options->resolver;
    r->guard = (struct guard){ .http = true, .loopback = options->loopback };
    r->turns = turns_new(&(struct turns_options){ .most = options->most,
                                                  .most_asker = options->per_account,
                                                  .most_place = options->per_address });
    pthread_mutex_init(&r->lock, NULL);
    TAILQ_INIT(&r->inbox);
    TAILQ_INIT(&r->back);
    TAILQ_INIT(&r->active);
    thread_start(r);
    return r;
}

static void flag_set(struct fetcher *r, bool *flag)
{
    pthread_mutex_lock(&r->lock);
    *flag = true;
    pthread_mutex_unlock(&r->lock);
    curl_multi_wakeup(r->multi);
}

void fetcher_cut(struct fetcher *r)
{
    if (r)
        flag_set(r, &r->stopping);
}

void fetcher_stop(struct fetcher *r)
{
    if (!r)
        return;
    flag_set(r, &r->stopping);
    flag_set(r, &r->ended);
    pthread_join(r->thread, NULL);
    curl_multi_cleanup(r->multi);
    turns_free(r->turns);
    heap_free(&r->deadlines);
    pthread_mutex_destroy(&r->lock);
    free(r);
    curl_global_cleanup();
}

void fetch_start(struct fetcher *r, const struct fetch_request *request,
                 void (*done)(void *context, const struct fetch_answer *answer), void *context)
{
    struct fetch *f = calloc(1, sizeof *f);

    arena_init(&f->arena);
    f->fetcher = r;
    f->guard = &r->guard;
    f->request = *request;
    f->request.url = arena_strdup(&f->arena, request->url);
    f->done = done;
    f->context = context;
    pthread_mutex_lock(&r->lock);
    TAILQ_INSERT_TAIL(&r->inbox, f, link);
    pthread_mutex_unlock(&r->lock);
    curl_multi_wakeup(r->multi);
}
