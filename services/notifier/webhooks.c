#include "webhooks.h"

#include <string.h>

#include "base/log.h"
#include "bus/call.h"
#include "channels/channel.h"
#include "channels/webhook.h"
#include "deliveries.h"
#include "deliveries.sql.h"
#include "message/convert.h"
#include "message/json.h"
#include "service/metrics.h"

enum { NONCE_LENGTH = 20 };
#define ANSWER_MARGIN seconds(2) /* for the log, and for the way back */

/* One message on its way; lives in its call's arena. */
struct sending {
    struct call *call;
    WebhookSent answer;
    WebhookLog log;
    struct commit commit;
};

/* ---- the answer */

/* The message is out, whether or not it is in the log. */
static void logged(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct sending *s = c->context;
    (void)rows;
    if (f)
        log_warn("a webhook message could not be logged", LOG_FAULT(f));
    call_answer(&s->answer.base, s->call);
}

static void log_fill(struct sending *s, const struct post_result *r)
{
    struct arena *a = &s->call->arena;
    s->log.ok = s->answer.ok;
    s->log.has_response_code = s->answer.has_response_code;
    s->log.response_code = s->answer.response_code;
    s->log.cause = s->answer.reason;
    s->log.reason = arena_strdup(a, r->reason);
    s->log.sent_at = instant_message(a, r->sent.us ? r->sent : clock_now());
    s->log.received_at = r->received.us ? instant_message(a, r->received) : NULL;
}

static void sent_log(const struct sending *s)
{
    log_info(s->log.ok ? "webhook message taken" : "webhook message not taken",
             LOG_TEXT("event", s->log.event), LOG_INT("webhook_id", s->log.webhook_id),
             LOG_INT("status", s->log.response_code),
             LOG_TEXT("reason", s->log.ok ? "" : s->log.reason));
}

/* On the sender's thread. */
static void sent(const struct post_result *r, void *context)
{
    struct sending *s = context;
    struct fault f = { 0 };
    s->answer.ok = webhook_next(r) == WEBHOOK_TAKEN;
    s->answer.has_response_code = r->status != 0;
    s->answer.response_code = r->status;
    s->answer.reason = s->answer.ok ? NULL : webhook_cause(&s->call->arena, r);
    const char *failure = webhook_failure(r);
    if (failure)
        metric_add_of(METRIC_WEBHOOK_FAILURES, failure, 1);
    log_fill(s, r);
    sent_log(s);
    s->commit = (struct commit){ .sql = &sql_webhook_logged,
                                 .in = &s->log.base,
                                 .key = "webhook_id",
                                 .done = logged,
                                 .context = s };
    if (!committer_put(notifier.committer, &s->commit, &f))
        logged(&s->commit, NULL, &f);
}

/* ---- the message */

static bool data_read(struct call *call, const WebhookSend *in, EventData **out)
{
    *out = NULL;
    if (in->body)
        *out = (EventData *)message_from_json(&call->arena, &event_data__descriptor, in->body,
                                              strlen(in->body), &call->fault);
    return !in->body || *out;
}

static bool message_make(struct call *call, const WebhookSend *in, struct post *out)
{
    EventData *data;
    struct webhook to = { .account_id = in->account_id, .url = in->endpoint };
    char nonce[NONCE_LENGTH + 1];
    random_text(nonce, NONCE_LENGTH);
    if (!delivery_secret(&call->arena, in->has_secret_sealed, in->secret_sealed, in->webhook_id,
                         &to.secret, &call->fault) ||
        !data_read(call, in, &data) ||
        !channel_post(&call->arena, &to, arena_format(&call->arena, "msg_%s", nonce), clock_now(),
                      &(struct tidings){ in->event, data, NULL }, out, &call->fault))
        return false;
    /* Its caller waits: what would be sent behind others when he has gone is told to nobody. */
    out->answer_by.us = call->deadline.us - ANSWER_MARGIN.us;
    return true;
}

static struct sending *sending_new(struct call *call, const WebhookSend *in)
{
    struct sending *s = arena_new(&call->arena, struct sending);
    s->call = call;
    webhook_sent__init(&s->answer);
    webhook_log__init(&s->log);
    s->log.account_id = in->account_id;
    s->log.webhook_id = in->webhook_id;
    s->log.event = in->event;
    return s;
}

static void webhooks_send(Webhooks_Service *self, const WebhookSend *in, WebhookSent_Closure answer,
                          void *data)
{
    (void)self, (void)answer;
    struct call *call = data;
    struct post post;
    if (!notifier_enter()) {
        fault_set(&call->fault, FAULT_UNAVAILABLE, NULL, "about to stop");
        call_fail(call);
        return;
    }
    if (!message_make(call, in, &post))
        call_fail(call);
    else if (sender_room(notifier.sender) == 0)
        sent(&(struct post_result){ .outcome = POST_FULL, .reason = "no room" },
             sending_new(call, in));
    else
        sender_post(notifier.sender, &post, sent, sending_new(call, in));
    notifier_leave();
}

Webhooks_Service webhooks_service = WEBHOOKS__INIT(webhooks_);
