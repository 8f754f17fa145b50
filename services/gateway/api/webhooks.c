#include "api/webhooks.h"

#include <string.h>

#include "api/orders.h"
#include "api/webhooks.sql.h"
#include "caller.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "list.h"
#include "statement.h"

enum { SECRET_MIN = 32, SECRET_MAX = 256, ENDPOINT_MAX = 2048 };

// clang-format off
static const char *const event_names[] = {
    "certificate_issued", "certificate_revoked", "order_rejected",
    "domain_validated", "domain_expired", "domain_revalidation_notice",
    "organization_validated", "organization_expired", "organization_revalidation_notice",
};
static const int32_t frequencies[] = { 90, 60, 30, 7, 0, -7 };
// clang-format on

/* What an account that names no events is told of. */
static char *default_events[] = { (char[]){ "certificate_issued" },
                                  (char[]){ "certificate_revoked" } };

/* ---- checks */

static bool event_known(const char *name)
{
    for (size_t i = 0; i < sizeof event_names / sizeof *event_names; i++)
        if (strcmp(event_names[i], name) == 0)
            return true;
    return false;
}

static bool events_good(struct call *call, const WebhookRequest *in)
{
    for (size_t i = 0; i < in->n_events; i++)
        if (!event_known(in->events[i]))
            return fault_set(&call->fault, FAULT_INVALID, "events",
                             "%.64s is no event that webhooks tell of", in->events[i]);
    return in->n_events <= sizeof event_names / sizeof *event_names ||
           fault_set(&call->fault, FAULT_INVALID, "events", "names an event twice");
}

static bool frequency_good(struct call *call, const WebhookSettings *s)
{
    for (size_t i = 0; s && i < s->n_webhook_notification_frequency; i++) {
        bool known = false;
        for (size_t j = 0; j < sizeof frequencies / sizeof *frequencies; j++)
            known = known || frequencies[j] == s->webhook_notification_frequency[i];
        if (!known)
            return fault_set(&call->fault, FAULT_INVALID,
                             "webhook_settings.webhook_notification_frequency",
                             "takes 90, 60, 30, 7, 0 and -7");
    }
    return !s || s->n_webhook_notification_frequency <= sizeof frequencies / sizeof *frequencies ||
           fault_set(&call->fault, FAULT_INVALID, "webhook_settings.webhook_notification_frequency",
                     "names a day twice");
}

/* It is sent as the value of a header. */
static bool secret_is_printable(const char *secret)
{
    for (; *secret; secret++)
        if (*secret < 0x20 || *secret > 0x7e)
            return false;
    return true;
}

bool webhook_secret_good(struct call *call, const char *secret)
{
    size_t length = secret ? strlen(secret) : 0;
    if (length && (length < SECRET_MIN || length > SECRET_MAX))
        return fault_set(&call->fault, FAULT_INVALID, "secret",
                         "must have from 32 to 256 characters");
    return length == 0 || secret_is_printable(secret) ||
           fault_set(&call->fault, FAULT_INVALID, "secret",
                     "may have printable ASCII characters only");
}

/* The form only: addresses are judged when a connection is made, by the notifier's guard. */
bool webhook_endpoint_good(struct call *call, const char *endpoint)
{
    struct fault f = { 0 };
    if (!endpoint || !*endpoint)
        return fault_set(&call->fault, FAULT_REQUIRED, "endpoint", "is required");
    if (strlen(endpoint) > ENDPOINT_MAX)
        return fault_set(&call->fault, FAULT_WEBHOOK_ENDPOINT, "endpoint",
                         "is longer than 2048 characters");
    struct guarded_url *url = arena_new(&call->arena, struct guarded_url);
    return guard_url(&gateway.outbound, endpoint, url, &f) ||
           fault_set(&call->fault, FAULT_WEBHOOK_ENDPOINT, "endpoint", "%s", f.detail);
}

static bool request_good(struct call *call, const WebhookRequest *in)
{
    return webhook_endpoint_good(call, in->endpoint) && webhook_secret_good(call, in->secret) &&
           events_good(call, in) && frequency_good(call, in->webhook_settings);
}

/* ---- rows */

ProtobufCBinaryData webhook_secret_seal(struct call *call, int64_t webhook_id, const char *secret)
{
    const char *aad = arena_format(&call->arena, WEBHOOK_SECRET_AAD, (long long)webhook_id);
    struct bytes sealed = seal(&call->arena, gateway.seal, BYTES_OF(aad), BYTES_OF(secret));
    return (ProtobufCBinaryData){ sealed.size, arena_copy(&call->arena, sealed.data, sealed.size) };
}

static char *secret_open(struct call *call, const WebhookRow *row)
{
    struct bytes plain;
    struct fault ignored = { 0 };
    const char *aad = arena_format(&call->arena, WEBHOOK_SECRET_AAD, (long long)row->id);
    if (!row->has_secret_sealed ||
        !unseal(&call->arena, gateway.seal, BYTES_OF(aad),
                (struct bytes){ row->secret_sealed.data, row->secret_sealed.len }, &plain,
                &ignored))
        return NULL;
    return arena_strndup(&call->arena, (const char *)plain.data, plain.size);
}

/* The same again is no change: the one before goes on signing beside it. */
static bool secret_is(struct call *call, const WebhookRow *row, const char *secret)
{
    const char *now = secret_open(call, row);
    return now && *secret && bytes_equal_secret(BYTES_OF(now), BYTES_OF(secret));
}

static void secret_change(struct call *call, const WebhookRow *before, const char *secret,
                          WebhookChange *out)
{
    bool same = secret && secret_is(call, before, secret);
    out->has_keeps_secret = true;
    out->keeps_secret = same || caller_may(call, "secret:reveal");
    if (!secret || same)
        return;
    out->has_set_secret = out->set_secret = true;
    out->has_secret_sealed = *secret != '\0';
    if (*secret)
        out->secret_sealed = webhook_secret_seal(call, before->id, secret);
}

static void change_fill(WebhookChange *out, const WebhookRequest *in)
{
    const WebhookSettings *s = in->webhook_settings;
    out->endpoint = in->endpoint;
    out->events = in->events;
    out->n_events = in->n_events;
    out->has_set_events = true;
    out->set_events = in->n_events > 0;
    if (!s)
        return;
    out->has_instant = s->has_instant_issue_webhook_notification;
    out->instant = s->instant_issue_webhook_notification;
    out->has_chain = s->has_webhook_send_certificate_chain;
    out->chain = s->webhook_send_certificate_chain;
    out->has_instant_chain = s->has_webhook_send_instant_issued_certificate_chain;
    out->instant_chain = s->webhook_send_instant_issued_certificate_chain;
    out->frequency = s->webhook_notification_frequency;
    out->n_frequency = s->n_webhook_notification_frequency;
    out->has_set_frequency = true;
    out->set_frequency = s->n_webhook_notification_frequency > 0;
}

bool webhook_find(struct call *call, int64_t webhook_id, WebhookRow *out)
{
    WebhookId id = WEBHOOK_ID__INIT;
    bool found = false;
    id.webhook_id = webhook_id;
    return statement_maybe(call, &sql_webhook_get, &id.base, &out->base, &found) &&
           (found ||
            fault_set(&call->fault, FAULT_NO_WEBHOOK, "webhook_id", "there is no such webhook"));
}

bool webhook_change(struct call *call, int64_t webhook_id, WebhookChange *change)
{
    WebhookRow row = WEBHOOK_ROW__INIT;
    bool found = false;
    change->has_webhook_id = true;
    change->webhook_id = webhook_id;
    return statement_maybe(call, &sql_webhook_change, &change->base, &row.base, &found) &&
           (found ||
            fault_set(&call->fault, FAULT_NO_WEBHOOK, "webhook_id", "there is no such webhook"));
}

/* ---- handlers */

/* The secret is tied to the webhook's id, so that is drawn first; all else is one statement. */
static bool number_draw(struct call *call, const char *secret, WebhookChange *out)
{
    WebhookCreated drawn = WEBHOOK_CREATED__INIT;
    Nothing nothing = NOTHING__INIT;
    if (!statement_one(call, &sql_webhook_number, &nothing.base, &drawn.base))
        return false;
    out->has_webhook_id = true;
    out->webhook_id = drawn.webhook_id;
    out->has_secret_sealed = secret && *secret;
    if (out->has_secret_sealed)
        out->secret_sealed = webhook_secret_seal(call, drawn.webhook_id, secret);
    return true;
}

static bool webhook_add(struct call *call, const WebhookChange *change, WebhookCreated *out)
{
    bool found = false;
    return statement_maybe(call, &sql_webhook_add, &change->base, &out->base, &found) &&
           (found || fault_set(&call->fault, FAULT_WEBHOOK_STATE, NULL,
                               "an account has ten webhooks at the most"));
}

static void webhook_settings_create(WebhookSettingsApi_Service *self, const WebhookRequest *in,
                                    WebhookCreated_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    WebhookChange change = WEBHOOK_CHANGE__INIT;
    WebhookCreated out = WEBHOOK_CREATED__INIT;
    if (!request_good(call, in)) {
        call_fail(call);
        return;
    }
    change_fill(&change, in);
    if (change.n_events == 0) {
        change.events = default_events;
        change.n_events = sizeof default_events / sizeof *default_events;
    }
    if (number_draw(call, in->secret, &change) && webhook_add(call, &change, &out))
        answer(&out, call);
    else
        call_fail(call);
}

static void webhook_settings_update(WebhookSettingsApi_Service *self, const WebhookRequest *in,
                                    Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    WebhookChange change = WEBHOOK_CHANGE__INIT;
    WebhookRow before = WEBHOOK_ROW__INIT;
    Nothing nothing = NOTHING__INIT;
    if (!webhook_find(call, in->webhook_id, &before) || !request_good(call, in)) {
        call_fail(call);
        return;
    }
    change_fill(&change, in);
    secret_change(call, &before, in->secret, &change);
    if (webhook_change(call, in->webhook_id, &change))
        answer(&nothing, call);
    else
        call_fail(call);
}

static Webhook *webhook_shown(struct call *call, WebhookRow *row)
{
    Webhook *w = arena_new(&call->arena, Webhook);
    WebhookSettings *s = arena_new(&call->arena, WebhookSettings);
    webhook__init(w);
    webhook_settings__init(s);
    w->id = row->id;
    w->endpoint = row->endpoint;
    w->secret = caller_may(call, "secret:reveal") ? secret_open(call, row) : NULL;
    w->events = row->events;
    w->n_events = row->n_events;
    w->status = row->status;
    w->webhook_settings = s;
    s->has_instant_issue_webhook_notification = s->has_webhook_send_certificate_chain =
        s->has_webhook_send_instant_issued_certificate_chain = true;
    s->instant_issue_webhook_notification = row->instant;
    s->webhook_send_certificate_chain = row->chain;
    s->webhook_send_instant_issued_certificate_chain = row->instant_chain;
    s->webhook_notification_frequency = row->frequency;
    s->n_webhook_notification_frequency = row->n_frequency;
    return w;
}

static void webhook_settings_list(WebhookSettingsApi_Service *self, const WebhookListFilter *in,
                                  WebhookList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct rows rows;
    WebhookList out = WEBHOOK_LIST__INIT;
    if (!statement_all(call, &sql_webhook_list, &in->base, &rows)) {
        call_fail(call);
        return;
    }
    if (rows.count == 0) {
        fault_set(&call->fault, FAULT_WEBHOOK_ACCOUNT, NULL, "the account has no webhook");
        call_fail(call);
        return;
    }
    out.webhooks = arena_array(&call->arena, Webhook *, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        out.webhooks[out.n_webhooks++] = webhook_shown(call, (WebhookRow *)rows.items[i]);
    if (list_sort_items(call, &webhook__descriptor, in->sort,
                        (ProtobufCMessage **)(void *)out.webhooks, out.n_webhooks))
        answer(&out, call);
    else
        call_fail(call);
}

static void webhook_settings_delete(WebhookSettingsApi_Service *self, const WebhookId *in,
                                    Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    WebhookChange change = WEBHOOK_CHANGE__INIT;
    WebhookCreated gone = WEBHOOK_CREATED__INIT;
    Nothing nothing = NOTHING__INIT;
    bool found = false;
    change.has_webhook_id = true;
    change.webhook_id = in->webhook_id;
    if (statement_maybe(call, &sql_webhook_remove, &change.base, &gone.base, &found) &&
        (found ||
         fault_set(&call->fault, FAULT_NO_WEBHOOK, "webhook_id", "there is no such webhook")))
        answer(&nothing, call);
    else
        call_fail(call);
}

WebhookSettingsApi_Service webhook_settings_service = WEBHOOK_SETTINGS_API__INIT(webhook_settings_);

// clang-format off
const struct route webhook_routes[] = {
    { POST,   "/webhook",                               WORKER, RPC(webhook_settings_service, "Create"),         "webhook:create", 201, "Create a webhook" },
    { GET,    "/webhook",                               WORKER, RPC(webhook_settings_service, "List"),           "webhook:read",   200, "List the account's webhooks" },
    { PUT,    "/webhook/{webhook_id}",                  WORKER, RPC(webhook_settings_service, "Update"),         "webhook:update", 204, "Change a webhook" },
    { DELETE, "/webhook/{webhook_id}",                  WORKER, RPC(webhook_settings_service, "Delete"),         "webhook:delete", 204, "Delete a webhook" },
    { POST,   "/webhook/test-endpoint",                 AWAIT,  RPC(webhook_settings_service, "Test"),           "webhook:create", 200, "Send a test event to an endpoint" },
    { PUT,    "/webhook/{webhook_id}/send-challenge",   AWAIT,  RPC(webhook_settings_service, "SendChallenge"),  "webhook:update", 204, "Send a challenge token to a webhook's endpoint" },
    { PUT,    "/webhook/{webhook_id}/check-challenge",  WORKER, RPC(webhook_settings_service, "CheckChallenge"), "webhook:update", 204, "Show that the challenge token was received" },
    { PUT,    "/webhook/{webhook_id}/activate",         WORKER, RPC(webhook_settings_service, "Activate"),       "webhook:update", 204, "Begin to send events" },
    { PUT,    "/webhook/{webhook_id}/deactivate",       WORKER, RPC(webhook_settings_service, "Deactivate"),     "webhook:update", 204, "Send no more events" },
    { GET,    "/webhook/event-logs",                    WORKER, RPC(webhook_settings_service, "EventLogs"),      "webhook:read",   200, "What was sent, and how it was answered" },
    { GET,    "/webhook/{webhook_id}/event-logs",       WORKER, RPC(webhook_settings_service, "EventLogs"),      "webhook:read",   200, "What was sent to a webhook, and how it was answered" },
    { POST,   "/webhook/{webhook_id}/event-logs/{entry_id}/replay", WORKER, RPC(webhook_settings_service, "Replay"), "webhook:update", 204, "Send again what an entry of the log tells of" },
    { POST,   "/webhook/{webhook_id}/replay",           WORKER, RPC(webhook_settings_service, "ReplayAll"),   "webhook:update", 200, "Send again what could not be delivered since an instant" },
    { 0 },
};
// clang-format on
