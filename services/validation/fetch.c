#include "fetch.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fetching.h"

/* While some wait for their turn, their deadlines are looked at this often. */
enum { IDLE_MS = 1000, QUEUE_MS = 50 };

struct fetcher {
    struct resolver *resolver;
    struct guard guard;
    int most;
    CURLM *multi;
    pthread_t thread;

    pthread_mutex_t lock; /* over the next four, and `asking` of each fetch */
    struct fetch_list inbox;
    struct fetch_list back; /* their look-ups are over */
    bool stopping;          /* nothing more is asked of the resolver */
    bool ended;             /* nothing more will come in */

    /* The thread's own. */
    struct fetch_list waiting, active;
    int active_count;
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

static void end(struct fetcher *r, struct fetch *f)
{
    if (f->easy)
        fetch_transfer_end(f, r->multi);
    TAILQ_REMOVE(&r->active, f, link);
    r->active_count--;
    finish(f);
}

static void end_stopped(struct fetcher *r, struct fetch *f)
{
    fetch_settle(f, FETCH_STOPPED, "the check was interrupted");
    end(r, f);
}

/* ---- a hop */

static void connect_next(struct fetcher *r, struct fetch *f)
{
    if (!fetch_transfer_begin(f, r->multi))
        end(r, f);
}

/* On the resolver's thread. */
static void looked_up(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct fetch_lookup *l = ask->context;
    struct fetch *f = l->fetch;
    struct fetcher *r = f->fetcher;
    bool last;

    fetch_lookup_take(l, answer);
    pthread_mutex_lock(&r->lock);
    last = --f->asking == 0;
    if (last)
        TAILQ_INSERT_TAIL(&r->back, f, back);
    pthread_mutex_unlock(&r->lock);
    if (last)
        curl_multi_wakeup(r->multi);
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

    fetch_transfer_end(f, r->multi);
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

    TAILQ_REMOVE(&r->waiting, f, link);
    TAILQ_INSERT_TAIL(&r->active, f, link);
    r->active_count++;
    if (web_url(&f->request.rules, &r->guard, f->request.url, &f->url, &fault)) {
        hop_begin(r, f);
        return;
    }
    fetch_settle(f, FETCH_REFUSED, "%s", fault.detail);
    end(r, f);
}

static void begin_waiting(struct fetcher *r)
{
    struct fetch *f;

    while (r->active_count < r->most && (f = TAILQ_FIRST(&r->waiting)))
        begin(r, f); // NOLINT(clang-analyzer-unix.Malloc): takes it from the list first
}

static void drop_waiting(struct fetcher *r, bool all)
{
    struct tick now = tick_now();
    struct fetch *next;

    for (struct fetch *f = TAILQ_FIRST(&r->waiting); f; f = next) {
        next = TAILQ_NEXT(f, link);
        if (!all && f->request.deadline.us > now.us)
            continue;
        TAILQ_REMOVE(&r->waiting, f, link);
        fetch_settle(f, all ? FETCH_STOPPED : FETCH_FAILED,
                     all ? "the check was interrupted" : "there was no time left to ask");
        finish(f);
    }
}

/* Those whose look-ups are under way come back by themselves. */
static void stop_active(struct fetcher *r)
{
    struct fetch *next;

    for (struct fetch *f = TAILQ_FIRST(&r->active); f; f = next) {
        next = TAILQ_NEXT(f, link);
        if (f->easy)
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

/* False when it was the last. */
static bool turn(struct fetcher *r)
{
    struct fetch_list back = TAILQ_HEAD_INITIALIZER(back);
    bool stopping, ended;
    int running;

    curl_multi_perform(r->multi, &running);
    end_finished(r);
    pthread_mutex_lock(&r->lock);
    TAILQ_CONCAT(&r->waiting, &r->inbox, link);
    TAILQ_CONCAT(&back, &r->back, back);
    stopping = r->stopping;
    ended = r->ended;
    pthread_mutex_unlock(&r->lock);
    drop_waiting(r, stopping);
    if (stopping)
        stop_active(r);
    go_on_after_lookups(r, &back, stopping);
    begin_waiting(r);
    if (ended && r->active_count == 0)
        return false;
    curl_multi_poll(r->multi, NULL, 0, TAILQ_EMPTY(&r->waiting) ? IDLE_MS : QUEUE_MS, NULL);
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

    if (!r)
        abort();
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(r->multi = curl_multi_init())) {
        free(r);
        fault_set(f, FAULT_INTERNAL, NULL, "libcurl does not start");
        return NULL;
    }
    r->resolver = options->resolver;
    r->guard = (struct guard){ .http = true, .loopback = options->loopback };
    r->most = options->most;
    pthread_mutex_init(&r->lock, NULL);
    TAILQ_INIT(&r->inbox);
    TAILQ_INIT(&r->back);
    TAILQ_INIT(&r->waiting);
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
    pthread_mutex_destroy(&r->lock);
    free(r);
    curl_global_cleanup();
}

void fetch_start(struct fetcher *r, const struct fetch_request *request,
                 void (*done)(void *context, const struct fetch_answer *answer), void *context)
{
    struct fetch *f = calloc(1, sizeof *f);

    if (!f)
        abort();
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
