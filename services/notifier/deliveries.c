#include "deliveries.h"

#include <string.h>

#include "base/log.h"
#include "channels/webhook.h"
#include "deliveries.sql.h"
#include "message/convert.h"
#include "message/field.h"
#include "service/metrics.h"
#include "testing/point.h"

enum { BUSY_PAUSE_S = 5, BUSY_SPREAD_S = 30 };

/* One delivery on its way; lives in its item's arena and ends with it. */
struct posting {
    struct lane_item *item;
    const Delivery *delivery;
    DeliveryAttempt attempt;
    struct commit commit;
    const char *failure; /* webhook_failure() */
};

static uint32_t random_number(void)
{
    uint32_t n;
    random_bytes(&n, sizeof n);
    return n;
}

/* ---- back, because it was not tried */

static void put_back_done(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct posting *p = c->context;
    if (f)
        log_warn("delivery could not be put back: its lease will run out",
                 LOG_INT("delivery_id", p->delivery->id), LOG_FAULT(f));
    lane_finish_result(p->item,
                       f || rows->count ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__GONE);
}

static void put_back(struct posting *p, struct instant run_at)
{
    struct fault f = { 0 };
    JobAgain *again = arena_new(&p->item->arena, JobAgain);
    job_again__init(again);
    again->id = p->item->job_id;
    again->epoch = p->item->job->epoch;
    again->run_at = instant_message(&p->item->arena, run_at);
    p->commit = (struct commit){ .sql = &sql_delivery_back,
                                 .in = &again->base,
                                 .key = "id",
                                 .done = put_back_done,
                                 .context = p };
    if (!committer_put(notifier.committer, &p->commit, &f))
        put_back_done(&p->commit, NULL, &f);
}

/* A crowd that waits for one host, or for the share of one account, comes back spread out. */
static void come_back(struct posting *p, enum post_outcome outcome)
{
    struct instant now = clock_now();
    metric_add(METRIC_DELIVER_BACK, 1);
    put_back(p, outcome == POST_STOPPED
                    ? now
                    : instant_add(now, seconds(BUSY_PAUSE_S + random_number() % BUSY_SPREAD_S)));
}

/* ---- an attempt, and what follows from it */

static JobOutcome__Result result_of(const DeliveryAttempt *t)
{
    if (t->next_at)
        return JOB_OUTCOME__RESULT__WAITING;
    return t->ok ? JOB_OUTCOME__RESULT__DONE : JOB_OUTCOME__RESULT__FAILED;
}

/* When the connection was lost nobody knows whether it is committed: nothing is done then, and the
 * lease runs out if it is not. */
static void attempt_lost(struct posting *p, const struct fault *f)
{
    if (f->code != FAULT_UNAVAILABLE) {
        lane_fail(p->item, f);
        return;
    }
    log_warn("an attempt could not be recorded: its lease will run out",
             LOG_INT("delivery_id", p->delivery->id), LOG_FAULT(f));
    lane_finish_result(p->item, JOB_OUTCOME__RESULT__WAITING);
}

static void attempt_log(const struct posting *p)
{
    const DeliveryAttempt *t = &p->attempt;
    const Delivery *d = p->delivery;
    log_context(p->item->job->traceparent,
                d->data && d->data->has_order_id ? d->data->order_id : 0);
    log_info(t->ok ? "event delivered" : "event not delivered", LOG_TEXT("event", d->event),
             LOG_INT("delivery_id", d->id), LOG_INT("webhook_id", d->webhook_id),
             LOG_INT("attempt", d->tries + 1), LOG_INT("status", t->response_code),
             LOG_TEXT("reason", t->ok ? "" : t->reason),
             LOG_TEXT("again", t->next_at ? "yes" : "no"));
    log_context("", 0);
}

static void attempt_committed(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct posting *p = c->context;
    TEST_POINT("notifier.attempt.committed");
    if (f) {
        attempt_lost(p, f);
        return;
    }
    if (rows->count == 0) {
        log_warn("the lease was lost before the attempt was recorded",
                 LOG_INT("delivery_id", p->delivery->id));
        lane_gone(p->item);
        return;
    }
    if (((const Delivered *)rows->items[0])->disabled)
        log_warn(p->attempt.gone ? "webhook switched off: its endpoint wants no more"
                                 : "webhook switched off: it has failed for days",
                 LOG_INT("webhook_id", p->delivery->webhook_id));
    attempt_log(p);
    metric_add(p->attempt.ok ? METRIC_DELIVER_OK : METRIC_DELIVER_FAILED, 1);
    if (p->failure)
        metric_add_of(METRIC_WEBHOOK_FAILURES, p->failure, 1);
    lane_finish_result(p->item, result_of(&p->attempt));
}

static void attempt_commit(struct posting *p)
{
    struct fault f = { 0 };
    p->commit = (struct commit){ .sql = &sql_delivery_attempted,
                                 .in = &p->attempt.base,
                                 .key = "delivery_id",
                                 .done = attempt_committed,
                                 .context = p };
    TEST_POINT("notifier.attempt.before");
    if (!committer_put(notifier.committer, &p->commit, &f))
        attempt_lost(p, &f);
}

static void attempt_schedule(struct posting *p, const char *retry_after, struct instant now)
{
    struct instant next;
    if (webhook_next_attempt(p->delivery->tries + 1, retry_after, now, random_number(), &next))
        p->attempt.next_at = instant_message(&p->item->arena, next);
}

/* How long it has been failing, as far as it was known when this attempt began. */
static void attempt_weigh(struct posting *p, const struct post_result *r, enum webhook_next next,
                          struct instant now)
{
    DeliveryAttempt *t = &p->attempt;
    struct instant since = instant_value(p->delivery->failing_since);
    t->has_warnings = t->has_disable = t->has_gone = t->has_outage = true;
    t->gone = next == WEBHOOK_GONE;
    t->outage = next == WEBHOOK_OUTAGE;
    t->cause = webhook_cause(&p->item->arena, r);
    t->warnings = webhook_warnings_due(since, now);
    t->disable = webhook_is_dead(since, now);
}

/* On the sender's thread. */
static void posted(const struct post_result *r, void *context)
{
    struct posting *p = context;
    struct arena *a = &p->item->arena;
    DeliveryAttempt *t = &p->attempt;
    struct instant now = clock_now();
    TEST_POINT("notifier.sent");
    if (r->outcome >= POST_BUSY) { /* was not tried */
        come_back(p, r->outcome);
        return;
    }
    enum webhook_next next = webhook_next(r);
    p->failure = webhook_failure(r);
    t->tried = true;
    t->ok = next == WEBHOOK_TAKEN;
    t->has_response_code = r->status != 0;
    t->response_code = r->status;
    t->reason = arena_strdup(a, r->reason);
    t->now = instant_message(a, now);
    t->sent_at = r->sent.us ? instant_message(a, r->sent) : t->now;
    t->received_at = r->received.us ? instant_message(a, r->received) : NULL;
    t->failing_since = p->delivery->failing_since;
    if (!t->ok)
        attempt_weigh(p, r, next, now);
    if (next == WEBHOOK_AGAIN || next == WEBHOOK_OUTAGE)
        attempt_schedule(p, r->retry_after, now);
    attempt_commit(p);
}

/* ---- what is not sent */

static const struct unsent {
    const char *status; /* of the webhook */
    const char *reason;
    bool ends; /* the delivery */
} unsent[] = {
    { "deleted", "the webhook was deleted", true },
    { "inactive", "the webhook is inactive", true },
    { "pending", "the endpoint is not verified", false },
};

static const struct unsent *unsent_why(const Delivery *d)
{
    const char *status = d->webhook_status ? d->webhook_status : "deleted";
    for (size_t i = 0; i < sizeof unsent / sizeof *unsent; i++)
        if (strcmp(unsent[i].status, status) == 0)
            return &unsent[i];
    return NULL;
}

static void attempt_skip(struct posting *p, const struct unsent *why, struct instant now)
{
    DeliveryAttempt *t = &p->attempt;
    t->reason = t->cause = arena_strdup(&p->item->arena, why->reason);
    t->sent_at = t->now = instant_message(&p->item->arena, now);
    if (!why->ends)
        attempt_schedule(p, "", now);
    attempt_commit(p);
}

/* ---- the run */

static struct posting *posting_new(struct lane_item *item, const Delivery *d)
{
    struct posting *p = arena_new(&item->arena, struct posting);
    p->item = item;
    p->delivery = (const Delivery *)message_copy(&item->arena, &d->base);
    delivery_attempt__init(&p->attempt);
    p->attempt.delivery_id = d->id;
    p->attempt.job_id = item->job_id;
    p->attempt.job_epoch = item->job->epoch;
    p->attempt.endpoint = p->delivery->endpoint;
    return p;
}

/* After the post the item may be gone at any time. */
static void deliver(struct lane_item *item, const Delivery *d, const DeliveryWords *words)
{
    struct fault f = { 0 };
    struct post post;
    struct instant now = clock_now();
    struct posting *p = posting_new(item, d);
    const struct unsent *why = unsent_why(d);
    if (why)
        attempt_skip(p, why, now);
    else if (!delivery_post(&item->arena, p->delivery, words, now, &post, &f))
        lane_fail(item, &f);
    else
        sender_post(notifier.sender, &post, posted, p);
}

static bool deliveries_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    DeliveryIds in = DELIVERY_IDS__INIT;
    in.ids = lane_subjects(batch);
    in.n_ids = batch->count;
    return store_all(store_mine(), batch->arena, &sql_delivery_read, &in.base, rows, f);
}

/* Beside the deliveries that people read; most batches have none. */
static bool words_read(struct lane_batch *batch, const struct rows *deliveries, struct rows *rows,
                       struct fault *f)
{
    DeliveryIds in = DELIVERY_IDS__INIT;
    in.ids = arena_array(batch->arena, int64_t, deliveries->count + 1);
    for (size_t i = 0; i < deliveries->count; i++) {
        const Delivery *d = (const Delivery *)deliveries->items[i];
        if (delivery_is_worded(d))
            in.ids[in.n_ids++] = d->id;
    }
    return in.n_ids == 0 ||
           store_all(store_mine(), batch->arena, &sql_delivery_words, &in.base, rows, f);
}

static const DeliveryWords *words_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const DeliveryWords *)rows->items[i])->id == id)
            return (const DeliveryWords *)rows->items[i];
    return NULL;
}

static const Delivery *delivery_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const Delivery *)rows->items[i])->id == id)
            return (const Delivery *)rows->items[i];
    return NULL;
}

static void run(struct lane_batch *batch)
{
    struct rows rows = { 0 }, words = { 0 };
    struct fault f = { 0 };
    bool read = deliveries_read(batch, &rows, &f) && words_read(batch, &rows, &words, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        const Delivery *d = delivery_find(&rows, item->job->subject);
        if (!read)
            lane_fail(item, &f);
        else if (d)
            deliver(item, d, words_find(&words, d->id));
        else
            lane_end(item, JOB_OUTCOME__RESULT__GONE);
    }
}

void deliveries_run(struct lane_batch *batch)
{
    TEST_POINT("notifier.claimed");
    notifier_run(batch, run);
}
