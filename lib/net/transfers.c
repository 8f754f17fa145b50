#include "net/transfers.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/must.h"

enum { IDLE_MS = 1000 };

TAILQ_HEAD(transfer_list, transfer);

struct transfers {
    struct transfers_options options;
    CURLM *multi;
    pthread_t thread;

    pthread_mutex_t lock; /* over the next four */
    struct transfer_list inbox;
    bool cut;           /* nothing begins any more */
    struct tick cut_by; /* what is under way is cut then */
    bool ended;         /* nothing more will be posted from outside */

    /* The thread's own. */
    struct turns *turns;
    struct heap waiting; /* by when each of them wants its turn */
    struct heap watched; /* when each of them, which are under way, is slow */
    struct transfer_list active;
};

static struct transfer *transfer_of_turn(struct turns_item *item)
{
    return WHOLE_OF(item, struct transfer, turn);
}

static struct transfer *transfer_of_due(struct heap_item *item)
{
    return WHOLE_OF(item, struct transfer, due);
}

/* ---- one transfer */

static void begin(struct transfers *ts, struct transfer *t)
{
    heap_remove(&ts->waiting, &t->due);
    TAILQ_INSERT_TAIL(&ts->active, t, link);
    t->easy = curl_easy_init();
    t->watch = (struct guard_watch){ .guard = ts->options.guard };
    t->error[0] = '\0';
    guard_curl(&t->watch, t->easy);
    must(curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t));
    must(curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error));
    must(curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L));
    ts->options.calls->begin(t);
    if (curl_multi_add_handle(ts->multi, t->easy) != CURLM_OK)
        abort();
}

/* From here on its owner may free it. */
static void end_active(struct transfers *ts, struct transfer *t, enum transfer_end how)
{
    TAILQ_REMOVE(&ts->active, t, link);
    heap_remove(&ts->watched, &t->due);
    curl_multi_remove_handle(ts->multi, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->connect_to);
    t->easy = NULL;
    t->connect_to = NULL;
    turns_done(ts->turns, &t->turn);
    ts->options.calls->over(t, how);
}

static void end_waiting(struct transfers *ts, struct transfer *t, enum transfer_end how)
{
    heap_remove(&ts->waiting, &t->due);
    turns_drop(ts->turns, &t->turn);
    ts->options.calls->over(t, how);
}

/* ---- all of them */

static void end_finished(struct transfers *ts)
{
    int left;

    for (CURLMsg *m; (m = curl_multi_info_read(ts->multi, &left));) {
        struct transfer *t;
        char *of_ours;

        if (m->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &of_ours);
        t = (void *)of_ours;
        ts->options.calls->judge(t, m->data.result);
        end_active(ts, t, TRANSFER_ENDED);
    }
}

static void end_late(struct transfers *ts)
{
    struct tick now = tick_now();

    for (struct heap_item *due; (due = heap_due(&ts->waiting, now));)
        end_waiting(ts, transfer_of_due(due), TRANSFER_LATE);
}

static void tell_slow(struct transfers *ts)
{
    struct tick now = tick_now();

    for (struct heap_item *due; (due = heap_due(&ts->watched, now));) {
        heap_remove(&ts->watched, due);
        ts->options.calls->slow(transfer_of_due(due));
    }
}

static void end_all_waiting(struct transfers *ts)
{
    for (struct heap_item *first; (first = heap_first(&ts->waiting));)
        end_waiting(ts, transfer_of_due(first), TRANSFER_UNBEGUN);
}

static void end_all_active(struct transfers *ts)
{
    for (struct transfer *t; (t = TAILQ_FIRST(&ts->active));)
        end_active(ts, t, TRANSFER_CUT);
}

static void begin_waiting(struct transfers *ts)
{
    for (struct turns_item *item; (item = turns_next(ts->turns));)
        begin(ts, transfer_of_turn(item));
}

/* ---- turns of the loop */

/* What other threads have brought. */
struct news {
    struct transfer_list inbox;
    bool cut, ended;
    struct tick cut_by;
};

static void news_take(struct transfers *ts, struct news *n)
{
    TAILQ_INIT(&n->inbox);
    pthread_mutex_lock(&ts->lock);
    TAILQ_CONCAT(&n->inbox, &ts->inbox, link);
    n->cut = ts->cut;
    n->cut_by = ts->cut_by;
    n->ended = ts->ended;
    pthread_mutex_unlock(&ts->lock);
}

static bool nothing_came(struct transfers *ts)
{
    bool nothing;

    pthread_mutex_lock(&ts->lock);
    nothing = TAILQ_EMPTY(&ts->inbox);
    pthread_mutex_unlock(&ts->lock);
    return nothing;
}

static void inbox_open(struct transfers *ts, struct news *n)
{
    const struct transfer_calls *calls = ts->options.calls;

    for (struct transfer *t; (t = TAILQ_FIRST(&n->inbox));) {
        TAILQ_REMOVE(&n->inbox, t, link);
        if (n->cut)
            calls->over(t, TRANSFER_UNBEGUN);
        else
            calls->arrived(t);
    }
}

/* Before the inbox is opened those that are late go, so that nobody begins too late who has waited, and
 * who has come just now has one chance. */
static void step(struct transfers *ts, struct news *n)
{
    int running;

    curl_multi_perform(ts->multi, &running);
    end_finished(ts);
    end_late(ts);
    tell_slow(ts);
    news_take(ts, n);
    inbox_open(ts, n);
    if (!n->cut)
        begin_waiting(ts);
    else
        end_all_waiting(ts);
    if (n->cut && tick_left(n->cut_by).us == 0)
        end_all_active(ts);
}

/* What a callback has posted is still to be told that it came too late. */
static bool is_last(struct transfers *ts, const struct news *n)
{
    return n->ended && TAILQ_EMPTY(&ts->active) && !ts->waiting.count && nothing_came(ts);
}

static int wait_ms(const struct transfers *ts, const struct news *n)
{
    int most = IDLE_MS;

    if (n->cut && !TAILQ_EMPTY(&ts->active) && tick_left(n->cut_by).us < IDLE_MS * INT64_C(1000))
        most = (int)((tick_left(n->cut_by).us + 999) / 1000);
    return heap_wait_ms(&ts->watched, heap_wait_ms(&ts->waiting, most));
}

static void *run(void *context)
{
    struct transfers *ts = context;
    struct news news;

    pthread_setname_np(pthread_self(), ts->options.name);
    for (step(ts, &news); !is_last(ts, &news); step(ts, &news))
        curl_multi_poll(ts->multi, NULL, 0, wait_ms(ts, &news), NULL);
    return NULL;
}

/* ---- inside of callbacks */

enum turns_taken transfers_put(struct transfers *ts, struct transfer *t, int64_t account_id,
                               const char *place, struct tick by)
{
    enum turns_taken taken;
    char account[24];

    snprintf(account, sizeof account, "%lld", (long long)account_id);
    taken = turns_put(ts->turns, &t->turn, account, place);
    if (taken == TURNS_TAKEN)
        heap_add(&ts->waiting, &t->due, by);
    return taken;
}

void transfers_watch(struct transfers *ts, struct transfer *t, struct tick by)
{
    heap_add(&ts->watched, &t->due, by);
}

void transfer_connect_to(struct transfer *t, const char *where)
{
    t->connect_to = curl_slist_append(t->connect_to, where);
    must(curl_easy_setopt(t->easy, CURLOPT_CONNECT_TO, t->connect_to));
}

int transfer_answered(struct transfer *t, const char *line, size_t size)
{
    long status = 0;

    if (!size || (line[0] != '\r' && line[0] != '\n'))
        return 0;
    must(curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status));
    return status >= 200 ? (int)status : 0;
}

bool transfer_refused(const struct transfer *t)
{
    return t->watch.refused.code != FAULT_NONE && !t->watch.opened;
}

/* ---- from other threads */

/* Who posts the first has woken the loop for those that follow. */
void transfers_post(struct transfers *ts, struct transfer *t)
{
    bool first;

    pthread_mutex_lock(&ts->lock);
    first = TAILQ_EMPTY(&ts->inbox);
    TAILQ_INSERT_TAIL(&ts->inbox, t, link);
    pthread_mutex_unlock(&ts->lock);
    if (first)
        curl_multi_wakeup(ts->multi);
}

static void end_flag(struct transfers *ts, struct duration grace, bool ended)
{
    pthread_mutex_lock(&ts->lock);
    if (!ts->cut)
        ts->cut_by = tick_after(grace);
    ts->cut = true;
    ts->ended = ts->ended || ended;
    pthread_mutex_unlock(&ts->lock);
    curl_multi_wakeup(ts->multi);
}

void transfers_cut(struct transfers *ts, struct duration grace)
{
    end_flag(ts, grace, false);
}

static void transfers_free(struct transfers *ts)
{
    curl_multi_cleanup(ts->multi);
    turns_free(ts->turns);
    heap_free(&ts->waiting);
    heap_free(&ts->watched);
    pthread_mutex_destroy(&ts->lock);
    free(ts);
    curl_global_cleanup();
}

void transfers_stop(struct transfers *ts)
{
    if (!ts)
        return;
    end_flag(ts, seconds(0), true);
    pthread_join(ts->thread, NULL);
    transfers_free(ts);
}

/* Signals are for the main thread. */
static bool thread_start(struct transfers *ts)
{
    sigset_t all, before;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&ts->thread, NULL, run, ts) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static struct transfers *transfers_new(const struct transfers_options *options, CURLM *multi)
{
    struct transfers *ts = calloc(1, sizeof *ts);

    ts->options = *options;
    ts->multi = multi;
    ts->turns = turns_new(&options->turns);
    pthread_mutex_init(&ts->lock, NULL);
    TAILQ_INIT(&ts->inbox);
    TAILQ_INIT(&ts->active);
    return ts;
}

struct transfers *transfers_start(const struct transfers_options *options, struct fault *f)
{
    CURLM *multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
    struct transfers *ts = multi ? transfers_new(options, multi) : NULL;

    if (!ts) {
        fault_set(f, FAULT_INTERNAL, NULL, "libcurl does not start");
        return NULL;
    }
    if (thread_start(ts))
        return ts;
    transfers_free(ts);
    fault_set(f, FAULT_INTERNAL, NULL, "no thread for %s", options->name);
    return NULL;
}
