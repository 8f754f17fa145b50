#include "reports.h"

#include <string.h>

#include "base/log.h"
#include "caa.pb-c.h"
#include "channels/iodef.h"
#include "channels/webhook.h"
#include "message/convert.h"
#include "message/field.h"
#include "reports.sql.h"
#include "testing/point.h"

#define MAILTO "mailto:"

enum { BUSY_S = 10 };

/* One report on its way; lives in its item's arena and ends with it. */
struct reporting {
    struct lane_item *item;
    const CaaReport *report;
    struct iodef iodef;
    CaaReportAttempt attempt;
    struct commit commit;
};

/* ---- what became of it */

static void attempt_committed(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct reporting *r = c->context;
    TEST_POINT("notifier.report.recorded");
    if (f)
        log_warn("a report could not be recorded: its lease will run out",
                 LOG_INT("report_id", r->report->id), LOG_FAULT(f));
    if (f || (rows->count && ((const CaaReportNoted *)rows->items[0])->waiting))
        lane_finish_result(r->item, JOB_OUTCOME__RESULT__WAITING);
    else if (rows->count == 0)
        lane_gone(r->item);
    else
        lane_finish_result(r->item, JOB_OUTCOME__RESULT__DONE);
}

static void attempt_commit(struct reporting *r)
{
    struct fault f = { 0 };
    r->attempt.now = instant_message(&r->item->arena, clock_now());
    r->commit = (struct commit){ .sql = &sql_report_attempted,
                                 .in = &r->attempt.base,
                                 .key = "job_id",
                                 .done = attempt_committed,
                                 .context = r };
    if (!committer_put(notifier.committer, &r->commit, &f))
        attempt_committed(&r->commit, NULL, &f);
}

static void put_back(struct reporting *r, struct duration pause)
{
    r->attempt.next_at = instant_message(&r->item->arena, instant_add(clock_now(), pause));
    attempt_commit(r);
}

/* With the pauses of deliveries: about three days in all. */
static void again(struct reporting *r)
{
    static char waiting[] = "waiting", failed[] = "failed";
    struct instant next;
    uint32_t random;
    random_bytes(&random, sizeof random);
    bool more = webhook_next_attempt(r->item->job->attempt + 1, "", clock_now(), random, &next);
    r->attempt.state = more ? waiting : failed;
    if (more)
        r->attempt.next_at = instant_message(&r->item->arena, next);
}

static void tried(struct reporting *r, int code, const char *reason)
{
    r->attempt.tried = true;
    r->attempt.has_response_code = code != 0;
    r->attempt.response_code = code;
    r->attempt.reason = *reason ? arena_strdup(&r->item->arena, reason) : NULL;
    log_context(r->item->job->traceparent, 0);
    log_info("a report of what CAA records forbid", LOG_INT("report_id", r->report->id),
             LOG_TEXT("state", r->attempt.state), LOG_TEXT("reason", reason));
    log_context("", 0);
    attempt_commit(r);
}

/* ---- by mail */

/* On a thread of the mailer. */
static void mailed(const struct mail_result *m, void *context)
{
    static char sent[] = "sent", refused[] = "refused";
    struct reporting *r = context;
    TEST_POINT("notifier.report.sent");
    if (m->outcome == MAIL_STOPPED) {
        put_back(r, seconds(0));
        return;
    }
    r->attempt.state = m->outcome == MAIL_SENT ? sent : refused;
    if (m->outcome == MAIL_FAILED)
        again(r);
    tried(r, m->code, m->reason);
}

static void mail_send(struct reporting *r)
{
    static const struct mail_result no_relay = { .outcome = MAIL_FAILED,
                                                 .reason = "CHANCERY_SMTP_URL is not set" };
    const char *to = r->report->url + strlen(MAILTO);
    struct fault f = { 0 };
    struct bytes text;
    if (!notifier.has_relay)
        mailed(&no_relay, r);
    else if (iodef_mail(&r->item->arena, &r->iodef, notifier.mail_from, to, clock_now(), &text, &f))
        mailer_send(notifier.mailer, to, text, mailed, r);
    else
        mailed(&(struct mail_result){ .outcome = MAIL_REFUSED, .reason = "not to be written" }, r);
}

/* ---- by https */

/* On the sender's thread. */
static void posted(const struct post_result *p, void *context)
{
    static char sent[] = "sent", refused[] = "refused";
    struct reporting *r = context;
    enum webhook_next next = webhook_next(p);
    TEST_POINT("notifier.report.sent");
    if (p->outcome != POST_ANSWERED && p->outcome != POST_FAILED && p->outcome != POST_REFUSED) {
        put_back(r, seconds(p->outcome == POST_STOPPED ? 0 : BUSY_S));
        return;
    }
    r->attempt.state = next == WEBHOOK_TAKEN ? sent : refused;
    if (next == WEBHOOK_AGAIN || next == WEBHOOK_OUTAGE)
        again(r);
    tried(r, p->status, p->reason);
}

static void document_post(struct reporting *r)
{
    static const char *const headers[] = { "Content-Type: application/xml; charset=utf-8", NULL };
    struct post post = { .url = r->report->url,
                         .headers = headers,
                         .body = iodef_document(&r->item->arena, &r->iodef, clock_now()),
                         .account_id = r->report->account_id };
    sender_post(notifier.sender, &post, posted, r);
}

/* ---- the run */

/* After it is handed over the item may be gone at any time. */
static void report_send(struct lane_item *item, const CaaReport *report)
{
    static char waiting[] = "waiting";
    struct reporting *r = arena_new(&item->arena, struct reporting);
    struct arena *a = &item->arena;
    const CaaReport *p = r->report = (const CaaReport *)message_copy(a, &report->base);
    const char *names = p->identities ? p->identities : "";
    r->item = item;
    r->iodef = (struct iodef){ .id = p->id,
                               .ca = arena_strndup(a, names, strcspn(names, " ")),
                               .domain = p->domain,
                               .dns_name = p->dns_name,
                               .detail = p->detail,
                               .seen = instant_value(p->checked_at) };
    caa_report_attempt__init(&r->attempt);
    r->attempt.job_id = item->job_id;
    r->attempt.job_epoch = item->job->epoch;
    r->attempt.report_id = p->id;
    r->attempt.state = waiting;
    if (strncmp(p->url, MAILTO, strlen(MAILTO)) == 0)
        mail_send(r);
    else
        document_post(r);
}

static bool reports_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    CaaReportIds in = CAA_REPORT_IDS__INIT;
    in.ids = lane_subjects(batch);
    in.n_ids = batch->count;
    in.now = instant_message(batch->arena, clock_now());
    return store_all(store_mine(), batch->arena, &sql_report_read, &in.base, rows, f);
}

static const CaaReport *report_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const CaaReport *)rows->items[i])->id == id)
            return (const CaaReport *)rows->items[i];
    return NULL;
}

static void run(struct lane_batch *batch)
{
    struct rows rows = { 0 };
    struct fault f = { 0 };
    bool read = reports_read(batch, &rows, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        const CaaReport *report = read ? report_find(&rows, item->job->subject) : NULL;
        if (!read)
            lane_fail(item, &f);
        else if (report)
            report_send(item, report);
        else
            lane_end(item, JOB_OUTCOME__RESULT__DONE);
    }
}

void reports_run(struct lane_batch *batch)
{
    TEST_POINT("notifier.report.claimed");
    notifier_run(batch, run);
}
