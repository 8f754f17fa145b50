#include "ct_round.h"

#include "base/log.h"
#include "ct_round.sql.h"
#include "ct_search.h"
#include "gate.h"
#include "message/convert.h"
#include "message/field.h"
#include "message/json.h"
#include "pki/certificate.h"
#include "pki/precertificate.h"
#include "testing/point.h"
#include "transparency.pb-c.h"
#include "validation.h"

enum { PAUSES_MAX = 5, CHAIN_MAX = 9 }; /* no more than ten minutes */

/* Lives in the item's arena. One thread at a time has it: the lane's worker until the search is begun, then the
 * submitter's, then the committer's. */
struct ct_round {
    struct lane_item *item;
    const OpenPrecertificate *open;
    struct ct_search search;
    CtRound in;
    struct commit commit;
};

/* ---- what comes of it */

static void advanced(struct lane_item *item, const CtAdvanced *to)
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

static void round_log(const struct ct_round *r)
{
    log_context(r->item->job->traceparent, r->open->order_id);
    log_info("precertificate shown to logs", LOG_INT("timestamps", r->in.n_timestamps),
             LOG_TEXT("enough", r->in.enough ? "yes" : "no"));
    log_context("", 0);
}

/* On a committer thread. */
static void committed(struct commit *commit, const struct rows *rows, const struct fault *f)
{
    struct ct_round *r = commit->context;

    TEST_POINT("validation.ct.round.committed");
    if (f)
        lane_fail(r->item, f); /* what took effect all the same has moved the job on */
    else if (rows->count == 0)
        lane_gone(r->item);
    else {
        round_log(r);
        advanced(r->item, (const CtAdvanced *)rows->items[0]);
    }
    gate_leave();
}

/* ---- the round as a message */

static ProtobufCBinaryData binary(struct arena *a, struct bytes b)
{
    return (ProtobufCBinaryData){ b.size, arena_copy(a, b.data, b.size) };
}

static Timestamp *timestamp_of(const struct ct_round *r, const struct ct_candidate *c)
{
    struct arena *a = &r->item->arena;
    Timestamp *t = arena_new(a, Timestamp);

    timestamp__init(t);
    t->issuance_id = r->open->issuance_id;
    t->log_id = binary(a, c->log->id);
    t->at = instant_of(a, c->at);
    t->sct = binary(a, c->sct);
    t->received_at = instant_of(a, c->received_at);
    return t;
}

static void timestamps_fill(struct ct_round *r)
{
    const struct ct_search *s = &r->search;

    r->in.timestamps = arena_array(&r->item->arena, Timestamp *, s->count + 1);
    for (size_t i = 0; i < s->count; i++)
        if (s->logs[i].standing == CT_HAS_PROMISED && s->logs[i].sct.size)
            r->in.timestamps[r->in.n_timestamps++] = timestamp_of(r, &s->logs[i]);
}

static void look_add(struct text *t, LogLook *look, struct arena *a, struct instant at,
                     const char *detail)
{
    text_add_char(t, t->length ? ',' : '[');
    look->at = instant_of(a, at);
    look->detail = arena_strdup(a, detail);
    message_to_json(&look->base, t);
}

static void look_add_of(struct text *t, const struct ct_candidate *c, struct arena *a)
{
    LogLook look = LOG_LOOK__INIT;

    look.has_log_id = true;
    look.log_id = binary(a, c->log->id);
    look.log = arena_strdup(a, c->log->description);
    look.operator_ = arena_strdup(a, c->log->operator_name);
    look_add(t, &look, a, c->said_at, c->said);
}

/* "[...]"; NULL: there is nothing to say. */
static char *looked(const struct ct_round *r)
{
    const struct ct_search *s = &r->search;
    struct arena *a = &r->item->arena;
    LogLook none = LOG_LOOK__INIT;
    struct text t;

    text_init(&t, a);
    for (size_t i = 0; i < s->count; i++)
        if (s->logs[i].standing != CT_HAS_PROMISED && *s->logs[i].said)
            look_add_of(&t, &s->logs[i], a);
    none.log = (char[]){ "policy/logs.json" };
    if (!t.length && !s->enough)
        look_add(&t, &none, a, clock_now(), "has too few logs that take it");
    if (!t.length)
        return NULL;
    text_add_char(&t, ']');
    return t.data;
}

/* Soon after the first times, which may be nobody's lasting fault; a process that stops leaves it to others at once. */
static struct instant next_look(const struct ct_round *r, struct instant now)
{
    int attempt = r->item->job->attempt + 1;

    if (gate_is_cut())
        return now;
    return instant_add(now, lane_pause(attempt < PAUSES_MAX ? attempt : PAUSES_MAX));
}

static void round_fill(struct ct_round *r)
{
    struct arena *a = &r->item->arena;
    struct instant now = clock_now();

    ct_round__init(&r->in);
    r->in.job_id = r->item->job_id;
    r->in.job_epoch = r->item->job->epoch;
    r->in.request_id = r->open->request_id;
    r->in.issuance_id = r->open->issuance_id;
    r->in.enough = r->search.enough;
    r->in.looked = looked(r);
    r->in.now = instant_of(a, now);
    r->in.next_at = instant_of(a, next_look(r, now));
    timestamps_fill(r);
}

/* ---- its ending */

/* On the submitter's thread. */
static void searched(struct ct_search *s)
{
    struct ct_round *r = s->context;
    struct fault f = { 0 };

    TEST_POINT("validation.ct.searched");
    round_fill(r);
    r->commit = (struct commit){ .sql = &sql_ct_round,
                                 .in = &r->in.base,
                                 .key = "job_epoch",
                                 .account_id = r->open->account_id,
                                 .done = committed,
                                 .context = r };
    if (!committer_put(validation.committer, &r->commit, &f))
        committed(&r->commit, NULL, &f);
}

/* ---- its beginning */

static struct bytes bytes_in(ProtobufCBinaryData b)
{
    return (struct bytes){ b.data, b.len };
}

/* The precertificate, then its issuers. */
static struct bytes body_of(struct arena *a, const OpenPrecertificate *open)
{
    struct bytes chain[CHAIN_MAX] = { bytes_in(open->der) };
    size_t count = 1;

    for (size_t i = 0; i < open->n_issuers && count < CHAIN_MAX; i++)
        chain[count++] = bytes_in(open->issuers[i]);
    return ct_body(a, chain, count);
}

/* Who may be asked, another one first each time, and who has promised already. */
static void logs_fill(struct ct_search *s, const OpenPrecertificate *open, const struct policy *p,
                      struct instant not_after)
{
    const struct ct_log *logs[CT_LOGS_MAX];
    size_t count = ct_logs(p, not_after, clock_now(), logs, CT_LOGS_MAX);

    for (size_t i = 0; i < open->n_scts; i++)
        ct_search_has(s, p, bytes_in(open->scts[i]));
    for (size_t i = 0; i < count; i++)
        ct_search_add(s, logs[((size_t)open->issuance_id + i) % count]);
}

/* Both certificates are ours: what cannot be read is a fault of ours. */
static bool search_fill(struct ct_round *r, const struct policy *p, struct fault *f)
{
    const OpenPrecertificate *open = r->open;
    struct ct_search *s = &r->search;
    struct certificate c, issuer;

    if (!open->n_issuers)
        return fault_set(f, FAULT_INTERNAL, NULL, "there is no certificate of its authority");
    if (!certificate_read(bytes_in(open->der), &c, f, "precertificate") ||
        !certificate_read(bytes_in(open->issuers[0]), &issuer, f, "issuer") ||
        !precertificate_logged(c.tbs, s->arena, &s->tbs, f) ||
        !ct_needed(p, open->rule_scope, c.not_before, c.not_after, clock_now(), &s->need, f))
        return false;
    s->issuer_spki = issuer.spki;
    s->body = body_of(s->arena, open);
    logs_fill(s, open, p, c.not_after);
    return true;
}

/* So that who waits learns what came in time; but never too short for a healthy log. */
static struct tick deadline_of(const struct lane_item *item)
{
    struct tick his = validation_deadline(item->waiter, seconds(1));
    struct tick least = tick_after(seconds(2));

    return his.us > least.us ? his : least;
}

static void item_run(struct lane_item *item, const OpenPrecertificate *open, const struct policy *p)
{
    struct ct_round *r = arena_new(&item->arena, struct ct_round);
    struct fault f = { 0 };

    r->item = item;
    r->open = (const OpenPrecertificate *)message_copy(&item->arena, &open->base);
    r->search = (struct ct_search){ .submitter = validation.submitter,
                                    .arena = &item->arena,
                                    .account_id = open->account_id,
                                    .deadline = deadline_of(item),
                                    .done = searched,
                                    .context = r };
    if (!search_fill(r, p, &f)) {
        lane_fail(item, &f);
    } else if (!gate_enter()) {
        lane_again(item, clock_now(), false);
    } else {
        TEST_POINT("validation.ct.begun");
        ct_search_start(&r->search);
    }
}

/* ---- the run */

static bool open_read(struct lane_batch *batch, struct rows *rows, const struct policy **p,
                      struct fault *f)
{
    CtIds in = CT_IDS__INIT;

    in.ids = lane_subjects(batch);
    in.n_ids = batch->count;
    in.now = instant_of(batch->arena, clock_now());
    return policy_now(p, f) &&
           store_all(store_mine(), batch->arena, &sql_ct_open, &in.base, rows, f);
}

static const OpenPrecertificate *open_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const OpenPrecertificate *)rows->items[i])->request_id == id)
            return (const OpenPrecertificate *)rows->items[i];
    return NULL;
}

void ct_run(struct lane_batch *batch)
{
    const struct policy *p = NULL;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    bool read;

    TEST_POINT("validation.ct.claimed");
    read = open_read(batch, &rows, &p, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        const OpenPrecertificate *open = read ? open_find(&rows, item->job->subject) : NULL;

        if (!read)
            lane_fail(item, &f);
        else if (!open)
            lane_end(item, JOB_OUTCOME__RESULT__DONE);
        else
            item_run(item, open, p);
    }
}
