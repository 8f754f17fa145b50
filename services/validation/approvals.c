/* What becomes of the link in a mail. Nothing waits: the statements are the committer's, and from
 * there the caller is answered. The random value is seen only here and only to be hashed. */
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "emails.h"
#include "emails.sql.h"
#include "gate.h"
#include "pki/digest.h"
#include "service/metrics.h"
#include "testing/point.h"
#include "validation.h"

/* Lives in its call's arena. */
struct asking {
    struct call *call;
    ApprovalPage_Closure answer;
    EmailQuery query;
    struct commit commit;
};

static void fail(struct asking *a)
{
    call_fail(a->call);
    gate_leave();
}

static void answer(struct asking *a, const ApprovalPage *page)
{
    a->answer(page, a->call);
    gate_leave();
}

static void commit(struct asking *a, const struct sql *sql,
                   void (*done)(struct commit *c, const struct rows *rows, const struct fault *f))
{
    a->commit = (struct commit){
        .sql = sql, .in = &a->query.base, .key = "query_id", .done = done, .context = a
    };
    if (!committer_put(validation.committer, &a->commit, &a->call->fault))
        fail(a);
}

/* ---- look */

static void looked(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct asking *a = c->context;
    ApprovalPage unknown = APPROVAL_PAGE__INIT;
    unknown.state = APPROVAL_PAGE__STATE__UNKNOWN;
    if (f) {
        a->call->fault = *f;
        fail(a);
    } else {
        answer(a, rows->count ? (const ApprovalPage *)rows->items[0] : &unknown);
    }
}

/* ---- approve */

static void approved(struct asking *a, const EmailApproved *what)
{
    ApprovalPage page = APPROVAL_PAGE__INIT;
    page.state = APPROVAL_PAGE__STATE__APPROVED;
    page.has_order_id = what->has_order_id;
    page.order_id = what->order_id;
    page.domain = what->domain;
    metric_add(METRIC_DCV_APPROVED, 1);
    log_context(a->call->traceparent, what->order_id);
    log_info("domain approved by mail", LOG_TEXT("domain", what->domain));
    log_context("", 0);
    if (what->has_job_id && validation.run)
        job_hint(validation.run->bus, what->lane, what->job_id, a->call->traceparent);
    answer(a, &page);
}

/* Without effect: the page says why. What a look finds open now has been decided this instant. */
static void refused(struct commit *c, const struct rows *rows, const struct fault *f)
{
    ApprovalPage *page = !f && rows->count ? (ApprovalPage *)rows->items[0] : NULL;
    if (page && page->state == APPROVAL_PAGE__STATE__OPEN)
        page->state = APPROVAL_PAGE__STATE__GONE;
    looked(c, rows, f);
}

static void committed(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct asking *a = c->context;
    TEST_POINT("validation.email.approve.committed");
    if (f) {
        a->call->fault = *f;
        fail(a);
    } else if (rows->count) {
        approved(a, (const EmailApproved *)rows->items[0]);
    } else {
        commit(a, &sql_email_look, refused);
    }
}

/* ---- the calls */

static struct asking *asking_new(struct call *call, const ApprovalToken *in,
                                 ApprovalPage_Closure closure)
{
    static atomic_int_least64_t last_id;
    struct asking *a = arena_new(&call->arena, struct asking);
    uint8_t *hash = arena_alloc(&call->arena, SHA256_SIZE);
    digest_sha256(BYTES_OF(in->token), hash);
    *a = (struct asking){ .call = call, .answer = closure };
    email_query__init(&a->query);
    a->query.query_id = ++last_id;
    a->query.token_sha256 = (ProtobufCBinaryData){ SHA256_SIZE, hash };
    a->query.now = instant_of(&call->arena, clock_now());
    a->query.ip = in->ip;
    a->query.traceparent = *call->traceparent ? call->traceparent : NULL;
    return a;
}

static bool enter(struct call *call)
{
    if (gate_enter())
        return true;
    fault_set(&call->fault, FAULT_UNAVAILABLE, NULL, "validation is stopping");
    call_fail(call);
    return false;
}

static void approvals_look(Approvals_Service *self, const ApprovalToken *in,
                           ApprovalPage_Closure closure, void *data)
{
    (void)self;
    struct call *call = data;
    if (enter(call))
        commit(asking_new(call, in, closure), &sql_email_look, looked);
}

static void approvals_approve(Approvals_Service *self, const ApprovalToken *in,
                              ApprovalPage_Closure closure, void *data)
{
    (void)self;
    struct call *call = data;
    if (!enter(call))
        return;
    TEST_POINT("validation.email.approve.before");
    commit(asking_new(call, in, closure), &sql_email_approve, committed);
}

Approvals_Service approvals_service = APPROVALS__INIT(approvals_);
