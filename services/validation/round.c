#include "round.h"

#include <stdio.h>

#include "base/log.h"
#include "domains.sql.h"
#include "gate.h"
#include "message/field.h"
#include "message/json.h"
#include "service/metrics.h"
#include "testing/point.h"
#include "validation.h"

/* One authorization domain name of the order. */
struct asked {
    struct round *round;
    const char *domain;
    bool found;
    const char *reason, *proof;
    struct instant at;
};

/* Lives in the item's arena. One thread at a time has it: the lane's worker until the probes are
 * started, then the prober's, then the committer's. */
struct round {
    struct lane_item *item;
    const OpenOrder *order;
    const struct method *method; /* NULL: not one that is looked for */
    struct cadence cadence;
    struct asked *names;
    size_t count, pending;
    bool failed;
    DcvRound in;
    struct commit commit;
};

/* ---- what comes of it */

static void hint(const struct lane_item *item, int64_t job_id)
{
    /* Who waits for this job is told of the next one and runs it. */
    if (validation.run && validation.run->bus && !item->waiter)
        job_hint(validation.run->bus, "issue", job_id, item->job->traceparent);
}

static void advanced(struct lane_item *item, const DcvAdvanced *to)
{
    static char issue[] = "issue";
    JobOutcome outcome = JOB_OUTCOME__INIT;
    outcome.result = to->waiting ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__DONE;
    if (to->has_job_id) {
        outcome.has_next_job_id = true;
        outcome.next_job_id = to->job_id;
        outcome.next_lane = issue;
        hint(item, to->job_id);
    }
    lane_finish(item, &outcome);
}

static void round_log(const struct round *r, const DcvAdvanced *to)
{
    log_context(r->item->job->traceparent, r->order->order_id);
    log_info("order checked", LOG_TEXT("method", r->method ? r->method->section : ""),
             LOG_INT("names", r->count), LOG_INT("found", r->in.n_evidence),
             LOG_TEXT("failed", r->failed ? "yes" : "no"),
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

static Evidence *evidence_of(const struct round *r, const struct asked *name)
{
    struct arena *a = &r->item->arena;
    Evidence *e = arena_new(a, Evidence);
    evidence__init(e);
    e->account_id = r->order->account_id;
    e->domain = arena_strdup(a, name->domain);
    e->method = r->method->id;
    e->br_method = arena_strdup(a, r->method->section);
    e->completed_at = instant_of(a, name->at);
    e->evidence = arena_strdup(a, name->proof);
    e->has_order_id = true;
    e->order_id = r->order->order_id;
    return e;
}

/* {"example.com": "TXT _dnsauth.example.com: no such name; ..."} */
static char *seen_of(const struct round *r)
{
    struct text t;
    text_init(&t, &r->item->arena);
    for (size_t i = 0; i < r->count; i++) {
        if (r->names[i].found)
            continue;
        text_add(&t, t.length ? "," : "{");
        json_add_string(&t, r->names[i].domain);
        text_add_char(&t, ':');
        json_add_string(&t, r->names[i].reason);
    }
    if (t.length == 0)
        return NULL;
    text_add_char(&t, '}');
    return t.data;
}

/* By the cadence; sooner when look-ups failed, which may be nobody's lasting fault. */
static bool next_check(const struct round *r, struct instant now, struct instant *next)
{
    struct instant soon = instant_add(now, lane_pause(r->item->job->attempt));
    if (gate_is_cut() && r->failed) {
        *next = now; /* another process may have it at once */
        return true;
    }
    if (!r->method ||
        !cadence_next(&r->cadence, (struct instant){ r->order->poll_from->us }, now, next))
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
    r->in.order_id = r->order->order_id;
    r->in.now = instant_of(a, now);
    r->in.next_at = next_check(r, now, &next) ? instant_of(a, next) : NULL;
    r->in.seen = seen_of(r);
    r->in.poll_from = r->order->poll_from;
    r->in.failed = r->failed;
    r->in.evidence = arena_array(a, Evidence *, r->count);
    for (size_t i = 0; i < r->count; i++)
        if (r->names[i].found)
            r->in.evidence[r->in.n_evidence++] = evidence_of(r, &r->names[i]);
}

static void round_end(struct round *r)
{
    struct fault f = { 0 };
    TEST_POINT("validation.dcv.probed");
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
static bool value_lives(const OpenOrder *order, struct instant at)
{
    return order->random_value_until &&
           instant_before(at, (struct instant){ order->random_value_until->us });
}

static const char *expired(const struct round *r)
{
    char when[INSTANT_TEXT_SIZE] = "before";
    if (r->order->random_value_until)
        instant_text((struct instant){ r->order->random_value_until->us }, when);
    return arena_format(&r->item->arena, "the random value has expired (%s): ask for a new one",
                        when);
}

/* On the prober's thread: every name is looked for by the same method. */
static void probed(void *context, const struct probe_result *result)
{
    struct asked *name = context;
    struct round *r = name->round;
    struct arena *a = &r->item->arena;
    name->at = result->at;
    name->found = result->found && value_lives(r->order, result->at);
    name->proof = arena_strdup(a, result->proof);
    name->reason = result->found ? expired(r) : arena_strdup(a, result->reason);
    r->failed = r->failed || result->failed;
    metric_add(result->found    ? METRIC_DCV_FOUND
               : result->failed ? METRIC_DCV_FAILED
                                : METRIC_DCV_MISSING,
               1);
    if (--r->pending == 0)
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

/* Once the last probe is started the round may be over, and its memory gone. */
static void round_probe(struct round *r, const struct web_rules *web)
{
    struct asked *names = r->names;
    size_t count = r->count;
    struct probe_request q = { .method = r->method,
                               .random_value = r->order->random_value,
                               .web = *web,
                               .deadline = deadline_of(r) };
    r->pending = count;
    for (size_t i = 0; i < count; i++) {
        q.domain = names[i].domain;
        probe_start(&validation.prober, &q, probed, &names[i]);
    }
}

static void round_run(struct round *r)
{
    struct web_rules web = { 0 };
    r->method = method_find(r->order->dcv_method);
    if (r->count == 0) {
        round_end(r);
    } else if (!r->method) {
        round_skip(r, "names are not looked for by this method: choose another");
    } else if (!value_lives(r->order, clock_now())) {
        round_skip(r, expired(r));
    } else if (r->method->web && !web_rules_read(r->order->web, &web)) {
        log_error("no rules say how files are looked for");
        round_skip(r, "files cannot be looked for now: the fault is ours");
    } else if (!gate_ask_begin()) {
        r->failed = true;
        round_skip(r, "the check was interrupted");
    } else {
        round_probe(r, &web);
        gate_ask_end();
    }
}

void round_begin(struct lane_item *item, const OpenOrder *order, const struct cadence *cadence)
{
    struct round *r = arena_new(&item->arena, struct round);
    *r = (struct round){ .item = item, .order = order, .cadence = *cadence };
    r->names = arena_array(&item->arena, struct asked, order->n_names);
    for (; r->count < order->n_names; r->count++)
        r->names[r->count] = (struct asked){ .round = r, .domain = order->names[r->count]->domain };
    round_run(r);
}
