/* webhooks - the service WebhookSettingsApi: where an account is told, of what, and since when it
 * listens. Posting is the notifier's. */
#ifndef API_WEBHOOKS_H
#define API_WEBHOOKS_H

#include "delivery.pb-c.h"
#include "route.h"

extern WebhookSettingsApi_Service webhook_settings_service;
extern const struct route webhook_routes[];

/* webhook_verify.c: test, challenge, activation. */
void webhook_settings_test(WebhookSettingsApi_Service *self, const WebhookEndpoint *in,
                           Nothing_Closure answer, void *data);
void webhook_settings_send_challenge(WebhookSettingsApi_Service *self, const WebhookId *in,
                                     Nothing_Closure answer, void *data);
void webhook_settings_check_challenge(WebhookSettingsApi_Service *self, const WebhookRequest *in,
                                      Nothing_Closure answer, void *data);
void webhook_settings_activate(WebhookSettingsApi_Service *self, const WebhookId *in,
                               Nothing_Closure answer, void *data);
void webhook_settings_deactivate(WebhookSettingsApi_Service *self, const WebhookId *in,
                                 Nothing_Closure answer, void *data);

/* event_log.c: what was sent. */
void webhook_settings_event_logs(WebhookSettingsApi_Service *self, const EventLogFilter *in,
                                 EventLog_Closure answer, void *data);

/* event_replay.c: what is sent again. */
void webhook_settings_replay(WebhookSettingsApi_Service *self, const ReplayOne *in,
                             Nothing_Closure answer, void *data);
void webhook_settings_replay_all(WebhookSettingsApi_Service *self, const ReplayFailed *in,
                                 Replayed_Closure answer, void *data);

/* What these files use. */
bool webhook_find(struct call *call, int64_t webhook_id, WebhookRow *out);
/* Fills in who and when, runs webhook_change; false with the fault when there is no such webhook.
 */
bool webhook_change(struct call *call, int64_t webhook_id, WebhookChange *change);
bool webhook_endpoint_good(struct call *call, const char *endpoint);
bool webhook_secret_good(struct call *call, const char *secret);
ProtobufCBinaryData webhook_secret_seal(struct call *call, int64_t webhook_id, const char *secret);

#endif
