#include "ct_search.h"

#include <stdio.h>
#include <string.h>

/* ---- what is sent */

struct bytes ct_body(struct arena *a, const struct bytes *chain, size_t count)
{
    struct text t;

    text_init(&t, a);
    text_add(&t, "{\"chain\":[");
    for (size_t i = 0; i < count; i++)
        text_format(&t, "%s\"%s\"", i ? "," : "", base64_write(a, chain[i]));
    text_add(&t, "]}");
    return (struct bytes){ (const uint8_t *)t.data, t.length };
}

/* ---- who is there */

static struct ct_candidate *candidate_of(struct ct_search *s, const struct ct_log *log)
{
    for (size_t i = 0; i < s->count; i++)
        if (bytes_equal(s->logs[i].log->id, log->id))
            return &s->logs[i];
    return NULL;
}

static struct ct_candidate *candidate_add(struct ct_search *s, const struct ct_log *log)
{
    struct ct_candidate *c = candidate_of(s, log);

    if (c || s->count == CT_LOGS_MAX)
        return c;
    c = &s->logs[s->count++];
    *c = (struct ct_candidate){ .log = log, .said = "" };
    return c;
}

void ct_search_add(struct ct_search *s, const struct ct_log *log)
{
    candidate_add(s, log);
}

static bool time_counts(const struct ct_log *log, const struct sct *t, struct fault *f)
{
    struct instant at = sct_time(t), now = clock_now();

    return ct_log_counts(log, at, now) ||
           fault_set(f, FAULT_INVALID, "timestamp",
                     instant_before(now, at) ? "lies in the future"
                                             : "is not of a time when the log could be used");
}

void ct_search_has(struct ct_search *s, const struct policy *p, struct bytes serialized)
{
    const struct ct_log *log;
    struct ct_candidate *c;
    struct fault f = { 0 };
    struct sct t;

    if (!sct_read(serialized, &t, &f, "timestamp"))
        return;
    log = ct_log_find(p, t.log_id);
    c = log && time_counts(log, &t, &f) ? candidate_add(s, log) : NULL;
    if (c)
        c->standing = CT_HAS_PROMISED;
}

/* ---- how many are missing */

static bool is_met(const struct ct_search *s, bool by_those_asked)
{
    const struct ct_log *have[CT_LOGS_MAX];
    bool chosen[CT_LOGS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < s->count; i++)
        if (s->logs[i].standing == CT_HAS_PROMISED ||
            (by_those_asked && s->logs[i].standing == CT_ASKED))
            have[count++] = s->logs[i].log;
    return s->need.scts == 0 || ct_choose(&s->need, have, count, chosen) > 0;
}

bool ct_search_is_enough(const struct ct_search *s)
{
    return is_met(s, false);
}

/* ---- the end */

static void over(struct ct_search *s)
{
    s->enough = ct_search_is_enough(s);
    for (size_t i = 0; i < s->count; i++)
        if (s->logs[i].submission)
            ct_submission_forget(s->logs[i].submission);
    s->done(s);
}

/* ---- who is asked */

static void say(struct ct_candidate *c, struct arena *a, struct instant at, const char *what)
{
    c->said_at = at;
    c->said = arena_strdup(a, what);
}

/* "left alone until 2024-03-01T10:20:30+00:00: it answers 503" */
static void leave_alone(struct ct_search *s, struct ct_candidate *c, const struct ct_failure *why,
                        bool for_good)
{
    char till[INSTANT_TEXT_SIZE];

    c->standing = for_good ? CT_FAILED : CT_LEFT_ALONE;
    say(c, s->arena, why->at,
        arena_format(s->arena, "left alone until %s: %s", instant_text(why->rests_till, till),
                     why->reason));
}

static const struct ct_owner owner;

static void submit(struct ct_search *s, struct ct_candidate *c, const struct ct_asked *asked)
{
    struct ct_owner mine = owner;
    struct ct_post post = { .path = "ct/v1/add-pre-chain",
                            .body = s->body,
                            .account_id = s->account_id,
                            .deadline = s->deadline };

    mine.context = s;
    c->standing = CT_ASKED;
    c->submission = ct_submit(s->submitter, asked, &post, &mine);
}

/* True: it was not asked, and is not asked in this way any more. */
static bool is_left_alone(struct ct_search *s, struct ct_candidate *c, bool is_last_resort)
{
    struct ct_failure why;
    struct ct_asked asked;

    if (ct_health_ask(&asked, c->log, is_last_resort, &why)) {
        submit(s, c, &asked);
        return false;
    }
    leave_alone(s, c, &why, is_last_resort);
    return true;
}

/* Which of them would be the next: indexes. */
static size_t choice(const struct ct_search *s, bool is_last_resort, size_t *ask)
{
    const struct ct_log *logs[CT_LOGS_MAX];
    bool have[CT_LOGS_MAX], failed[CT_LOGS_MAX];

    for (size_t i = 0; i < s->count; i++) {
        enum ct_standing standing = s->logs[i].standing;

        logs[i] = s->logs[i].log;
        have[i] = standing == CT_HAS_PROMISED;
        failed[i] = standing == CT_FAILED || standing == CT_ASKED_LONG ||
                    (standing == CT_LEFT_ALONE && !is_last_resort);
    }
    return ct_ask(&s->need, logs, s->count, have, failed, ask, CT_LOGS_MAX);
}

/* True: somebody is left alone, so that others may be the next. */
static bool ask_those(struct ct_search *s, bool is_last_resort)
{
    size_t ask[CT_LOGS_MAX], count = choice(s, is_last_resort, ask);
    bool again = false;

    for (size_t i = 0; i < count; i++) {
        struct ct_candidate *c = &s->logs[ask[i]];

        if (c->standing == CT_UNASKED || c->standing == CT_LEFT_ALONE)
            again = is_left_alone(s, c, is_last_resort) || again;
    }
    return again;
}

static bool waits(const struct ct_search *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->logs[i].submission)
            return true;
    return false;
}

static void ask_more(struct ct_search *s)
{
    bool may_ask = !s->stopped && tick_left(s->deadline).us > 0;

    while (may_ask && ask_those(s, false))
        ;
    while (may_ask && !is_met(s, true) && ask_those(s, true))
        ;
    if (!waits(s))
        over(s);
}

/* ---- what comes */

static bool timestamp_read(struct ct_search *s, const struct ct_log *log, struct bytes body,
                           struct sct *out, struct fault *f)
{
    return sct_answer_read(body, s->arena, out, f) &&
           sct_verify(out, log->key, s->tbs, s->issuer_spki, f) && time_counts(log, out, f);
}

static void answer_read(void *context, const struct ct_log *log, struct bytes body,
                        struct ct_answer *out)
{
    struct ct_search *s = context;
    struct ct_candidate *c = candidate_of(s, log);
    struct fault f = { 0 };
    struct sct t;

    if (timestamp_read(s, log, body, &t, &f)) {
        c->sct = sct_write(&t, s->arena);
        c->at = sct_time(&t);
        c->received_at = clock_now();
        return;
    }
    out->outcome = CT_WRONG;
    snprintf(out->reason, sizeof out->reason, "its answer is no timestamp of it: %.40s%s%.100s",
             f.field, *f.field ? " " : "", f.detail);
}

static void is_slow(void *context, const struct ct_log *log)
{
    struct ct_search *s = context;
    struct ct_candidate *c = candidate_of(s, log);

    c->standing = CT_ASKED_LONG;
    say(c, s->arena, clock_now(), "it does not answer in time");
    ask_more(s);
}

static void is_done(void *context, const struct ct_log *log, const struct ct_answer *answer)
{
    struct ct_search *s = context;
    struct ct_candidate *c = candidate_of(s, log);

    c->submission = NULL;
    c->standing = answer->outcome == CT_PROMISED ? CT_HAS_PROMISED : CT_FAILED;
    s->stopped = s->stopped || answer->outcome == CT_STOPPED;
    if (answer->outcome != CT_PROMISED)
        say(c, s->arena, clock_now(), answer->reason);
    if (ct_search_is_enough(s))
        over(s);
    else
        ask_more(s);
}

static const struct ct_owner owner = { .read = answer_read, .slow = is_slow, .done = is_done };

/* ---- the beginning */

static void begin(struct ct_errand *e)
{
    struct ct_search *s = WHOLE_OF(e, struct ct_search, begin);

    if (ct_search_is_enough(s))
        over(s);
    else
        ask_more(s);
}

void ct_search_start(struct ct_search *s)
{
    s->begin.run = begin;
    ct_submitter_call(s->submitter, &s->begin);
}
