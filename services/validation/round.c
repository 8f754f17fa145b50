#include "round.h"

#include <stdio.h>

#include "base/log.h"
#include "domains.sql.h"
#include "gate.h"
#include "message/field.h"
#include "message/json.h"
#include "search.h"
#include "service/metrics.h"
#include "share.h"
#include "testing/point.h"
#include "validation.h"

/* Whose account has its share comes back after a while, spread out. */
enum { SHARE_PAUSE_S = 3, SHARE_SPREAD_S = 5, SEEN_NAMES = 20 };

/* Lives in the item's arena. One thread at a time has it: the lane's worker until the search is
 * started, then the prober's, then the committer's. */
struct round {
    struct lane_item *item;
    const OpenChallenge *challenge;
    const struct method *method; /* NULL: not one that is looked for */
    struct cadence cadence;
    struct search search;
    struct search_domain *names;
    size_t count;
    bool failed;
    struct turns_item part; /* of the account's share, once it was taken */
    bool shares;
    DcvRound in;
    struct commit commit;
};

/* ---- what comes of it */

static void hint(const struct lane_item *item, const DcvAdvanced *to)
{
    /* Who waits for this job is told of the next one and runs it. */
    if (validation.run && !item->waiter)
        job_hint(validation.run->bus, to->lane, to->job_id, item->job->traceparent);
}

static void advanced(struct lane_item *item, const DcvAdvanced *to)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;
    outcome.result = to->waiting ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__DONE;
    if (to->has_job_id) {
        outcome.has_next_job_id = true;
        outcome.next_job_id = to->job_id;
        outcome.next_lane = to->lane;
        hint(item, to);
    }
    lane_finish(item, &outcome);
}

static void round_log(const struct round *r, const DcvAdvanced *to)
{
    log_context(r->item->job->traceparent, to->order_id);
    log_info("challenge checked", LOG_INT("challenge_id", r->challenge->challenge_id),
             LOG_TEXT("method", r->method ? r->method->section : ""), LOG_INT("names", r->count),
             LOG_INT("found", r->in.n_evidence), LOG_TEXT("failed", r->failed ? "yes" : "no"),
             LOG_TEXT("left", to->waiting ? "yes" : "no"));
    log_context("", 0);
}

/* On a committer thread. */
static void committed(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct round *r = c->context;
    TEST_POINT("validation.dcv.round.committed");
    metric_add(METRIC_DCV_ROUNDS, 1);
    if (f)
        lane_fail(r->item, f); /* what took effect all the same has moved the job on */
    else if (rows->count == 0)
        lane_gone(r->item);
    else {
        round_log(r, (const DcvAdvanced *)rows->items[0]);
        advanced(r->item, (const DcvAdvanced *)rows->items[0]);
    }
    gate_leave();
}

/* ---- the round as a message */

static Evidence *evidence_of(const struct round *r, const struct search_proof *proof)
{
    struct arena *a = &r->item->arena;
    Evidence *e = arena_new(a, Evidence);
    evidence__init(e);
    e->kind = arena_strdup(a, r->method->kind);
    e->identifier = arena_strdup(a, proof->identifier);
    e->method = r->method->id;
    e->br_method = arena_strdup(a, r->method->section);
    e->completed_at = instant_of(a, proof->at);
    e->evidence = arena_strdup(a, proof->proof);
    e->has_challenge_id = true;
    e->challenge_id = r->challenge->challenge_id;
    return e;
}

static void seen_add(struct text *t, const char *name, const char *reason)
{
    text_add(t, t->length ? "," : "{");
    json_add_string(t, name);
    text_add_char(t, ':');
    json_add_string(t, reason);
}

static void evidence_add(struct round *r, const struct search_domain *from)
{
    for (size_t i = 0; i < from->proof_count; i++)
        r->in.evidence[r->in.n_evidence++] = evidence_of(r, &from->proofs[i]);
}

/* {"example.com": "TXT _dnsauth.example.com: no such name; ..."}. It is written after each round, so of
 * many names only the first are told of, and "*" stands for the others. */
static char *seen_of(const struct round *r)
{
    size_t missing = 0;
    struct text t;

    text_init(&t, &r->item->arena);
    for (size_t i = 0; i < r->count; i++)
        if (!r->names[i].found && missing++ < SEEN_NAMES)
            seen_add(&t, r->names[i].place->domain, r->names[i].reason);
    if (missing > SEEN_NAMES)
        seen_add(&t, "*",
                 arena_format(&r->item->arena,
                              "not found, like %zu other names: why is told of %d at a time",
                              missing - 1, SEEN_NAMES));
    if (missing == 0)
        return NULL;
    text_add_char(&t, '}');
    return t.data;
}

/* By the cadence; sooner when look-ups failed, which may be nobody's lasting fault. */
static bool next_check(const struct round *r, struct instant now, struct instant *next)
{
    struct instant soon = instant_add(now, lane_pause(r->item->job->attempt + 1));
    if (gate_is_cut() && r->failed) {
        *next = now; /* another process may have it at once */
        return true;
    }
    if (!r->method ||
        !cadence_next(&r->cadence, (struct instant){ r->challenge->poll_from->us }, now, next))
        return false;
    if (r->failed && instant_before(soon, *next))
        *next = soon;
    return true;
}

static void round_fill(struct round *r)
{
    struct arena *a = &r->item->arena;
    struct instant now = clock_now(), next;
    dcv_round__init(&r->in);
    r->in.job_id = r->item->job_id;
    r->in.job_epoch = r->item->job->epoch;
    r->in.challenge_id = r->challenge->challenge_id;
    r->in.now = instant_of(a, now);
    r->in.next_at = next_check(r, now, &next) ? instant_of(a, next) : NULL;
    r->in.seen = seen_of(r);
    r->in.poll_from = r->challenge->poll_from;
    r->in.failed = r->failed;
    r->in.evidence = arena_array(a, Evidence *, search_proofs(&r->search));
    for (size_t i = 0; i < r->count; i++)
        evidence_add(r, &r->names[i]);
}

static void round_end(struct round *r)
{
    struct fault f = { 0 };
    TEST_POINT("validation.dcv.probed");
    if (r->shares)
        share_give(&r->part);
    round_fill(r);
    r->commit = (struct commit){ .sql = &sql_dcv_round,
                                 .in = &r->in.base,
                                 .key = "job_epoch",
                                 .done = committed,
                                 .context = r };
    TEST_POINT("validation.dcv.round.before");
    if (!committer_put(validation.committer, &r->commit, &f))
        committed(&r->commit, NULL, &f);
}

/* ---- probes */

/* BR 3.2.2.4.7: a Random Value may be relied on for 30 days at the most. */
static bool value_lives(const OpenChallenge *challenge, struct instant at)
{
    return challenge->random_value_until &&
           instant_before(at, (struct instant){ challenge->random_value_until->us });
}

static const char *expired(const struct round *r)
{
    char when[INSTANT_TEXT_SIZE] = "before";
    if (r->challenge->random_value_until)
        instant_text((struct instant){ r->challenge->random_value_until->us }, when);
    return arena_format(&r->item->arena, "the random value has expired (%s): ask for a new one",
                        when);
}

/* On the prober's thread. */
static void searched(struct search *s)
{
    struct round *r = s->context;

    r->failed = s->failed;
    for (size_t i = 0; i < r->count; i++) {
        struct search_domain *d = &r->names[i];

        if (d->proof_count == 0 || value_lives(r->challenge, d->at))
            continue;
        d->found = false;
        d->proof_count = 0;
        d->reason = expired(r);
    }
    round_end(r);
}

static void round_skip(struct round *r, const char *reason)
{
    for (size_t i = 0; i < r->count; i++)
        r->names[i].reason = reason;
    round_end(r);
}

/* So that who waits learns what was found in time; but never too short for a healthy look-up. */
static struct tick deadline_of(const struct round *r)
{
    struct tick his = validation_deadline(r->item->waiter, seconds(1));
    struct tick least = tick_after(seconds(2));
    return his.us > least.us ? his : least;
}

/* The round may be over, and its memory gone, when this returns. */
static void round_search(struct round *r, const struct web_rules *web)
{
    r->search = (struct search){ .prober = &validation.prober,
                                 .arena = &r->item->arena,
                                 .request = { .account_id = r->challenge->account_id,
                                              .method = r->method,
                                              .random_value = r->challenge->random_value,
                                              .web = *web,
                                              .deadline = deadline_of(r) },
                                 .domains = r->names,
                                 .count = r->count,
                                 .done = searched,
                                 .context = r };
    search_start(&r->search);
}

/* Nothing was looked at: the job is put back as it was. */
static void round_put_off(struct round *r)
{
    uint32_t dice;

    random_bytes(&dice, sizeof dice);
    lane_again(r->item, instant_add(clock_now(), seconds(SHARE_PAUSE_S + dice % SHARE_SPREAD_S)),
               false);
    gate_leave();
}

static void round_ask(struct round *r, const struct web_rules *web)
{
    r->shares = share_take(&r->part, r->challenge->account_id,
                           search_width(r->challenge->places, r->count));
    if (!r->shares) {
        round_put_off(r);
    } else if (!gate_ask_begin()) {
        r->failed = true;
        round_skip(r, "the check was interrupted");
    } else {
        round_search(r, web);
        gate_ask_end();
    }
}

static void round_run(struct round *r)
{
    struct web_rules web = { 0 };
    r->method = method_find(r->challenge->method);
    if (r->count == 0) {
        round_end(r);
    } else if (!r->method) {
        round_skip(r, "names are not looked for by this method: choose another");
    } else if (!value_lives(r->challenge, clock_now())) {
        round_skip(r, expired(r));
    } else if (r->method->web && !web_rules_read(r->challenge->web, &web)) {
        log_error("no rules say how files are looked for");
        round_skip(r, "files cannot be looked for now: the fault is ours");
    } else {
        round_ask(r, &web);
    }
}

void round_begin(struct lane_item *item, const OpenChallenge *challenge,
                 const struct cadence *cadence)
{
    struct round *r = arena_new(&item->arena, struct round);
    *r = (struct round){ .item = item, .challenge = challenge, .cadence = *cadence };
    r->names = arena_array(&item->arena, struct search_domain, challenge->n_places);
    for (; r->count < challenge->n_places; r->count++)
        r->names[r->count] = (struct search_domain){ .place = challenge->places[r->count] };
    lane_weigh(item, r->count ? search_width(challenge->places, r->count) : 1);
    round_run(r);
}
