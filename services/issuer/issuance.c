#include "issuance.h"

#include "base/log.h"
#include "common.pb-c.h"
#include "issuer.h"
#include "journal.h"
#include "ledger/jobs.sql.h"
#include "message/convert.h"
#include "message/field.h"
#include "service/metrics.h"
#include "steps.h"
#include "testing/point.h"
#include "x509/algorithm.h"

/* ---- signing */

static void signature_count(const struct attempt *t, enum metric outcome)
{
    metric_add_of(outcome, t->signer.ca->name, 1);
}

static void sign(struct run *r)
{
    struct token_signing *all = arena_array(r->a, struct token_signing, r->count + 1);
    struct attempt **who = arena_array(r->a, struct attempt *, r->count + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if (!attempt_signs(t))
            continue;
        who[n] = t;
        all[n++] = (struct token_signing){
            .key = t->signer.ca->key, .hash = t->hash, .data = t->tbs, .sign_before = t->sign_before
        };
    }
    if (n) {
        journal_intents(issuer.journal, r->attempts, r->count, r->now);
        token_sign_all(issuer.token, all, n, r->lease_end, r->a);
    }
    for (size_t i = 0; i < n; i++) {
        who[i]->signature = all[i].signature;
        who[i]->fault = all[i].fault;
        bool good = all[i].fault.code == FAULT_NONE;
        who[i]->step = !good                    ? ATTEMPT_FAILED
                       : who[i]->precertificate ? ATTEMPT_PRECERTIFY
                                                : ATTEMPT_FINISH;
        signature_count(who[i], good ? METRIC_SIGNED : METRIC_SIGN_FAILED);
    }
    if (n)
        journal_signatures(issuer.journal, r->attempts, r->count, clock_now());
    TEST_POINT("issuer.signed");
}

/* A signature that the authority's own key does not confirm is no signature. */
static void assemble(struct run *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct attempt *t = &r->attempts[i];
        if ((t->step == ATTEMPT_PRECERTIFY || t->step == ATTEMPT_FINISH) &&
            !attempt_assemble(t, r->a)) {
            log_error("the token gave a wrong signature", LOG_INT("order_id", t->intent->order_id),
                      LOG_FAULT(&t->fault));
            signature_count(t, METRIC_SIGN_WRONG);
            t->signature = (struct bytes){ 0 };
            t->step = ATTEMPT_FAILED;
        }
    }
}

/* ---- the run */

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

static void items_assign(struct run *r, struct lane_item **items, size_t count)
{
    for (size_t i = 0; i < r->count; i++) {
        struct lane_item *item = item_take(items, count, r->attempts[i].intent->job_id);
        r->attempts[i].item = item;
        if (item)
            item->claimed = true;
    }
    for (size_t i = 0; i < count; i++)
        if (items[i])
            lane_gone(items[i]);
}

/* What C2 itself cannot bear: claimed without anything else, so that it counts as a failure and is
 * buried in the end. */
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
    item->claimed = true;
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

/* While the token does not sign, nothing is claimed: no attempt is counted and no serial is used up. The
 * jobs stay due. */
static bool token_is_away(struct lane_batch *batch)
{
    struct fault why = { 0 };
    if (token_ready(issuer.token, &why))
        return false;
    for (size_t i = 0; i < batch->count; i++)
        lane_finish_result(batch->items[i], JOB_OUTCOME__RESULT__WAITING);
    return true;
}

void issuance_run(struct lane_batch *batch)
{
    struct fault f = { 0 };
    if (token_is_away(batch))
        return;
    struct run r = { .batch = batch, .a = batch->arena, .store = store_mine(), .now = clock_now() };
    if (!run_reserve(&r, &f)) {
        split(batch, &f);
        return;
    }
    items_assign(&r, batch->items, batch->count);
    sign(&r);
    assemble(&r);
    run_precertify(&r);
    run_finish(&r);
    run_settle(&r);
}
