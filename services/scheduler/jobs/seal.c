/* Chains the committed rows of the audit log in batches, and copies each head outside the database.
 *
 * A row belongs to exactly one seal: the one whose range holds its transaction. A seal's range ends
 * below the oldest running transaction, so nothing can come into it afterwards. */
#include <stdio.h>
#include <string.h>

#include "audit.pb-c.h"
#include "base/log.h"
#include "common.pb-c.h"
#include "heads.h"
#include "ledger/chain.h"
#include "scheduler.h"
#include "services/scheduler/jobs/seal.sql.h"
#include "testing/point.h"

enum { ROWS_A_SEAL = 10000, ROWS_A_PAGE = 1000, SEALS_A_RUN = 20, XID_SIZE = 24 };

struct sealing {
    struct cadence_call *call;
    SealPlan plan;
    AuditSeal seal;
    Instant now;
    struct digest *digest;
    uint8_t previous[SHA256_SIZE], hash[SHA256_SIZE];
};

static bool plan(struct sealing *s, struct fault *f)
{
    SealWish wish = SEAL_WISH__INIT;
    wish.room = ROWS_A_SEAL;
    seal_plan__init(&s->plan);
    if (!store_one(s->call->store, s->call->arena, &sql_seal_plan, &wish.base, &s->plan.base, f))
        return false;
    return !s->plan.backwards ||
           fault_set(f, FAULT_INTERNAL, NULL,
                     "the database gives lower transaction ids than were sealed (%s): it was "
                     "restored from a dump, and its new rows cannot continue the chain",
                     s->plan.from_horizon);
}

static bool page_add(struct sealing *s, AuditPage *page, char after[XID_SIZE], size_t *count,
                     struct arena *a, struct fault *f)
{
    struct rows rows = { 0 };
    if (!store_all(s->call->store, a, &sql_seal_page, &page->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const AuditLine *row = (const AuditLine *)rows.items[i];
        chain_row(s->digest, row);
        snprintf(after, XID_SIZE, "%s", row->xid);
        page->after_id = row->id;
    }
    *count = rows.count;
    return true;
}

static bool rows_digest(struct sealing *s, struct fault *f)
{
    AuditPage page = AUDIT_PAGE__INIT;
    char after[XID_SIZE];
    size_t read = ROWS_A_PAGE;
    bool ok = true;
    snprintf(after, sizeof after, "%s", s->plan.from_horizon);
    page.from_horizon = s->plan.from_horizon;
    page.horizon = s->plan.horizon;
    page.after_xid = after;
    page.after_id = INT64_MIN;
    page.room = ROWS_A_PAGE;
    chain_begin(s->digest, s->previous);
    for (; ok && read == ROWS_A_PAGE; s->seal.count += (int64_t)read) {
        struct arena a;
        read = 0;
        arena_init(&a);
        ok = page_add(s, &page, after, &read, &a, f);
        arena_free(&a);
    }
    return ok;
}

static void seal_fill(struct sealing *s)
{
    instant__init(&s->now);
    s->now.us = clock_now().us;
    s->seal.id = s->plan.id;
    s->seal.from_horizon = s->plan.from_horizon;
    s->seal.horizon = s->plan.horizon;
    s->seal.previous = (ProtobufCBinaryData){ sizeof s->previous, s->previous };
    s->seal.hash = (ProtobufCBinaryData){ sizeof s->hash, s->hash };
    s->seal.sealed_at = &s->now;
    chain_end(s->digest, &s->seal, s->hash);
}

/* The same id twice: a sealer whose lease had run out has done it. */
static bool seal_store(struct sealing *s, struct fault *f)
{
    seal_fill(s);
    TEST_POINT("scheduler.seal.before");
    bool ok = store_run(s->call->store, s->call->arena, &sql_seal_add, &s->seal.base, NULL, f) ||
              (f->code == FAULT_CONFLICT && *f->field);
    TEST_POINT("scheduler.seal.committed");
    return ok;
}

/* One seal over what is complete; `*empty` when there was nothing. */
static bool seal_one(struct cadence_call *call, bool *empty, struct fault *f)
{
    struct sealing s = { .call = call };
    if (!plan(&s, f))
        return false;
    *empty = s.plan.empty;
    if (*empty)
        return true;
    audit_seal__init(&s.seal);
    if (s.plan.has_previous && s.plan.previous.len == SHA256_SIZE)
        memcpy(s.previous, s.plan.previous.data, SHA256_SIZE);
    s.digest = digest_new();
    bool ok = rows_digest(&s, f) && seal_store(&s, f);
    digest_free(s.digest);
    return ok;
}

static bool seal_all(struct cadence_call *call, struct fault *f)
{
    bool empty = false;
    for (int i = 0; i < SEALS_A_RUN && !empty; i++)
        if (!seal_one(call, &empty, f))
            return false;
    call->more = !empty;
    return true;
}

/* Rows are sealed whatever becomes of the copy, which begins before the first seal. */
bool seal_run(struct cadence_call *call, struct fault *f)
{
    struct fault heads = { 0 };
    bool begun = heads_ready(call->store, call->arena, scheduler.heads, &heads);
    if (!seal_all(call, f))
        return false;
    if (!begun) {
        *f = heads;
        return false;
    }
    if (!heads_copy(call->store, call->arena, scheduler.heads, f))
        return false;
    TEST_POINT("scheduler.seal.copied");
    return true;
}
