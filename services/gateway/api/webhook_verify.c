/* Does the customer's listener listen? Test messages, challenges, and switching on. */
#include <string.h>

#include "api/orders.h"
#include "api/webhooks.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "message/json.h"
#include "pki/digest.h"

enum { TOKEN_LENGTH = 32 };
#define CHALLENGE_LIFE seconds(30 * 60)

struct webhook_message {
    struct call *call;
    struct bus_call bus;
};

/* The listener's answer decides the caller's. */
static void sent(const WebhookSent *result, void *data)
{
    struct bus_call *bus = data;
    struct webhook_message *s = bus->context;
    Nothing nothing = NOTHING__INIT;
    if (result && result->ok) {
        call_answer(&nothing.base, s->call);
        return;
    }
    if (!result)
        s->call->fault = bus->fault;
    else
        fault_set(&s->call->fault, FAULT_WEBHOOK_LISTENER, "endpoint", "%s",
                  result->reason ? result->reason : "the listener did not answer with success");
    call_fail(s->call);
}

static void message_send(struct call *call, WebhookSend *message)
{
    struct webhook_message *s = arena_new(&call->arena, struct webhook_message);
    message->account_id = call->actor.account_id;
    *s = (struct webhook_message){
        .call = call, .bus = { .actor = call->actor, .deadline = call->deadline, .context = s }
    };
    memcpy(s->bus.traceparent, call->traceparent, sizeof s->bus.traceparent);
    webhooks__send(bus_client(gateway.run->bus, "notifier", &webhooks__descriptor), message, sent,
                   &s->bus);
}

void webhook_settings_test(WebhookSettingsApi_Service *self, const WebhookEndpoint *in,
                           Nothing_Closure answer, void *data)
{
    (void)self, (void)answer;
    struct call *call = data;
    WebhookSend message = WEBHOOK_SEND__INIT;
    if (!webhook_endpoint_good(call, in->endpoint) || !webhook_secret_good(call, in->secret)) {
        call_fail(call);
        return;
    }
    message.endpoint = in->endpoint;
    message.event = "test_webhook_endpoint";
    message.has_secret_sealed = in->secret && *in->secret;
    if (message.has_secret_sealed)
        message.secret_sealed = webhook_secret_seal(call, 0, in->secret);
    message_send(call, &message);
}

/* ---- challenge */

static void token_hash(const char *token, uint8_t out[SHA256_SIZE])
{
    digest_sha256(BYTES_OF(token), out);
}

static bool challenge_store(struct call *call, int64_t webhook_id, const char *token)
{
    uint8_t hash[SHA256_SIZE];
    WebhookChange change = WEBHOOK_CHANGE__INIT;
    Instant until = INSTANT__INIT;
    token_hash(token, hash);
    until.us = instant_add(clock_now(), CHALLENGE_LIFE).us;
    change.has_challenge_sha256 = true;
    change.challenge_sha256 = (ProtobufCBinaryData){ sizeof hash, hash };
    change.challenge_until = &until;
    return webhook_change(call, webhook_id, &change);
}

void webhook_settings_send_challenge(WebhookSettingsApi_Service *self, const WebhookId *in,
                                     Nothing_Closure answer, void *data)
{
    (void)self, (void)answer;
    struct call *call = data;
    char token[TOKEN_LENGTH + 1];
    WebhookRow row = WEBHOOK_ROW__INIT;
    WebhookSend message = WEBHOOK_SEND__INIT;
    random_text(token, TOKEN_LENGTH);
    if (!webhook_find(call, in->webhook_id, &row) ||
        !challenge_store(call, in->webhook_id, token)) {
        call_fail(call);
        return;
    }
    message.endpoint = row.endpoint;
    message.has_secret_sealed = row.has_secret_sealed;
    message.secret_sealed = row.secret_sealed;
    message.has_webhook_id = true;
    message.webhook_id = in->webhook_id;
    message.event = "challenge_webhook_endpoint";
    message.body = arena_format(&call->arena, "{\"token\":\"%s\",\"webhook_id\":%lld}", token,
                                (long long)in->webhook_id);
    message_send(call, &message);
}

static bool token_right(struct call *call, const WebhookRow *row, const uint8_t hash[SHA256_SIZE])
{
    bool right =
        row->has_challenge_sha256 && row->challenge_until &&
        instant_before(clock_now(), (struct instant){ row->challenge_until->us }) &&
        bytes_equal_secret((struct bytes){ hash, SHA256_SIZE },
                           (struct bytes){ row->challenge_sha256.data, row->challenge_sha256.len });
    return right || fault_set(&call->fault, FAULT_WEBHOOK_TOKEN, "token",
                              "is wrong, has expired, or was never sent");
}

void webhook_settings_check_challenge(WebhookSettingsApi_Service *self, const WebhookRequest *in,
                                      Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    WebhookRow row = WEBHOOK_ROW__INIT;
    WebhookChange change = WEBHOOK_CHANGE__INIT;
    Nothing nothing = NOTHING__INIT;
    uint8_t hash[SHA256_SIZE];
    token_hash(in->token ? in->token : "", hash);
    change.has_verified = change.verified = true;
    change.has_challenge_sha256 = true;
    change.challenge_sha256 = (ProtobufCBinaryData){ sizeof hash, hash };
    if (webhook_find(call, in->webhook_id, &row) && token_right(call, &row, hash) &&
        webhook_change(call, in->webhook_id, &change))
        answer(&nothing, call);
    else
        call_fail(call);
}

/* ---- on and off */

static void status_set(struct call *call, int64_t webhook_id, char *status, Nothing_Closure answer)
{
    WebhookChange change = WEBHOOK_CHANGE__INIT;
    Nothing nothing = NOTHING__INIT;
    change.status = status;
    if (webhook_change(call, webhook_id, &change))
        answer(&nothing, call);
    else
        call_fail(call);
}

void webhook_settings_activate(WebhookSettingsApi_Service *self, const WebhookId *in,
                               Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    WebhookRow row = WEBHOOK_ROW__INIT;
    if (!webhook_find(call, in->webhook_id, &row)) {
        call_fail(call);
    } else if (!row.verified) {
        fault_set(&call->fault, FAULT_WEBHOOK_STATE, "webhook_id",
                  "names a webhook whose endpoint is not verified: "
                  "send a challenge, then check it");
        call_fail(call);
    } else {
        status_set(call, in->webhook_id, (char[]){ "active" }, answer);
    }
}

void webhook_settings_deactivate(WebhookSettingsApi_Service *self, const WebhookId *in,
                                 Nothing_Closure answer, void *data)
{
    (void)self;
    status_set(data, in->webhook_id, (char[]){ "inactive" }, answer);
}
