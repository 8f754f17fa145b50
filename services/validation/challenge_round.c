#include "challenge_round.h"

#include "base/log.h"
#include "domains.sql.h"
#include "evidence.h"
#include "gate.h"
#include "message/field.h"
#include "round.h"
#include "round_end.h"
#include "service/metrics.h"
#include "testing/point.h"
#include "validation.h"

/* Lives in the item's arena. One thread at a time has it: the lane's worker until the round is begun,
 * then the prober's, then the committer's. */
struct challenge_round {
    struct lane_item *item;
    const OpenChallenge *challenge;
    struct cadence cadence;
    struct probe_wanted wanted; /* of all its names */
    struct round round;
    DcvRound in;
    struct round_end end;
};

/* ---- what comes of it */

static void round_log(const struct challenge_round *c, const RoundAdvanced *to)
{
    const struct round *r = &c->round;
    log_context(c->item->job->traceparent, to->order_id);
    log_info("challenge checked", LOG_INT("challenge_id", c->challenge->challenge_id),
             LOG_TEXT("method", r->method ? r->method->section : ""), LOG_INT("names", r->count),
             LOG_INT("found", c->in.n_evidence), LOG_TEXT("failed", r->failed ? "yes" : "no"),
             LOG_TEXT("left", to->waiting ? "yes" : "no"));
    log_context("", 0);
}

static void ended(struct round_end *e, const RoundAdvanced *to)
{
    TEST_POINT("validation.dcv.round.committed");
    metric_add(METRIC_DCV_ROUNDS, 1);
    if (to)
        round_log(e->context, to);
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

/* What nobody but we can mend is looked for beyond the end of the cadence, as long as its random value lives. NULL: not
 * again. */
static Instant *next_check(const struct challenge_round *c, struct instant now)
{
    struct round_due due = { .cadence = &c->cadence,
                             .from = { c->challenge->poll_from->us },
                             .failed = c->round.failed,
                             .beyond = c->in.ours != NULL };
    struct instant next;

    return c->round.method && round_end_due(c->item, &due, now, &next)
               ? instant_of(&c->item->arena, next)
               : NULL;
}

static void round_fill(struct challenge_round *c)
{
    const struct round *r = &c->round;
    struct arena *a = &c->item->arena;
    struct instant now = clock_now();
    dcv_round__init(&c->in);
    c->in.job_id = c->item->job_id;
    c->in.job_epoch = c->item->job->epoch;
    c->in.challenge_id = c->challenge->challenge_id;
    c->in.now = instant_of(a, now);
    c->in.seen = round_seen(r);
    c->in.ours = round_ours(r);
    c->in.next_at = next_check(c, now);
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
    TEST_POINT("validation.dcv.probed");
    round_fill(c);
    c->end = (struct round_end){
        .item = c->item, .sql = &sql_dcv_round, .in = &c->in.base, .over = ended, .context = c
    };
    TEST_POINT("validation.dcv.round.before");
    round_end_commit(&c->end);
}

static void put_off(struct round *r, struct duration pause)
{
    struct challenge_round *c = r->context;
    round_end_put_back(c->item, pause);
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
                               .deadline = round_end_deadline(item) };
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
