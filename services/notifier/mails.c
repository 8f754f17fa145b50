#include "mails.h"

#include <string.h>

#include "base/log.h"
#include "channels/email.h"
#include "channels/webhook.h"
#include "email.pb-c.h"
#include "mails.sql.h"
#include "message/convert.h"
#include "message/field.h"
#include "pki/digest.h"
#include "service/metrics.h"
#include "testing/point.h"

/* 40 characters are 206 bits; BR 1.6.1 asks for 112. */
enum { TOKEN_LENGTH = 40, ID_LENGTH = 24 };

/* One mail on its way; lives in its item's arena and ends with it. */
struct mailing {
    struct lane_item *item;
    const Mail *mail;
    MailAttempt attempt;
    JobAgain again;
    struct commit commit;
};

/* ---- back, because it was not tried */

static void put_back_done(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct mailing *m = c->context;
    if (f)
        log_warn("mail could not be put back: its lease will run out",
                 LOG_INT("invitation_id", m->mail->id), LOG_FAULT(f));
    lane_finish_result(m->item,
                       f || rows->count ? JOB_OUTCOME__RESULT__WAITING : JOB_OUTCOME__RESULT__GONE);
}

static void put_back(struct mailing *m, struct instant run_at)
{
    struct fault f = { 0 };
    job_again__init(&m->again);
    m->again.id = m->item->job_id;
    m->again.epoch = m->item->job->epoch;
    m->again.run_at = instant_message(&m->item->arena, run_at);
    m->commit = (struct commit){ .sql = &sql_mail_back,
                                 .in = &m->again.base,
                                 .key = "id",
                                 .done = put_back_done,
                                 .context = m };
    if (!committer_put(notifier.committer, &m->commit, &f))
        put_back_done(&m->commit, NULL, &f);
}

/* ---- what became of it */

static const struct ending {
    const char *state;
    enum metric metric;
} endings[] = {
    [MAIL_SENT] = { "sent", METRIC_MAIL_SENT },
    [MAIL_REFUSED] = { "refused", METRIC_MAIL_REFUSED },
    [MAIL_FAILED] = { "failed", METRIC_MAIL_FAILED },
};

static JobOutcome__Result result_of(const MailAttempt *t, const MailNoted *noted)
{
    if (noted->waiting)
        return JOB_OUTCOME__RESULT__WAITING;
    return strcmp(t->state, "sent") == 0 ? JOB_OUTCOME__RESULT__DONE : JOB_OUTCOME__RESULT__FAILED;
}

/* Nobody knows whether it is recorded: the lease runs out if it is not, and another mail goes out
 * with another value. */
static void attempt_lost(struct mailing *m, const struct fault *f)
{
    log_warn("a mail could not be recorded: its lease will run out",
             LOG_INT("invitation_id", m->mail->id), LOG_FAULT(f));
    lane_finish_result(m->item, JOB_OUTCOME__RESULT__WAITING);
}

static void attempt_committed(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct mailing *m = c->context;
    TEST_POINT("notifier.mail.recorded");
    if (f)
        attempt_lost(m, f);
    else if (rows->count == 0)
        lane_gone(m->item);
    else
        lane_finish_result(m->item, result_of(&m->attempt, (const MailNoted *)rows->items[0]));
}

/* With the pauses of deliveries: about three days in all. */
static void attempt_schedule(struct mailing *m, struct instant now)
{
    static char waiting[] = "waiting";
    struct instant next;
    uint32_t random;
    random_bytes(&random, sizeof random);
    if (!webhook_next_attempt(m->item->job->attempt + 1, "", now, random, &next))
        return;
    m->attempt.next_at = instant_message(&m->item->arena, next);
    m->attempt.state = waiting;
}

static void mailed_log(const struct mailing *m, const struct mail_result *r)
{
    log_context(m->item->job->traceparent, m->mail->order_id);
    if (r->outcome == MAIL_SENT)
        log_info("a mail was sent", LOG_INT("invitation_id", m->mail->id));
    else
        log_warn("a mail was not taken", LOG_INT("invitation_id", m->mail->id),
                 LOG_TEXT("reason", r->reason));
    log_context("", 0);
}

/* On a thread of the mailer. */
static void mailed(const struct mail_result *r, void *context)
{
    struct mailing *m = context;
    struct arena *a = &m->item->arena;
    struct fault f = { 0 };
    struct instant now = clock_now();
    TEST_POINT("notifier.mail.sent");
    if (r->outcome == MAIL_STOPPED) {
        put_back(m, now);
        return;
    }
    metric_add(endings[r->outcome].metric, 1);
    m->attempt.state = arena_strdup(a, endings[r->outcome].state);
    m->attempt.has_response_code = r->code != 0;
    m->attempt.response_code = r->code;
    m->attempt.reason = *r->reason ? arena_strdup(a, r->reason) : NULL;
    m->attempt.now = instant_message(a, now);
    if (r->outcome == MAIL_FAILED)
        attempt_schedule(m, now);
    mailed_log(m, r);
    m->commit = (struct commit){ .sql = &sql_mail_attempted,
                                 .in = &m->attempt.base,
                                 .key = "job_id",
                                 .done = attempt_committed,
                                 .context = m };
    if (!committer_put(notifier.committer, &m->commit, &f))
        attempt_lost(m, &f);
}

/* ---- the mail */

static bool token_store(struct mailing *m, const char *token, struct instant now, MailTerms *out,
                        struct fault *f)
{
    struct arena *a = &m->item->arena;
    MailToken in = MAIL_TOKEN__INIT;
    uint8_t *hash = arena_alloc(a, SHA256_SIZE);
    bool found = false;
    digest_sha256(BYTES_OF(token), hash);
    in.job_id = m->item->job_id;
    in.job_epoch = m->item->job->epoch;
    in.token_sha256 = (ProtobufCBinaryData){ SHA256_SIZE, hash };
    in.now = instant_message(a, now);
    if (!store_maybe(store_mine(), a, &sql_mail_token, &in.base, &out->base, &found, f))
        return false;
    m->attempt.poll_from = out->poll_from;
    m->attempt.has_token_sha256 = true;
    m->attempt.token_sha256 = in.token_sha256;
    return found || fault_set(f, FAULT_CONFLICT, NULL, "the order has changed meanwhile");
}

static bool mail_write(struct mailing *m, const char *token, const MailTerms *terms,
                       struct bytes *out, struct fault *f)
{
    struct arena *a = &m->item->arena;
    char id[ID_LENGTH + 1];
    const Mail *mail = m->mail;
    struct email letter = { .locale = mail->locale,
                            .from = notifier.mail_from,
                            .to = mail->address,
                            .id = id,
                            .domain = mail->domain,
                            .product = mail->product ? mail->product : "",
                            .order_id = mail->order_id,
                            .account_id = mail->account_id,
                            .account = mail->account,
                            .names = mail->dns_names,
                            .name_count = mail->n_dns_names,
                            .now = clock_now(),
                            .expires = instant_value(terms->expires_at) };
    random_text(id, ID_LENGTH);
    letter.link = arena_format(a, "%s/dcv/approve/%s", notifier.public_url, token);
    return email_write(a, &letter, out, f);
}

/* Whoever is written to has not asked for it: his address, and all that an account has mailed, have their
 * limits. The mail waits for its turn like one that the relay puts off, and no attempt is counted. */
static void put_off(struct mailing *m, struct instant until)
{
    metric_add(METRIC_MAIL_PUT_OFF, 1);
    log_context(m->item->job->traceparent, m->mail->order_id);
    log_info("a mail waits: its address or its account has had as many as policy lets it have",
             LOG_INT("invitation_id", m->mail->id));
    log_context("", 0);
    put_back(m, until);
}

static void mail_try(struct mailing *m)
{
    struct fault f = { 0 };
    struct bytes text;
    char token[TOKEN_LENGTH + 1];
    MailTerms terms = MAIL_TERMS__INIT;
    random_text(token, TOKEN_LENGTH);
    bool stored = token_store(m, token, clock_now(), &terms, &f);
    if (stored && terms.wait_until) {
        put_off(m, instant_value(terms.wait_until));
    } else if (stored && mail_write(m, token, &terms, &text, &f)) {
        TEST_POINT("notifier.mail.stored");
        mailer_send(notifier.mailer, m->mail->address, text, mailed, m);
    } else {
        lane_fail(m->item, &f);
    }
}

/* It waits as for any relay that is not there. */
static const struct mail_result no_relay = { .outcome = MAIL_FAILED,
                                             .reason = "CHANCERY_SMTP_URL is not set" };

/* After the mail is handed over the item may be gone at any time. */
static void mail_send(struct lane_item *item, const Mail *mail)
{
    struct mailing *m = arena_new(&item->arena, struct mailing);
    m->item = item;
    m->mail = (const Mail *)message_copy(&item->arena, &mail->base);
    mail_attempt__init(&m->attempt);
    m->attempt.invitation_id = mail->id;
    m->attempt.job_id = item->job_id;
    m->attempt.job_epoch = item->job->epoch;
    m->attempt.poll_from = instant_message(&item->arena, clock_now());
    if (notifier.has_relay)
        mail_try(m);
    else
        mailed(&no_relay, m);
}

/* ---- the run */

static bool mails_read(struct lane_batch *batch, struct rows *rows, struct fault *f)
{
    MailIds in = MAIL_IDS__INIT;
    in.ids = lane_subjects(batch);
    in.n_ids = batch->count;
    in.now = instant_message(batch->arena, clock_now());
    return store_all(store_mine(), batch->arena, &sql_mail_read, &in.base, rows, f);
}

static const Mail *mail_find(const struct rows *rows, int64_t id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (((const Mail *)rows->items[i])->id == id)
            return (const Mail *)rows->items[i];
    return NULL;
}

static void run(struct lane_batch *batch)
{
    struct rows rows = { 0 };
    struct fault f = { 0 };
    bool read = mails_read(batch, &rows, &f);
    for (size_t i = 0; i < batch->count; i++) {
        struct lane_item *item = batch->items[i];
        const Mail *mail = read ? mail_find(&rows, item->job->subject) : NULL;
        if (!read)
            lane_fail(item, &f);
        else if (mail && mail->wanted)
            mail_send(item, mail);
        else
            lane_end(item, JOB_OUTCOME__RESULT__DONE);
    }
}

void mails_run(struct lane_batch *batch)
{
    TEST_POINT("notifier.mail.claimed");
    notifier_run(batch, run);
}
