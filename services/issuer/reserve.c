/* C2: claim, lock, ask what is left to do, build, lint, store the bytes. One short transaction. S is a part of it. */
#include <time.h>

#include "base/log.h"
#include "common.pb-c.h"
#include "issuance.sql.h"
#include "issuer.h"
#include "message/convert.h"
#include "steps.h"
#include "testing/point.h"

bool run_ghosts(struct run *r, int64_t *ids, size_t count, bool handed, struct fault *f)
{
    GhostIds in = GHOST_IDS__INIT;
    struct rows rows;
    if (count == 0)
        return true;
    in.ids = ids;
    in.n_ids = count;
    in.handed = handed;
    in.now = instant_message(r->a, r->now);
    if (!store_all(r->store, r->a, &sql_issuance_ghost, &in.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const GhostRow *g = (const GhostRow *)rows.items[i];
        log_warn("serial abandoned: it stays unsigned", LOG_INT("request_id", g->request_id),
                 LOG_TEXT("ca_id", g->ca_id), LOG_TEXT("serial", g->serial));
    }
    return true;
}

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

static size_t reservations(struct run *r, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_RESERVE)
            in[n++] = &attempt_reservation(&r->attempts[i], r->a, r->now)->base;
    return n;
}

static size_t completions(struct run *r, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_COMPLETE)
            in[n++] = &attempt_completion(&r->attempts[i], r->a)->base;
    return n;
}

static TimestampRefused *refusal(struct run *r, const struct attempt *t)
{
    TimestampRefused *out = arena_new(r->a, TimestampRefused);
    timestamp_refused__init(out);
    out->issuance_id = t->issuance_id;
    out->now = instant_message(r->a, r->now);
    return out;
}

/* Each timestamp that is none, and each precertificate that has too few. */
static size_t refusals(struct run *r, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct attempt *t = &r->attempts[i];
        if (!t->refused)
            continue;
        in[n++] = &refusal(r, t)->base;
        for (size_t k = 0; k < t->no_sct_count; k++) {
            TimestampRefused *one = refusal(r, t);
            one->has_log_id = true;
            one->log_id = bytes_message(r->a, t->no_sct[k]);
            in[n++] = &one->base;
        }
    }
    return n;
}

/* Precertificates of which nothing becomes any more. */
static bool give_up(struct run *r, struct fault *f)
{
    GivenUpIds in = GIVEN_UP_IDS__INIT;
    struct rows rows;
    in.ids = arena_array(r->a, int64_t, r->count + 1);
    in.now = instant_message(r->a, r->now);
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].given_up_id)
            in.ids[in.n_ids++] = r->attempts[i].given_up_id;
    return in.n_ids == 0 ||
           store_all(r->store, r->a, &sql_precertificate_give_up, &in.base, &rows, f);
}

/* Attempts of earlier leases that nobody will finish: before a new one is made, the request goes on
 * elsewhere, or it waits because none can be made now. The lease that made them is lost or given back,
 * whatever becomes of the request in ours; one with its signature is none of them. */
static bool ghosts(struct run *r, struct fault *f)
{
    int64_t *ids = arena_array(r->a, int64_t, r->count + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].ghost_id)
            ids[n++] = r->attempts[i].ghost_id;
    return run_ghosts(r, ids, n, true, f);
}

/* Those that are not among the rows were given up meanwhile, by an operator: nothing of them is signed. */
static void completed(struct run *r, const struct rows *rows)
{
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        bool found = t->step != ATTEMPT_COMPLETE;
        for (size_t k = 0; !found && k < rows->count; k++)
            found = ((const Reserved *)rows->items[k])->issuance_id == t->issuance_id;
        if (found)
            continue;
        t->step = ATTEMPT_FAILED;
        fault_set(&t->fault, FAULT_CONFLICT, "state", "the precertificate was given up");
    }
}

/* What is stored of the attempts of a run: a statement for each kind of them, where there are any. */
static bool store_of(struct run *r, size_t (*messages)(struct run *r, const ProtobufCMessage **in),
                     const struct sql *sql, struct rows *rows, struct fault *f)
{
    const ProtobufCMessage **in =
        arena_array(r->a, const ProtobufCMessage *, r->count *(SCTS_MAX + 1) + 1);
    size_t n = messages(r, in);
    rows->count = 0;
    return n == 0 || store_set(r->store, r->a, sql, in, n, rows, f);
}

static bool reserve(struct run *r, struct fault *f)
{
    struct rows rows = { 0 };
    if (!ghosts(r, f) || !give_up(r, f) || !store_of(r, refusals, &sql_sct_refuse, &rows, f) ||
        !store_of(r, reservations, &sql_issuance_reserve, &rows, f) ||
        !store_of(r, completions, &sql_issuance_complete, &rows, f))
        return false;
    completed(r, &rows);
    return true;
}

/* Whoever had it alone died with it, again and again. What is signed is finished all the same. */
static void worn_out(struct attempt *t)
{
    if (t->intent->deaths < LANE_DEATHS || !attempt_signs(t))
        return;
    t->step = ATTEMPT_FAILED;
    t->hopeless = true;
    fault_set(&t->fault, FAULT_INTERNAL, "deaths", "%d workers died with it", t->intent->deaths);
}

static void attempts_make(struct run *r, const struct rows *rows)
{
    r->attempts = arena_array(r->a, struct attempt, rows->count + 1);
    for (size_t i = 0; i < rows->count; i++) {
        struct attempt *t = &r->attempts[r->count++];
        t->intent = (const Intent *)rows->items[i];
        log_context(t->intent->traceparent ? t->intent->traceparent : "", t->intent->order_id);
        attempt_prepare(t, r->a, r->now);
        worn_out(t);
    }
    log_context("", 0);
}

/* Each attempt whose bytes this run has stored, with its lease. */
static size_t leases(struct run *r, const ProtobufCMessage **in)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct attempt *t = &r->attempts[i];
        if (t->step != ATTEMPT_RESERVE && t->step != ATTEMPT_COMPLETE)
            continue;
        AttemptLease *one = arena_new(r->a, AttemptLease);
        attempt_lease__init(one);
        one->issuance_id = t->issuance_id;
        one->job_id = t->intent->job_id;
        one->job_epoch = t->intent->job_epoch;
        in[n++] = &one->base;
    }
    return n;
}

/* After a lost connection at COMMIT: whether it happened is asked by the attempts and the leases that were committed
 * with them. */
static bool reserved_after_loss(struct run *r, struct fault *f)
{
    const ProtobufCMessage **in = arena_array(r->a, const ProtobufCMessage *, r->count + 1);
    size_t n = leases(r, in);
    if (n == 0)
        return false;
    for (int i = 0; i < 20; i++) {
        struct fault again = { 0 };
        struct rows rows;
        if (store_set(r->store, r->a, &sql_issuance_reserved, in, n, &rows, &again))
            return rows.count == n ||
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

static bool completes(const struct run *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->attempts[i].step == ATTEMPT_COMPLETE)
            return true;
    return false;
}

bool run_reserve(struct run *r, struct fault *f)
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
    bool s = completes(r);
    if (s)
        TEST_POINT("issuer.s.reserved");
    bool ok = commit(r, f);
    TEST_POINT("issuer.c2.committed");
    if (s)
        TEST_POINT("issuer.s.committed");
    return ok;
}
