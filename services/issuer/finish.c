/* P and C3: what follows from a signature. Each is one statement that begins with the deletion of the job by the holder of
 * its lease, and each is tried again while that holds. */
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

static void item_issued(struct attempt *t, const ProtobufCMessage *row)
{
    const char *deliveries = ((const Issued *)row)->deliveries;
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

/* The request goes on with its logs. Who waits for it runs the next job as well. */
static void item_precertified(struct attempt *t, const ProtobufCMessage *row)
{
    const Precertified *p = (const Precertified *)row;
    JobOutcome outcome = JOB_OUTCOME__INIT;
    outcome.result = JOB_OUTCOME__RESULT__WAITING;
    outcome.has_next_job_id = p->has_job_id;
    outcome.next_job_id = p->job_id;
    outcome.next_lane = p->lane;
    log_context(t->intent->traceparent ? t->intent->traceparent : "", t->intent->order_id);
    log_info("precertificate signed", LOG_INT("issuance_id", t->issuance_id));
    log_context("", 0);
    if (p->has_job_id && !t->item->waiter)
        job_hint(issuer.run->bus, p->lane, p->job_id, t->intent->traceparent);
    lane_finish(t->item, &outcome);
    t->item = NULL;
}

/* ---- one of the two */

struct effect {
    enum attempt_step step;
    const char *kind; /* whose signature it is */
    const struct sql *sql, *after_loss;
    const ProtobufCMessage *(*message)(const struct attempt *t, struct arena *a);
    int64_t (*issuance_id)(const ProtobufCMessage *row);
    void (*done)(struct attempt *t, const ProtobufCMessage *row);
};

static const ProtobufCMessage *precertified(const struct attempt *t, struct arena *a)
{
    return &attempt_precertified(t, a, clock_now())->base;
}

static int64_t precertified_id(const ProtobufCMessage *row)
{
    return ((const Precertified *)row)->issuance_id;
}

static const ProtobufCMessage *finished(const struct attempt *t, struct arena *a)
{
    return &attempt_finished(t, a, clock_now())->base;
}

static int64_t issued_id(const ProtobufCMessage *row)
{
    return ((const Issued *)row)->issuance_id;
}

// clang-format off
static const struct effect
    p  = { ATTEMPT_PRECERTIFY, "precert", &sql_issuance_precertificate, &sql_precertificates_after_loss, precertified, precertified_id, item_precertified },
    c3 = { ATTEMPT_FINISH,     "final",   &sql_issuance_finish,         &sql_issuance_after_loss,        finished,     issued_id,       item_issued };
// clang-format on

static struct attempt *attempt_of(struct run *r, const struct effect *e,
                                  const ProtobufCMessage *row)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == e->step && r->attempts[i].issuance_id == e->issuance_id(row))
            return &r->attempts[i];
    return NULL;
}

/* Those that are not among the rows lost their lease on the way: somebody else finishes. */
static void done(struct run *r, const struct effect *e, const struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct attempt *t = attempt_of(r, e, rows->items[i]);
        if (t && t->item)
            e->done(t, rows->items[i]);
    }
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step == e->step && t->item) {
            log_warn("the lease was lost before what was signed was stored",
                     LOG_TEXT("kind", e->kind), LOG_INT("order_id", t->intent->order_id));
            run_lost(t);
        }
    }
}

static bool store_once(struct run *r, const struct effect *e, struct rows *rows, struct fault *f)
{
    const ProtobufCMessage **in = arena_array(r->a, const ProtobufCMessage *, r->count + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == e->step)
            in[n++] = e->message(&r->attempts[i], r->a);
    rows->count = 0;
    return n == 0 || store_set(r->store, r->a, e->sql, in, n, rows, f);
}

/* What the database has of ours already; that is done, the others are tried again. */
static bool done_after_loss(struct run *r, const struct effect *e, struct fault *f)
{
    IssuanceIds in = ISSUANCE_IDS__INIT;
    struct rows rows;
    in.ids = arena_array(r->a, int64_t, r->count + 1);
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == e->step)
            in.ids[in.n_ids++] = r->attempts[i].issuance_id;
    if (!store_all(r->store, r->a, e->after_loss, &in.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        struct attempt *t = attempt_of(r, e, rows.items[i]);
        if (t && t->item)
            e->done(t, rows.items[i]);
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
static bool store(struct run *r, const struct effect *e, struct fault *f)
{
    struct rows rows = { 0 };
    bool ok = store_once(r, e, &rows, f);
    while (!ok && may_pass(f) && tick_left(r->lease_end).us > 0) {
        struct timespec pause = { 0, 100000000 };
        nanosleep(&pause, NULL);
        struct fault again = { 0 };
        ok = done_after_loss(r, e, &again) && store_once(r, e, &rows, &again);
        if (!ok)
            *f = again;
    }
    if (ok)
        done(r, e, &rows);
    return ok;
}

static bool signature_record(struct run *r, const struct effect *e, const struct attempt *t)
{
    SignatureFact in = SIGNATURE_FACT__INIT;
    Reserved out = RESERVED__INIT;
    struct fault f = { 0 };
    bool found;
    in.issuance_id = t->issuance_id;
    in.signature = bytes_message(r->a, t->signature);
    in.tbs_sha256 = attempt_tbs_sha256(t, r->a);
    in.kind = arena_strdup(r->a, e->kind);
    return store_maybe(r->store, r->a, &sql_issuance_record, &in.base, &out.base, &found, &f);
}

/* The signatures are facts all the same: with them the next claim finishes these attempts. */
static void unfinished(struct run *r, const struct effect *e, const struct fault *f)
{
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != e->step)
            continue;
        if (!signature_record(r, e, t))
            log_error("a signature could not be recorded", LOG_INT("order_id", t->intent->order_id),
                      LOG_INT("issuance_id", t->issuance_id), LOG_TEXT("kind", e->kind));
        t->fault = *f;
        t->step = ATTEMPT_FAILED;
    }
}

static bool is_any(const struct run *r, enum attempt_step step)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == step)
            return true;
    return false;
}

/* When it fails for good, each alone, so that a bad one falls out. */
static void store_or_split(struct run *r, const struct effect *e)
{
    struct fault f = { 0 };
    if (store(r, e, &f))
        return;
    if (r->count == 1 || may_pass(&f)) {
        unfinished(r, e, &f);
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct run one = *r;
        one.attempts = &r->attempts[i];
        one.count = 1;
        store_or_split(&one, e);
    }
}

void run_precertify(struct run *r)
{
    if (!is_any(r, ATTEMPT_PRECERTIFY))
        return;
    TEST_POINT("issuer.p.before");
    store_or_split(r, &p);
    TEST_POINT("issuer.p.committed");
}

void run_finish(struct run *r)
{
    if (!is_any(r, ATTEMPT_FINISH))
        return;
    TEST_POINT("issuer.c3.before");
    store_or_split(r, &c3);
    TEST_POINT("issuer.c3.committed");
}
