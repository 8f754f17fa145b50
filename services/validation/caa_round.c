#include "caa_round.h"

#include "base/log.h"
#include "caa_round.sql.h"
#include "caa_search.h"
#include "gate.h"
#include "message/field.h"
#include "round_end.h"
#include "service/metrics.h"
#include "share.h"
#include "sweep.h"
#include "testing/point.h"
#include "validation.h"

enum { SHARE_PAUSE_S = 3 };

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
    struct round_end end;
};

/* ---- what comes of it */

static void round_log(const struct caa_round *c, const RoundAdvanced *to)
{
    log_context(c->item->job->traceparent, c->open->order_id);
    log_info("CAA records checked", LOG_INT("names", c->open->n_names),
             LOG_INT("checks", c->in.n_checks), LOG_TEXT("left", to->waiting ? "yes" : "no"));
    log_context("", 0);
}

static void ended(struct round_end *e, const RoundAdvanced *to)
{
    struct caa_round *c = e->context;

    TEST_POINT("validation.caa.round.committed");
    caa_search_free(&c->search);
    if (to)
        round_log(c, to);
}

/* ---- the round as a message */

/* Records are changed by people: they are looked at as long as the order waits. */
static Instant *next_check(const struct caa_round *c, struct instant now)
{
    struct round_due due = { .cadence = &c->cadence,
                             .from = { c->open->poll_from->us },
                             .failed = c->in.failed,
                             .beyond = true };
    struct instant next = now;

    round_end_due(c->item, &due, now, &next);
    return instant_of(&c->item->arena, next);
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
    c->in.next_at = next_check(c, now);
}

/* ---- its ending */

static void over(struct caa_round *c)
{
    if (c->shares)
        share_give(&c->part);
    round_fill(c);
    c->end = (struct round_end){
        .item = c->item, .sql = &sql_caa_round, .in = &c->in.base, .over = ended, .context = c
    };
    TEST_POINT("validation.caa.round.before");
    round_end_commit(&c->end);
}

/* On the resolver's thread, or the bus's. */
static void looked(struct caa_search *s)
{
    TEST_POINT("validation.caa.looked");
    over(s->context);
}

/* ---- its beginning */

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
                     round_end_deadline(c->item));
}

static void begin(struct caa_round *c)
{
    int width = sweep_width(c->open->n_names);

    lane_weigh(c->item, width > 0 ? width : 1);
    if (c->open->n_names == 0) {
        over(c);
    } else if (!share_take(&c->part, c->open->account_id, width)) {
        round_end_put_back(c->item, seconds(SHARE_PAUSE_S));
    } else if (!gate_ask_begin()) {
        share_give(&c->part);
        round_end_put_back(c->item, seconds(0));
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
