#include "ct_submitter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ct_submission.h"

enum { IN_FLIGHT = 256, SHARES = 4, PER_LOG = 64, WAITING_PER_LOG = 4096 };

struct ct_submitter {
    struct ct_submitter_options options;
    struct transfers *transfers;
};

static struct ct_loop_item *item_of(struct transfer *t)
{
    return WHOLE_OF(t, struct ct_loop_item, transfer);
}

/* ---- what the loop calls */

static void errand_run(struct transfer *t)
{
    struct ct_errand *e = WHOLE_OF(item_of(t), struct ct_errand, base);

    e->run(e);
}

/* Its turn is to come before another log would be asked. */
static void put(struct ct_submission *s)
{
    static const char *const why[] = { [TURNS_ASKER_FULL] =
                                           "too many submissions of this account are under way",
                                       [TURNS_PLACE_FULL] =
                                           "too many submissions wait for this log" };
    struct tick by = tick_after(s->submitter->options.slow);
    struct guarded_url url;
    struct fault f = { 0 };
    char host[TURNS_KEY_SIZE];
    enum turns_taken taken;

    if (!guard_url(&s->submitter->options.guard, s->url, &url, &f)) {
        ct_submission_end(s, CT_UNREACHABLE, f.detail);
        return;
    }
    s->url = arena_strdup(&s->arena, url.text);
    snprintf(host, sizeof host, "%s:%u", url.host, url.port);
    taken = transfers_put(s->submitter->transfers, &s->base.transfer, s->account_id, host,
                          by.us < s->deadline.us ? by : s->deadline);
    if (taken != TURNS_TAKEN)
        ct_submission_end(s, CT_BUSY, why[taken]);
}

static void arrived(struct transfer *t)
{
    if (item_of(t)->is_submission)
        put(ct_submission_of(t));
    else
        errand_run(t);
}

static void begin(struct transfer *t)
{
    struct ct_submission *s = ct_submission_of(t);

    ct_submission_begin(s, &s->submitter->options);
    transfers_watch(s->submitter->transfers, t, tick_after(s->submitter->options.slow));
}

static void slow(struct transfer *t)
{
    ct_submission_slow(ct_submission_of(t));
}

static void judge(struct transfer *t, CURLcode code)
{
    ct_submission_judge(ct_submission_of(t), code);
}

static void over(struct transfer *t, enum transfer_end how)
{
    static const struct {
        enum ct_outcome outcome;
        const char *why;
    } unjudged[] = { [TRANSFER_LATE] = { CT_BUSY, "its turn did not come in time" },
                     [TRANSFER_UNBEGUN] = { CT_STOPPED, "not asked" },
                     [TRANSFER_CUT] = { CT_STOPPED, "not waited for" } };

    if (!item_of(t)->is_submission)
        errand_run(t);
    else if (how == TRANSFER_ENDED)
        ct_submission_done(ct_submission_of(t));
    else
        ct_submission_end(ct_submission_of(t), unjudged[how].outcome, unjudged[how].why);
}

static const struct transfer_calls calls = {
    .arrived = arrived, .begin = begin, .judge = judge, .over = over, .slow = slow
};

/* ---- from other threads */

static int or_else(int value, int otherwise)
{
    return value > 0 ? value : otherwise;
}

static struct transfers *loop_start(const struct ct_submitter_options *o, struct fault *f)
{
    int most = or_else(o->in_flight, IN_FLIGHT), per_log = or_else(o->per_log, PER_LOG);
    struct turns_options turns = { .most = most,
                                   .most_asker = or_else(o->per_account, most / SHARES),
                                   .most_place = per_log,
                                   .waiting_place = per_log + WAITING_PER_LOG };

    return transfers_start(
        &(struct transfers_options){
            .name = "submitter", .guard = &o->guard, .turns = turns, .calls = &calls },
        f);
}

struct ct_submitter *ct_submitter_start(const struct ct_submitter_options *options, struct fault *f)
{
    struct ct_submitter *s;

    if (*options->ca_file && access(options->ca_file, R_OK) != 0) {
        fault_set(f, FAULT_INVALID, "CT_CA", "%s cannot be read", options->ca_file);
        return NULL;
    }
    s = calloc(1, sizeof *s);
    s->options = *options;
    s->transfers = loop_start(&s->options, f);
    if (s->transfers) {
        ct_health_open();
        return s;
    }
    free(s);
    return NULL;
}

void ct_submitter_cut(struct ct_submitter *s)
{
    if (s)
        transfers_cut(s->transfers, seconds(0));
}

void ct_submitter_stop(struct ct_submitter *s)
{
    if (!s)
        return;
    transfers_stop(s->transfers);
    ct_health_close();
    free(s);
}

void ct_submitter_call(struct ct_submitter *s, struct ct_errand *e)
{
    e->base.is_submission = false;
    transfers_post(s->transfers, &e->base.transfer);
}

struct ct_submission *ct_submit(struct ct_submitter *s, const struct ct_asked *asked,
                                const struct ct_post *post, const struct ct_owner *owner)
{
    struct ct_submission *new = ct_submission_new(asked, post, owner);

    new->submitter = s;
    transfers_post(s->transfers, &new->base.transfer);
    return new;
}
