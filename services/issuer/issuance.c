#include "issuance.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attempt.h"
#include "base/log.h"
#include "common.pb-c.h"
#include "issuance.sql.h"
#include "issuer.h"
#include "ledger/jobs.sql.h"
#include "message/convert.h"
#include "message/field.h"
#include "testing/point.h"
#include "validation.pb-c.h"
#include "x509/algorithm.h"

/* One run of the lane. */
struct run {
    struct lane_batch *batch;
    struct arena *a;
    struct store *store;
    struct attempt *attempts; /* of the orders that the claim gave us */
    size_t count;
    struct instant now;
    struct tick lease_end; /* before it, a signature may still be asked for */
};

/* ---- C2 */

static bool claim(struct run *r, struct rows *rows, struct fault *f)
{
    IssuanceClaim in = ISSUANCE_CLAIM__INIT;
    in.ids = arena_array(r->a, int64_t, r->batch->count);
    for (size_t i = 0; i < r->batch->count; i++)
        in.ids[in.n_ids++] = r->batch->items[i]->job_id;
    in.owner = issuer.run->owner;
    in.lease_ms = issuer.lease.us / 1000;
    in.now = instant_message(r->a, r->now);
    r->lease_end = tick_after((struct duration){ issuer.lease.us * 3 / 4 });
    return store_all(r->store, r->a, &sql_issuance_claim, &in.base, rows, f);
}

/* The item that gets the claimed order; a second item for the same job gets none. */
static struct lane_item *item_take(struct lane_item **items, size_t count, int64_t job_id)
{
    for (size_t i = 0; i < count; i++) {
        struct lane_item *item = items[i];
        if (item && item->job_id == job_id) {
            items[i] = NULL;
            return item;
        }
    }
    return NULL;
}

static size_t reservations(struct run *r, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_RESERVE)
            in[n++] = &attempt_reservation(&r->attempts[i], r->a, r->now)->base;
    return n;
}

static bool ghosts(struct run *r, struct fault *f)
{
    GhostIds in = GHOST_IDS__INIT;
    struct rows rows;
    in.ids = arena_array(r->a, int64_t, r->count + 1);
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].ghost_id && r->attempts[i].step == ATTEMPT_RESERVE)
            in.ids[in.n_ids++] = r->attempts[i].ghost_id;
    in.now = instant_message(r->a, r->now);
    if (in.n_ids == 0)
        return true;
    if (!store_all(r->store, r->a, &sql_issuance_ghost, &in.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const GhostRow *g = (const GhostRow *)rows.items[i];
        log_warn("serial abandoned: its lease died unsigned", LOG_INT("order_id", g->order_id),
                 LOG_TEXT("ca_id", g->ca_id), LOG_TEXT("serial", g->serial));
    }
    return true;
}

static bool reserve(struct run *r, struct fault *f)
{
    const ProtobufCMessage **in = arena_array(r->a, const ProtobufCMessage *, r->count + 1);
    struct rows rows;
    size_t n = reservations(r, in);
    return ghosts(r, f) &&
           (n == 0 || store_set(r->store, r->a, &sql_issuance_reserve, in, n, &rows, f));
}

/* Whoever claimed it so often died with it. What is signed is finished all the same. */
static void worn_out(struct attempt *t, const struct lane *lane)
{
    if (t->intent->attempt <= lane->attempts ||
        (t->step != ATTEMPT_RESERVE && t->step != ATTEMPT_SIGN))
        return;
    t->step = ATTEMPT_FAILED;
    fault_set(&t->fault, FAULT_INTERNAL, "attempt", "%d claims have come to nothing",
              t->intent->attempt - 1);
}

static void attempts_make(struct run *r, const struct rows *rows)
{
    r->attempts = arena_array(r->a, struct attempt, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        struct attempt *t = &r->attempts[r->count++];
        t->intent = (const Intent *)rows->items[i];
        log_context(t->intent->traceparent ? t->intent->traceparent : "", t->intent->order_id);
        attempt_prepare(t, r->a, r->now);
        worn_out(t, r->batch->lane);
    }
    log_context("", 0);
}

/* After a lost connection at COMMIT: whether it happened is asked by the attempts' own ids. */
static bool reserved_after_loss(struct run *r, struct fault *f)
{
    IssuanceIds in = ISSUANCE_IDS__INIT;
    struct rows rows;
    in.ids = arena_array(r->a, int64_t, r->count + 1);
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_RESERVE)
            in.ids[in.n_ids++] = r->attempts[i].issuance_id;
    if (in.n_ids == 0)
        return false;
    for (int i = 0; i < 20; i++) {
        struct fault again = { 0 };
        if (store_all(r->store, r->a, &sql_issuance_reserved, &in.base, &rows, &again))
            return rows.count == in.n_ids ||
                   fault_set(f, FAULT_UNAVAILABLE, NULL, "the commit did not happen");
        struct timespec pause = { 0, 100000000 };
        nanosleep(&pause, NULL);
    }
    return false;
}

static bool commit(struct run *r, struct fault *f)
{
    if (store_commit(r->store, f))
        return true;
    store_rollback(r->store);
    return f->code == FAULT_UNAVAILABLE && reserved_after_loss(r, f);
}

/* C2 as a whole. False: nothing was committed. */
static bool c2(struct run *r, struct fault *f)
{
    struct rows rows = { 0 };
    if (!store_begin(r->store, f))
        return false;
    if (!claim(r, &rows, f)) {
        store_rollback(r->store);
        return false;
    }
    TEST_POINT("issuer.c2.claimed");
    attempts_make(r, &rows);
    if (!reserve(r, f)) {
        store_rollback(r->store);
        return false;
    }
    TEST_POINT("issuer.c2.reserved");
    bool ok = commit(r, f);
    TEST_POINT("issuer.c2.committed");
    return ok;
}

/* ---- signing */

static enum token_hash hash_of(const struct attempt *t)
{
    return leaf_template_algorithm(t->signer.template)->hash;
}

static void sign(struct run *r)
{
    struct token_signing *all = arena_array(r->a, struct token_signing, r->count + 1);
    struct attempt **who = arena_array(r->a, struct attempt *, r->count + 1);
    struct fault first = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != ATTEMPT_RESERVE && t->step != ATTEMPT_SIGN)
            continue;
        who[n] = t;
        all[n++] = (struct token_signing){ .key = t->signer.ca->key,
                                           .hash = hash_of(t),
                                           .data = t->tbs,
                                           .sign_before = t->sign_before };
    }
    if (n)
        token_sign_all(issuer.token, all, n, r->lease_end, r->a, &first);
    for (size_t i = 0; i < n; i++) {
        who[i]->signature = all[i].signature;
        who[i]->fault = all[i].fault;
        who[i]->step = all[i].fault.code == FAULT_NONE ? ATTEMPT_FINISH : ATTEMPT_FAILED;
    }
    TEST_POINT("issuer.signed");
}

/* A signature that the authority's own key does not confirm is no signature. */
static void assemble(struct run *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step == ATTEMPT_FINISH && !attempt_assemble(t, r->a)) {
            log_error("the token gave a wrong signature", LOG_INT("order_id", t->intent->order_id),
                      LOG_FAULT(&t->fault));
            t->step = ATTEMPT_FAILED;
        }
    }
}

/* ---- C3 */

static void item_issued(struct attempt *t, const char *deliveries)
{
    JobOutcome outcome = JOB_OUTCOME__INIT;
    IssuedCertificate certificate = ISSUED_CERTIFICATE__INIT;
    outcome.result = JOB_OUTCOME__RESULT__DONE;
    outcome.certificate = &certificate;
    certificate.id = t->issuance_id;
    certificate.order_id = t->intent->order_id;
    certificate.ca_id = t->intent->ca_id;
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
    bool reachable = true;
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != ATTEMPT_FINISH)
            continue;
        reachable = reachable && signature_record(r, t);
        if (!reachable)
            log_error("a signature could not be recorded", LOG_INT("order_id", t->intent->order_id),
                      LOG_INT("issuance_id", t->issuance_id));
        t->fault = *f;
        t->step = ATTEMPT_FAILED;
    }
}

/* When it fails for good, each alone, so that a bad one falls out. */
static void c3(struct run *r)
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
        c3(&one);
    }
}

/* ---- those that are not issued now */

static size_t open_orders(struct run *r, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != ATTEMPT_OPEN)
            continue;
        OrderAdvance *o = arena_new(r->a, OrderAdvance);
        order_advance__init(o);
        o->job_id = t->intent->job_id;
        o->job_epoch = t->intent->job_epoch;
        o->order_id = t->intent->order_id;
        o->now = instant_message(r->a, r->now);
        in[n++] = &o->base;
    }
    return n;
}

static const DcvAdvanced *advanced_find(const struct rows *rows, int64_t job_epoch)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const DcvAdvanced *)rows->items[i])->job_epoch == job_epoch)
            return (const DcvAdvanced *)rows->items[i];
    return NULL;
}

static void item_advanced(struct attempt *t, const DcvAdvanced *to)
{
    if (to && to->has_job_id)
        job_hint(issuer.run->bus, "dcv", to->job_id, t->intent->traceparent);
    lane_finish_result(t->item, to ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__GONE);
    t->item = NULL;
}

/* Those that have no row lost their lease: somebody else goes on with them. */
static void advance(struct run *r)
{
    const ProtobufCMessage **in = arena_array(r->a, const ProtobufCMessage *, r->count + 1);
    struct rows rows = { 0 };
    struct fault f = { 0 };
    size_t n = open_orders(r, in);
    bool ok = n == 0 || store_set(r->store, r->a, &sql_issuance_advance, in, n, &rows, &f);
    if (!ok)
        log_warn("orders with open tasks could not be advanced", LOG_FAULT(&f));
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (t->step != ATTEMPT_OPEN || !t->item)
            continue;
        t->fault = f;
        if (ok)
            item_advanced(t, advanced_find(&rows, t->intent->job_epoch));
        else
            t->step = ATTEMPT_FAILED;
    }
}

static Job *job_of(struct attempt *t)
{
    Job *job = arena_new(&t->item->arena, Job);
    job__init(job);
    job->id = t->intent->job_id;
    job->epoch = t->intent->job_epoch;
    job->attempt = t->intent->attempt;
    return job;
}

/* Bytes that are stored and unsigned may be signed again, but only when it is said that nobody is
 * signing them: the payload names the attempt. */
static void item_failed(struct attempt *t)
{
    bool stored = t->issuance_id && !t->signature.data && t->fault.code == FAULT_UNAVAILABLE;
    lane_fail_resume(t->item, &t->fault, stored ? t->issuance_id : 0);
}

static void settle(struct run *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (!t->item)
            continue;
        t->item->job = job_of(t);
        if (t->step == ATTEMPT_FAILED)
            item_failed(t);
        else if (t->step == ATTEMPT_HELD)
            lane_again(t->item, instant_add(clock_now(), seconds(2)), true);
        else
            lane_end(t->item, JOB_OUTCOME__RESULT__GONE);
    }
}

/* ---- the run */

static void items_assign(struct run *r, struct lane_item **items, size_t count)
{
    for (size_t i = 0; i < r->count; i++)
        r->attempts[i].item = item_take(items, count, r->attempts[i].intent->job_id);
    for (size_t i = 0; i < count; i++)
        if (items[i])
            lane_gone(items[i]);
}

/* An order that C2 itself cannot bear: claimed without anything else, so that it counts as an
 * attempt and is buried in the end. */
static void put_aside(struct lane_item *item, struct arena *a, const struct fault *f)
{
    JobClaim in = JOB_CLAIM__INIT;
    struct rows rows = { 0 };
    struct fault ignored = { 0 };
    in.n_ids = 1;
    in.ids = &item->job_id;
    in.lane = "issue";
    in.owner = issuer.run->owner;
    in.lease_ms = issuer.lease.us / 1000;
    in.now = instant_message(a, clock_now());
    if (!store_all(store_mine(), a, &sql_job_claim, &in.base, &rows, &ignored) || rows.count == 0) {
        lane_finish_result(item, JOB_OUTCOME__RESULT__WAITING);
        return;
    }
    item->job = (const Job *)message_copy(&item->arena, rows.items[0]);
    lane_fail(item, f);
}

/* C2 failed as a whole. Several: each alone, so that a bad one falls out. One: later. */
static void split(struct lane_batch *batch, const struct fault *f)
{
    if (batch->count == 1 && f->code != FAULT_UNAVAILABLE) {
        put_aside(batch->items[0], batch->arena, f);
        return;
    }
    if (f->code == FAULT_UNAVAILABLE) {
        for (size_t i = 0; i < batch->count; i++) {
            log_warn("orders could not be claimed or reserved",
                     LOG_INT("job_id", batch->items[i]->job_id), LOG_FAULT(f));
            lane_finish_result(batch->items[i], JOB_OUTCOME__RESULT__WAITING);
        }
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_batch one = *batch;
        one.items = &batch->items[i];
        one.count = 1;
        issuance_run(&one);
    }
}

void issuance_run(struct lane_batch *batch)
{
    struct fault f = { 0 };
    struct run r = { .batch = batch, .a = batch->arena, .store = store_mine(), .now = clock_now() };
    if (!c2(&r, &f)) {
        split(batch, &f);
        return;
    }
    items_assign(&r, batch->items, batch->count);
    sign(&r);
    assemble(&r);
    c3(&r);
    advance(&r);
    settle(&r);
}
