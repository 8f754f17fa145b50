/* What becomes of the requests that are not issued now. */
#include "base/log.h"
#include "common.pb-c.h"
#include "issuance.sql.h"
#include "issuer.h"
#include "message/convert.h"
#include "steps.h"

static size_t at_step(struct run *r, enum attempt_step step, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != step)
            continue;
        RequestAdvance *o = arena_new(r->a, RequestAdvance);
        request_advance__init(o);
        o->job_id = t->intent->job_id;
        o->job_epoch = t->intent->job_epoch;
        o->request_id = t->intent->request_id;
        o->now = instant_message(r->a, r->now);
        in[n++] = &o->base;
    }
    return n;
}

static const RequestAdvanced *advanced_find(const struct rows *rows, int64_t job_epoch)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const RequestAdvanced *)rows->items[i])->job_epoch == job_epoch)
            return (const RequestAdvanced *)rows->items[i];
    return NULL;
}

static void item_advanced(struct attempt *t, const RequestAdvanced *to)
{
    if (to && to->has_job_id)
        job_hint(issuer.run->bus, to->lane, to->job_id, t->intent->traceparent);
    lane_finish_result(t->item, to ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__GONE);
    t->item = NULL;
}

/* Those of a step go on by its statement, which takes their jobs away. Those that have no row lost
 * their lease: somebody else goes on with them. */
static void advance(struct run *r, enum attempt_step step, const struct sql *sql)
{
    const ProtobufCMessage **in = arena_array(r->a, const ProtobufCMessage *, r->count + 1);
    struct rows rows = { 0 };
    struct fault f = { 0 };
    size_t n = at_step(r, step, in);
    bool ok = n == 0 || store_set(r->store, r->a, sql, in, n, &rows, &f);
    if (!ok)
        log_warn("requests could not go on", LOG_TEXT("statement", sql->name), LOG_FAULT(&f));
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != step || !t->item)
            continue;
        t->fault = f;
        if (ok)
            item_advanced(t, advanced_find(&rows, t->intent->job_epoch));
        else
            t->step = ATTEMPT_FAILED;
    }
}

/* Bytes that the token has not signed: what it may still do with them later is nobody's certificate.
 * The order is free until the next attempt. Where this fails, the next claim does it. */
static void give_up(struct run *r)
{
    int64_t *ids = arena_array(r->a, int64_t, r->count + 1);
    struct fault f = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_FAILED && r->attempts[i].tbs.data &&
            r->attempts[i].issuance_id && !r->attempts[i].signature.data)
            ids[n++] = r->attempts[i].issuance_id;
    if (!run_ghosts(r, ids, n, true, &f))
        log_warn("serials could not be given up", LOG_FAULT(&f));
}

/* The job as claimed; of one whose failure is certain to come again, as if it had been tried often
 * enough. */
static Job *job_of(struct attempt *t)
{
    Job *job = arena_new(&t->item->arena, Job);
    job__init(job);
    job->id = t->intent->job_id;
    job->epoch = t->intent->job_epoch;
    job->subject = t->intent->request_id;
    job->traceparent = t->intent->traceparent;
    job->attempt = t->hopeless ? t->item->lane->attempts : t->intent->attempt;
    return job;
}

void run_lost(struct attempt *t)
{
    t->item->job = job_of(t);
    lane_gone(t->item);
    t->item = NULL;
}

void run_settle(struct run *r)
{
    advance(r, ATTEMPT_OPEN, &sql_issuance_advance);
    advance(r, ATTEMPT_PAST, &sql_issuance_expire);
    give_up(r);
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (!t->item)
            continue;
        t->item->job = job_of(t);
        if (t->step == ATTEMPT_FAILED)
            lane_fail(t->item, &t->fault);
        else
            lane_end(t->item, JOB_OUTCOME__RESULT__GONE);
    }
}
