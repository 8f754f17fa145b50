/* C3: one statement that begins with the deletion of the job by the holder of its lease. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "common.pb-c.h"
#include "issuance.sql.h"
#include "issuer.h"
#include "message/convert.h"
#include "steps.h"
#include "testing/point.h"

static void item_issued(struct attempt *t, const char *deliveries)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;
    IssuedCertificate certificate = ISSUED_CERTIFICATE__INIT;
    outcome.result = JOB_OUTCOME__RESULT__DONE;
    outcome.certificate = &certificate;
    certificate.id = t->issuance_id;
    certificate.order_id = t->intent->order_id;
    certificate.ca_id = t->intent->ca_id;
    /* Packed at once, never written. */
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    certificate.der = (ProtobufCBinaryData){ t->der.size, (uint8_t *)(uintptr_t)t->der.data };
    log_context(t->intent->traceparent ? t->intent->traceparent : "", t->intent->order_id);
    log_info("certificate issued", LOG_INT("certificate_id", t->issuance_id));
    log_context("", 0);
    for (const char *at = deliveries; at && (at = strpbrk(at, "0123456789"));
         at += strspn(at, "0123456789"))
        job_hint(issuer.run->bus, "deliver", strtoll(at, NULL, 10), t->intent->traceparent);
    TEST_POINT("issuer.answering");
    lane_finish(t->item, &outcome);
    t->item = NULL;
}

static struct attempt *attempt_of(struct run *r, int64_t issuance_id)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_FINISH && r->attempts[i].issuance_id == issuance_id)
            return &r->attempts[i];
    return NULL;
}

/* Those that are not among the rows lost their lease on the way: somebody else finishes. */
static void finished(struct run *r, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const Issued *done = (const Issued *)rows->items[i];
        struct attempt *t = attempt_of(r, done->issuance_id);
        if (t && t->item)
            item_issued(t, done->deliveries);
    }
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step == ATTEMPT_FINISH && t->item) {
            log_warn("the lease was lost before the certificate was stored",
                     LOG_INT("order_id", t->intent->order_id));
            lane_gone(t->item);
            t->item = NULL;
        }
    }
}

static bool finish_once(struct run *r, struct rows *rows, struct fault *f)
{
    const ProtobufCMessage **in = arena_array(r->a, const ProtobufCMessage *, r->count + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_FINISH)
            in[n++] = &attempt_finished(&r->attempts[i], r->a, clock_now())->base;
    rows->count = 0;
    return n == 0 || store_set(r->store, r->a, &sql_issuance_finish, in, n, rows, f);
}

/* What the database has of ours already; those are finished, the others are tried again. */
static bool finished_after_loss(struct run *r, struct fault *f)
{
    IssuanceIds in = ISSUANCE_IDS__INIT;
    struct rows rows;
    in.ids = arena_array(r->a, int64_t, r->count + 1);
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_FINISH)
            in.ids[in.n_ids++] = r->attempts[i].issuance_id;
    if (!store_all(r->store, r->a, &sql_issuance_after_loss, &in.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct attempt *t = attempt_of(r, ((const Issued *)rows.items[i])->issuance_id);
        if (t && t->item)
            item_issued(t, NULL);
        if (t)
            t->step = ATTEMPT_OVER;
    }
    return true;
}

/* What violates a constraint, which `field` names then, does so the next time as well. */
static bool may_pass(const struct fault *f)
{
    return fault_retryable(f->code) && !*f->field;
}

/* Tried again while the lease holds: the statement is fenced by it, so once too often is harmless.
 */
static bool finish(struct run *r, struct fault *f)
{
    struct rows rows = { 0 };
    bool ok = finish_once(r, &rows, f);
    while (!ok && may_pass(f) && tick_left(r->lease_end).us > 0) {
        struct timespec pause = { 0, 100000000 };
        nanosleep(&pause, NULL);
        struct fault again = { 0 };
        ok = finished_after_loss(r, &again) && finish_once(r, &rows, &again);
        if (!ok)
            *f = again;
    }
    if (ok)
        finished(r, &rows);
    return ok;
}

static bool signature_record(struct run *r, const struct attempt *t)
{
    SignatureFact in = SIGNATURE_FACT__INIT;
    Reserved out = RESERVED__INIT;
    struct fault f = { 0 };
    bool found;
    in.issuance_id = t->issuance_id;
    in.signature = bytes_message(r->a, t->signature);
    return store_maybe(r->store, r->a, &sql_issuance_record, &in.base, &out.base, &found, &f);
}

/* The signatures are facts all the same: with them the next claim finishes these attempts. */
static void unfinished(struct run *r, const struct fault *f)
{
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != ATTEMPT_FINISH)
            continue;
        if (!signature_record(r, t))
            log_error("a signature could not be recorded", LOG_INT("order_id", t->intent->order_id),
                      LOG_INT("issuance_id", t->issuance_id));
        t->fault = *f;
        t->step = ATTEMPT_FAILED;
    }
}

/* When it fails for good, each alone, so that a bad one falls out. */
void run_finish(struct run *r)
{
    struct fault f = { 0 };
    TEST_POINT("issuer.c3.before");
    bool ok = finish(r, &f);
    TEST_POINT("issuer.c3.committed");
    if (ok)
        return;
    if (r->count == 1 || may_pass(&f)) {
        unfinished(r, &f);
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct run one = *r;
        one.attempts = &r->attempts[i];
        one.count = 1;
        run_finish(&one);
    }
}

/* ---- those that are not issued now */

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
