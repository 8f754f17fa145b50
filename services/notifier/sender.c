#include "sender.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sender_transfer.h"

enum {
    IN_FLIGHT = 200,
    SHARES = 4,
    PER_HOST = 8,
    WAITING_PER_HOST = 64,
    TIMEOUT_S = 20,
    POLL_MS = 1000
};

struct sender {
    struct sender_options options;
    CURLM *multi;
    pthread_t thread;
    atomic_int pending; /* posted and not called back */

    pthread_mutex_t lock; /* over the next three */
    struct transfer_list incoming;
    bool stopping;
    struct tick stop_at;

    /* The thread's own. */
    struct turns *turns; /* by account, and by host and port */
    struct transfer_list waiting, active;
};

static void finish(struct sender *s, struct transfer *t)
{
    atomic_fetch_sub(&s->pending, 1);
    transfer_done(t);
}

static void finish_as(struct sender *s, struct transfer *t, enum post_outcome outcome,
                      const char *reason)
{
    transfer_settle(t, outcome, reason);
    finish(s, t);
}

// clang-format off
static const struct {
    enum post_outcome outcome;
    const char *reason;
} not_taken[] = {
    [TURNS_ASKER_FULL] = { POST_SHARE, "too many requests of this account are under way" },
    [TURNS_PLACE_FULL] = { POST_BUSY,  "too many requests wait for this host" },
};
// clang-format on

static enum turns_taken turn_put(struct sender *s, struct transfer *t,
                                 const struct guarded_url *url)
{
    char account[24], host[TURNS_KEY_SIZE];

    snprintf(account, sizeof account, "%lld", (long long)t->post.account_id);
    snprintf(host, sizeof host, "%s:%u", url->host, url->port);
    return turns_put(s->turns, &t->turn, account, host);
}

/* A new post joins those that wait for their turn, or ends here. */
static void admit(struct sender *s, struct transfer *t)
{
    enum turns_taken taken;
    struct guarded_url url;
    struct fault f = { 0 };

    if (!guard_url(&s->options.guard, t->post.url, &url, &f)) {
        finish_as(s, t, POST_REFUSED, f.detail);
        return;
    }
    t->post.url = arena_strdup(&t->arena, url.text);
    taken = turn_put(s, t, &url);
    if (taken == TURNS_TAKEN)
        TAILQ_INSERT_TAIL(&s->waiting, t, entry);
    else
        finish_as(s, t, not_taken[taken].outcome, not_taken[taken].reason);
}

/* Moves what other threads have posted; tells whether the sender is to stop. */
static bool incoming_take(struct sender *s, struct transfer_list *taken)
{
    bool stopping;

    TAILQ_INIT(taken);
    pthread_mutex_lock(&s->lock);
    TAILQ_CONCAT(taken, &s->incoming, entry);
    stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static void admit_all(struct sender *s, struct transfer_list *taken)
{
    for (struct transfer *t; (t = TAILQ_FIRST(taken));) {
        TAILQ_REMOVE(taken, t, entry);
        admit(s, t);
    }
}

static struct transfer *transfer_of(struct turns_item *item)
{
    return (struct transfer *)(void *)((char *)item - offsetof(struct transfer, turn));
}

static void start_waiting(struct sender *s)
{
    for (struct turns_item *item; (item = turns_next(s->turns));) {
        struct transfer *t = transfer_of(item);

        TAILQ_REMOVE(&s->waiting, t, entry);
        TAILQ_INSERT_TAIL(&s->active, t, entry);
        transfer_start(t, &s->options, s->multi);
    }
}

static bool is_late(const struct sender *s, const struct transfer *t)
{
    struct tick by = t->post.answer_by;

    return by.us != 0 && tick_left(by).us < s->options.timeout.us;
}

/* Of those whose turn has not come: an answer that came in the whole time of a request would be too late. */
static void refuse_late(struct sender *s)
{
    struct transfer *t, *next;

    for (t = TAILQ_FIRST(&s->waiting); t; t = next) {
        next = TAILQ_NEXT(t, entry);
        if (!is_late(s, t))
            continue;
        TAILQ_REMOVE(&s->waiting, t, entry);
        turns_drop(s->turns, &t->turn);
        finish_as(s, t, POST_BUSY, "its turn did not come in time");
    }
}

static void active_remove(struct sender *s, struct transfer *t)
{
    TAILQ_REMOVE(&s->active, t, entry);
    turns_done(s->turns, &t->turn);
    transfer_end(t, s->multi);
}

static void end_finished(struct sender *s)
{
    int left;

    for (CURLMsg *m; (m = curl_multi_info_read(s->multi, &left));) {
        struct transfer *t;
        char *of_ours;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &of_ours);
        t = (void *)of_ours;
        transfer_judge(t, m->data.result);
        active_remove(s, t);
        finish(s, t);
    }
}

static void stop_list(struct sender *s, struct transfer_list *list)
{
    for (struct transfer *t; (t = TAILQ_FIRST(list));) {
        TAILQ_REMOVE(list, t, entry);
        finish_as(s, t, POST_STOPPED, "stopped before it was sent");
    }
}

static void stop_waiting(struct sender *s, struct transfer_list *taken)
{
    for (struct transfer *t = TAILQ_FIRST(&s->waiting); t; t = TAILQ_NEXT(t, entry))
        turns_drop(s->turns, &t->turn);
    stop_list(s, &s->waiting);
    stop_list(s, taken);
}

static void stop_active(struct sender *s)
{
    for (struct transfer *t; (t = TAILQ_FIRST(&s->active));) {
        active_remove(s, t);
        finish_as(s, t, POST_STOPPED, "stopped while under way");
    }
}

/* One turn of the loop. False when it was the last. */
static bool turn(struct sender *s)
{
    struct transfer_list taken;
    int running, wait_ms = POLL_MS;

    curl_multi_perform(s->multi, &running);
    end_finished(s);
    if (incoming_take(s, &taken)) {
        int64_t left_ms = tick_left(s->stop_at).us / 1000;

        stop_waiting(s, &taken);
        if (TAILQ_EMPTY(&s->active) || left_ms == 0)
            return false;
        wait_ms = left_ms < POLL_MS ? (int)left_ms : POLL_MS;
    } else {
        admit_all(s, &taken);
        start_waiting(s);
        refuse_late(s);
    }
    curl_multi_poll(s->multi, NULL, 0, wait_ms, NULL);
    return true;
}

static void *run(void *data)
{
    struct sender *s = data;
    struct transfer_list late;

    while (turn(s))
        ;
    stop_active(s);
    incoming_take(s, &late);
    stop_list(s, &late);
    return NULL;
}

static bool curl_check(struct fault *f)
{
    const curl_version_info_data *v;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fault_set(f, FAULT_INTERNAL, NULL, "libcurl does not start");
    v = curl_version_info(CURLVERSION_NOW);
    return (v->features & CURL_VERSION_ASYNCHDNS) ||
           fault_set(f, FAULT_INTERNAL, NULL, "this libcurl waits for name look-ups");
}

static int or_else(int value, int otherwise)
{
    return value > 0 ? value : otherwise;
}

static struct turns *turns_for(const struct sender_options *o)
{
    return turns_new(&(struct turns_options){ .most = o->in_flight,
                                              .most_asker = o->per_account,
                                              .most_place = o->per_host,
                                              .waiting_asker = o->per_account,
                                              .waiting_place = o->per_host + o->waiting_per_host });
}

static struct sender *sender_new(const struct sender_options *o)
{
    struct sender *s = calloc(1, sizeof *s);

    s->multi = curl_multi_init();
    s->options = *o;
    s->options.in_flight = or_else(o->in_flight, IN_FLIGHT);
    s->options.per_host = or_else(o->per_host, PER_HOST);
    s->options.per_account = or_else(o->per_account, or_else(s->options.in_flight / SHARES, 1));
    s->options.waiting_per_host = or_else(o->waiting_per_host, WAITING_PER_HOST);
    if (o->timeout.us <= 0)
        s->options.timeout = seconds(TIMEOUT_S);
    s->turns = turns_for(&s->options);
    pthread_mutex_init(&s->lock, NULL);
    TAILQ_INIT(&s->incoming);
    TAILQ_INIT(&s->waiting);
    TAILQ_INIT(&s->active);
    return s;
}

static void sender_free(struct sender *s)
{
    curl_multi_cleanup(s->multi);
    turns_free(s->turns);
    pthread_mutex_destroy(&s->lock);
    free(s);
    curl_global_cleanup();
}

/* Signals are for the main thread. */
static bool thread_start(struct sender *s)
{
    sigset_t all, before;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&s->thread, NULL, run, s) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

struct sender *sender_start(const struct sender_options *options, struct fault *f)
{
    struct sender *s;

    if (options->ca_file && access(options->ca_file, R_OK) != 0) {
        fault_set(f, FAULT_INVALID, NULL, "%s cannot be read", options->ca_file);
        return NULL;
    }
    if (!curl_check(f))
        return NULL;
    s = sender_new(options);
    if (thread_start(s))
        return s;
    sender_free(s);
    fault_set(f, FAULT_INTERNAL, NULL, "no thread for the sender");
    return NULL;
}

void sender_post(struct sender *s, const struct post *post,
                 void (*done)(const struct post_result *, void *), void *context)
{
    struct transfer *t = transfer_new(post, done, context);

    atomic_fetch_add(&s->pending, 1);
    pthread_mutex_lock(&s->lock);
    TAILQ_INSERT_TAIL(&s->incoming, t, entry);
    pthread_mutex_unlock(&s->lock);
    curl_multi_wakeup(s->multi);
}

int sender_room(struct sender *s)
{
    int room = s->options.in_flight - atomic_load(&s->pending);

    return room > 0 ? room : 0;
}

void sender_stop(struct sender *s, struct duration grace)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop_at = tick_after(grace);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    curl_multi_wakeup(s->multi);
    pthread_join(s->thread, NULL);
    sender_free(s);
}
