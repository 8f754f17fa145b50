#include "caa_round.h"

#include "base/log.h"
#include "caa_round.sql.h"
#include "caa_search.h"
#include "cadence.h"
#include "gate.h"
#include "message/field.h"
#include "service/metrics.h"
#include "share.h"
#include "sweep.h"
#include "testing/point.h"
#include "validation.h"

enum { SHARE_PAUSE_S = 3, LAST_PAUSE_S = 3600 };

/* Lives in the item's arena. One thread at a time has it: the lane's worker until the look is begun, then the
 * resolver's, the bus's where others have looked as well, then the committer's. */
struct caa_round {
    struct lane_item *item;
    const OpenCaa *open;
    struct cadence cadence;
    struct turns_item part; /* of the account's share */
    bool shares;
    struct caa_search search;
    CaaRound in;
    struct commit commit;
};

/* ---- what comes of it */

static void advanced(struct lane_item *item, const CaaAdvanced *to)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;

    outcome.result = to->waiting ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__DONE;
    if (to->has_job_id) {
        outcome.has_next_job_id = true;
        outcome.next_job_id = to->job_id;
        outcome.next_lane = to->lane;
        /* Who waits for this job is told of the next one and runs it. */
        if (validation.run && !item->waiter)
            job_hint(validation.run->bus, to->lane, to->job_id, item->job->traceparent);
    }
    lane_finish(item, &outcome);
}

static void round_log(const struct caa_round *c, const CaaAdvanced *to)
{
    log_context(c->item->job->traceparent, c->open->order_id);
    log_info("CAA records checked", LOG_INT("names", c->open->n_names),
             LOG_INT("checks", c->in.n_checks), LOG_TEXT("left", to->waiting ? "yes" : "no"));
    log_context("", 0);
}

/* On a committer thread. */
static void committed(struct commit *commit, const struct rows *rows, const struct fault *f)
{
    struct caa_round *c = commit->context;

    TEST_POINT("validation.caa.round.committed");
    caa_search_free(&c->search);
    if (f)
        lane_fail(c->item, f); /* what took effect all the same has moved the job on */
    else if (rows->count == 0)
        lane_gone(c->item);
    else {
        round_log(c, (const CaaAdvanced *)rows->items[0]);
        advanced(c->item, (const CaaAdvanced *)rows->items[0]);
    }
    gate_leave();
}

/* ---- the round as a message */

/* By the cadence, and each hour after its end, as long as the order waits; sooner when look-ups failed, which may be
 * nobody's lasting fault. */
static struct instant next_check(const struct caa_round *c, struct instant now)
{
    struct instant soon = instant_add(now, lane_pause(c->item->job->attempt + 1)), next;

    if (gate_is_cut() && c->in.failed)
        return now; /* another process may have it at once */
    if (!cadence_next(&c->cadence, (struct instant){ c->open->poll_from->us }, now, &next))
        next = instant_add(now, seconds(LAST_PAUSE_S));
    return c->in.failed && instant_before(soon, next) ? soon : next;
}

/* They are the request's: its account is found with it. */
static void checks_add(struct caa_round *c)
{
    c->in.failed = c->search.failed;
    c->in.checks = c->search.checks;
    c->in.n_checks = c->search.count;
    for (size_t i = 0; i < c->in.n_checks; i++) {
        c->in.checks[i]->has_request_id = true;
        c->in.checks[i]->request_id = c->open->request_id;
        c->in.checks[i]->has_account_id = false;
    }
}

static void round_fill(struct caa_round *c)
{
    struct arena *a = &c->item->arena;
    struct instant now = clock_now();

    caa_round__init(&c->in);
    c->in.job_id = c->item->job_id;
    c->in.job_epoch = c->item->job->epoch;
    c->in.request_id = c->open->request_id;
    c->in.now = instant_of(a, now);
    checks_add(c);
    c->in.next_at = instant_of(a, next_check(c, now));
}

/* ---- its ending */

static void over(struct caa_round *c)
{
    struct fault f = { 0 };

    if (c->shares)
        share_give(&c->part);
    round_fill(c);
    c->commit = (struct commit){ .sql = &sql_caa_round,
                                 .in = &c->in.base,
                                 .key = "job_epoch",
                                 .done = committed,
                                 .context = c };
    TEST_POINT("validation.caa.round.before");
    if (!committer_put(validation.committer, &c->commit, &f))
        committed(&c->commit, NULL, &f);
}

/* On the resolver's thread, or the bus's. */
static void looked(struct caa_search *s)
{
    TEST_POINT("validation.caa.looked");
    over(s->context);
}

/* ---- its beginning */

/* So that who waits learns what was found in time; but never too short for a healthy look-up. */
static struct tick deadline_of(const struct lane_item *item)
{
    struct tick his = validation_deadline(item->waiter, seconds(1));
    struct tick least = tick_after(seconds(2));

    return his.us > least.us ? his : least;
}

/* The job is put back as it was. */
static void put_back(struct lane_item *item, struct duration pause)
{
    lane_again(item, instant_add(clock_now(), pause), false);
    gate_leave();
}

/* The rules have been read: it begins. */
static void look_begin(struct caa_round *c)
{
    const OpenCaa *open = c->open;

    c->search = (struct caa_search){ .others = { .rules = open->quorum,
                                                 .alone = open->alone,
                                                 .perspectives = &validation.perspectives },
                                     .done = looked,
                                     .context = c };
    caa_search_start(&c->search, open->account_id, open->names, open->n_names, open->rules,
                     deadline_of(c->item));
}

static void begin(struct caa_round *c)
{
    int width = sweep_width(c->open->n_names);

    lane_weigh(c->item, width > 0 ? width : 1);
    if (c->open->n_names == 0) {
        over(c);
    } else if (!share_take(&c->part, c->open->account_id, width)) {
        put_back(c->item, seconds(SHARE_PAUSE_S));
    } else if (!gate_ask_begin()) {
        share_give(&c->part);
        put_back(c->item, seconds(0));
    } else {
        c->shares = true;
        look_begin(c);
        gate_ask_end();
    }
}

/* A policy that asks for looks, and says neither who we are nor how often to look, is a fault of ours: it is
 * reported, not guessed. Of what is not looked for any more nothing needs to be said. */
static bool rules_read(struct caa_round *c, struct fault *f)
{
    const OpenCaa *open = c->open;
    const CaaRules *rules = open->rules;
    struct caa_terms terms;

    if (open->n_names == 0)
        return true;
    if (!caa_terms_read(&c->item->arena, rules, open->account_id, &terms))
        return fault_set(f, FAULT_INTERNAL, "caa.identities",
                         "no rule says by which names CAA "
                         "records name this CA");
    return (rules->cadence && cadence_read(rules->cadence, &c->cadence)) ||
           fault_set(f, FAULT_INTERNAL, "caa.poll",
                     "no rule says when CAA records are looked at again");
}

static void item_run(struct lane_item *item, const OpenCaa *open)
{
    struct caa_round *c = arena_new(&item->arena, struct caa_round);
    struct fault f = { 0 };

    c->item = item;
    c->open = (const OpenCaa *)message_copy(&item->arena, &open->base);
    if (!rules_read(c, &f))
        lane_fail(item, &f);
    else if (!gate_enter())
        lane_again(item, clock_now(), false);
    else
        begin(c);
}

/* ---- the run */

static bool open_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    CaaIds in = CAA_IDS__INIT;

    in.ids = lane_subjects(batch);
    in.n_ids = batch->count;
    in.now = instant_of(batch->arena, clock_now());
    return store_all(store_mine(), batch->arena, &sql_caa_open, &in.base, rows, f);
}

static const OpenCaa *open_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const OpenCaa *)rows->items[i])->request_id == id)
            return (const OpenCaa *)rows->items[i];
    return NULL;
}

void caa_run(struct lane_batch *batch)
{
    struct rows rows = { 0 };
    struct fault f = { 0 };
    bool read;

    TEST_POINT("validation.caa.claimed");
    read = open_read(batch, &rows, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        const OpenCaa *open = read ? open_find(&rows, item->job->subject) : NULL;

        if (!read)
            lane_fail(item, &f);
        else if (!open)
            lane_end(item, JOB_OUTCOME__RESULT__DONE);
        else
            item_run(item, open);
    }
}
