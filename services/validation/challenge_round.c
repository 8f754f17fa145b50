#include "challenge_round.h"

#include "base/log.h"
#include "cadence.h"
#include "domains.sql.h"
#include "evidence.h"
#include "gate.h"
#include "message/field.h"
#include "round.h"
#include "service/metrics.h"
#include "testing/point.h"
#include "validation.h"

enum { LAST_PAUSE_S = 3600 };

/* Lives in the item's arena. One thread at a time has it: the lane's worker until the round is begun,
 * then the prober's, then the committer's. */
struct challenge_round {
    struct lane_item *item;
    const OpenChallenge *challenge;
    struct cadence cadence;
    struct probe_wanted wanted; /* of all its names */
    struct round round;
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

static void round_log(const struct challenge_round *c, const DcvAdvanced *to)
{
    const struct round *r = &c->round;
    log_context(c->item->job->traceparent, to->order_id);
    log_info("challenge checked", LOG_INT("challenge_id", c->challenge->challenge_id),
             LOG_TEXT("method", r->method ? r->method->section : ""), LOG_INT("names", r->count),
             LOG_INT("found", c->in.n_evidence), LOG_TEXT("failed", r->failed ? "yes" : "no"),
             LOG_TEXT("left", to->waiting ? "yes" : "no"));
    log_context("", 0);
}

/* On a committer thread. */
static void committed(struct commit *commit, const struct rows *rows, const struct fault *f)
{
    struct challenge_round *c = commit->context;
    TEST_POINT("validation.dcv.round.committed");
    metric_add(METRIC_DCV_ROUNDS, 1);
    if (f)
        lane_fail(c->item, f); /* what took effect all the same has moved the job on */
    else if (rows->count == 0)
        lane_gone(c->item);
    else {
        round_log(c, (const DcvAdvanced *)rows->items[0]);
        advanced(c->item, (const DcvAdvanced *)rows->items[0]);
    }
    gate_leave();
}

/* ---- the round as a message */

static void evidence_add(struct challenge_round *c, const struct search_domain *from)
{
    for (size_t i = 0; i < from->proof_count; i++) {
        Evidence *e = evidence_of(&c->item->arena, c->round.method, from, &from->proofs[i]);
        e->has_challenge_id = true;
        e->challenge_id = c->challenge->challenge_id;
        c->in.evidence[c->in.n_evidence++] = e;
    }
}

/* By the cadence; sooner when look-ups failed, which may be nobody's lasting fault. What nobody but we can mend is
 * looked for beyond its end, each hour, as long as its random value lives. */
static bool next_check(const struct challenge_round *c, struct instant now, struct instant *next)
{
    struct instant soon = instant_add(now, lane_pause(c->item->job->attempt + 1));
    if (gate_is_cut() && c->round.failed) {
        *next = now; /* another process may have it at once */
        return true;
    }
    if (!c->round.method)
        return false;
    if (!cadence_next(&c->cadence, (struct instant){ c->challenge->poll_from->us }, now, next)) {
        if (!c->in.ours)
            return false;
        *next = instant_add(now, seconds(LAST_PAUSE_S));
    }
    if (c->round.failed && instant_before(soon, *next))
        *next = soon;
    return true;
}

static void round_fill(struct challenge_round *c)
{
    const struct round *r = &c->round;
    struct arena *a = &c->item->arena;
    struct instant now = clock_now(), next;
    dcv_round__init(&c->in);
    c->in.job_id = c->item->job_id;
    c->in.job_epoch = c->item->job->epoch;
    c->in.challenge_id = c->challenge->challenge_id;
    c->in.now = instant_of(a, now);
    c->in.seen = round_seen(r);
    c->in.ours = round_ours(r);
    c->in.next_at = next_check(c, now, &next) ? instant_of(a, next) : NULL;
    c->in.looked = round_looked(r);
    c->in.poll_from = c->challenge->poll_from;
    c->in.failed = r->failed;
    c->in.evidence = arena_array(a, Evidence *, search_proofs(r->names, r->count));
    for (size_t i = 0; i < r->count; i++)
        evidence_add(c, &r->names[i]);
}

/* ---- its ending */

static void over(struct round *r)
{
    struct challenge_round *c = r->context;
    struct fault f = { 0 };
    TEST_POINT("validation.dcv.probed");
    round_fill(c);
    c->commit = (struct commit){ .sql = &sql_dcv_round,
                                 .in = &c->in.base,
                                 .key = "job_epoch",
                                 .done = committed,
                                 .context = c };
    TEST_POINT("validation.dcv.round.before");
    if (!committer_put(validation.committer, &c->commit, &f))
        committed(&c->commit, NULL, &f);
}

/* The job is put back as it was. */
static void put_off(struct round *r, struct duration pause)
{
    struct challenge_round *c = r->context;
    lane_again(c->item, instant_add(clock_now(), pause), false);
    gate_leave();
}

static const struct round_ending of_challenge = { .over = over, .put_off = put_off };

/* ---- its beginning */

/* A policy that does not say how often to look is a fault of ours: it is reported, not guessed. Of
 * what is not looked for any more nothing needs to be said. */
static bool cadence_of(const OpenChallenge *challenge, struct cadence *out, struct fault *f)
{
    *out = (struct cadence){ 0 };
    return challenge->n_places == 0 ||
           (challenge->cadence && cadence_read(challenge->cadence, out)) ||
           fault_set(f, FAULT_INTERNAL, "dcv.poll", "no rule says when challenge %lld is checked",
                     (long long)challenge->challenge_id);
}

/* So that who waits learns what was found in time; but never too short for a healthy look-up. */
static struct tick deadline_of(const struct lane_item *item)
{
    struct tick his = validation_deadline(item->waiter, seconds(1));
    struct tick least = tick_after(seconds(2));
    return his.us > least.us ? his : least;
}

static void names_fill(struct challenge_round *c)
{
    const OpenChallenge *asked = c->challenge;
    struct round *r = &c->round;
    c->wanted.text = asked->random_value;
    if (asked->random_value_until)
        c->wanted.until.us = asked->random_value_until->us;
    r->names = arena_array(r->arena, struct search_domain, asked->n_places);
    for (; r->count < asked->n_places; r->count++)
        r->names[r->count] =
            (struct search_domain){ .place = asked->places[r->count], .wanted = &c->wanted };
}

static void begin(struct lane_item *item, const OpenChallenge *challenge,
                  const struct cadence *cadence)
{
    struct challenge_round *c = arena_new(&item->arena, struct challenge_round);
    *c = (struct challenge_round){ .item = item, .challenge = challenge, .cadence = *cadence };
    c->round = (struct round){ .ending = &of_challenge,
                               .context = c,
                               .prober = &validation.prober,
                               .arena = &item->arena,
                               .account_id = challenge->account_id,
                               .method = probe_method(challenge->method),
                               .web = challenge->web,
                               .quorum = challenge->quorum,
                               .alone = challenge->alone,
                               .perspectives = &validation.perspectives,
                               .deadline = deadline_of(item) };
    names_fill(c);
    lane_weigh(item, c->round.count ? search_width(c->round.names, c->round.count) : 1);
    round_begin(&c->round);
}

void challenge_round_begin(struct lane_item *item, const OpenChallenge *challenge)
{
    struct cadence cadence;
    struct fault f = { 0 };
    if (!cadence_of(challenge, &cadence, &f))
        lane_fail(item, &f);
    else if (!gate_enter())
        lane_again(item, clock_now(), false);
    else
        begin(item, (const OpenChallenge *)message_copy(&item->arena, &challenge->base), &cadence);
}
