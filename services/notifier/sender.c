#include "sender.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sender_transfer.h"

enum { IN_FLIGHT = 200, SHARES = 4, PER_HOST = 8, WAITING_PER_HOST = 64, TIMEOUT_S = 20 };

/* What is called here by the loop (net/transfers.h) runs on its thread, without a lock; sender_post() and
 * sender_room() run on any, and share only `pending` with it. */
struct sender {
    struct sender_options options;
    struct transfers *transfers;
    atomic_int pending; /* posted and not called back */
};

static void finish(struct sender_transfer *t)
{
    atomic_fetch_sub(&t->sender->pending, 1);
    sender_transfer_done(t);
}

static void finish_as(struct sender_transfer *t, enum post_outcome outcome, const char *reason)
{
    sender_transfer_settle(t, outcome, reason);
    finish(t);
}

// clang-format off
struct not_sent {
    enum post_outcome outcome;
    const char *reason;
};

static const struct not_sent not_taken[] = {
    [TURNS_ASKER_FULL] = { POST_SHARE, "too many requests of this account are under way" },
    [TURNS_PLACE_FULL] = { POST_BUSY,  "too many requests wait for this host" },
};

static const struct not_sent not_ended[] = {
    [TRANSFER_LATE]    = { POST_BUSY,    "its turn did not come in time" },
    [TRANSFER_UNBEGUN] = { POST_STOPPED, "stopped before it was sent" },
    [TRANSFER_CUT]     = { POST_STOPPED, "stopped while under way" },
};
// clang-format on

/* ---- what the loop calls */

/* An answer that came in the whole time of a request would be too late. */
static struct tick turn_by(const struct sender_transfer *t)
{
    struct tick by = TRANSFER_PATIENT;

    if (t->post.answer_by.us)
        by.us = t->post.answer_by.us - t->sender->options.timeout.us;
    return by;
}

static enum turns_taken put(struct sender_transfer *t, const struct guarded_url *url)
{
    char host[TURNS_KEY_SIZE];

    snprintf(host, sizeof host, "%s:%u", url->host, url->port);
    return transfers_put(t->sender->transfers, &t->transfer, t->post.account_id, host, turn_by(t));
}

/* A new post joins those that wait for their turn, or ends here. */
static void arrived(struct transfer *of)
{
    struct sender_transfer *t = sender_transfer_of(of);
    enum turns_taken taken;
    struct guarded_url url;
    struct fault f = { 0 };

    if (!guard_url(&t->sender->options.guard, t->post.url, &url, &f)) {
        finish_as(t, POST_REFUSED, f.detail);
        return;
    }
    t->post.url = arena_strdup(&t->arena, url.text);
    taken = put(t, &url);
    if (taken != TURNS_TAKEN)
        finish_as(t, not_taken[taken].outcome, not_taken[taken].reason);
}

static void begin(struct transfer *of)
{
    struct sender_transfer *t = sender_transfer_of(of);

    sender_transfer_begin(t, &t->sender->options);
}

static void over(struct transfer *of, enum transfer_end how)
{
    struct sender_transfer *t = sender_transfer_of(of);

    if (how == TRANSFER_ENDED)
        finish(t);
    else
        finish_as(t, not_ended[how].outcome, not_ended[how].reason);
}

static const struct transfer_calls calls = {
    .arrived = arrived,
    .begin = begin,
    .judge = sender_transfer_judge,
    .over = over,
};

/* ---- from other threads */

static bool curl_check(struct fault *f)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

    return (v->features & CURL_VERSION_ASYNCHDNS) ||
           fault_set(f, FAULT_INTERNAL, NULL, "this libcurl waits for name look-ups");
}

static int or_else(int value, int otherwise)
{
    return value > 0 ? value : otherwise;
}

static void options_take(struct sender *s, const struct sender_options *o)
{
    s->options = *o;
    s->options.in_flight = or_else(o->in_flight, IN_FLIGHT);
    s->options.per_host = or_else(o->per_host, PER_HOST);
    s->options.per_account = or_else(o->per_account, or_else(s->options.in_flight / SHARES, 1));
    s->options.waiting_per_host = or_else(o->waiting_per_host, WAITING_PER_HOST);
    if (o->timeout.us <= 0)
        s->options.timeout = seconds(TIMEOUT_S);
}

static struct transfers *loop_start(const struct sender_options *o, struct fault *f)
{
    struct turns_options turns = { .most = o->in_flight,
                                   .most_asker = o->per_account,
                                   .most_place = o->per_host,
                                   .waiting_asker = o->per_account,
                                   .waiting_place = o->per_host + o->waiting_per_host };

    return transfers_start(
        &(struct transfers_options){
            .name = "sender", .guard = &o->guard, .turns = turns, .calls = &calls },
        f);
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
    s = calloc(1, sizeof *s);
    options_take(s, options);
    s->transfers = loop_start(&s->options, f);
    if (s->transfers)
        return s;
    free(s);
    return NULL;
}

void sender_post(struct sender *s, const struct post *post,
                 void (*done)(const struct post_result *, void *), void *context)
{
    struct sender_transfer *t = sender_transfer_new(post, done, context);

    t->sender = s;
    atomic_fetch_add(&s->pending, 1);
    transfers_post(s->transfers, &t->transfer);
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
    transfers_cut(s->transfers, grace);
    transfers_stop(s->transfers);
    free(s);
}
