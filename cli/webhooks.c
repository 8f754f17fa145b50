/* chancery webhook list, show, log: which endpoints there are, and why one does not take what it is sent. What
 * the reasons say may name addresses; the API tells the customer less (services/notifier/channels/webhook.h). */
#include "cli/webhooks.sql.h"
#include "commands.h"
#include "listing.h"
#include "webhook.pb-c.h"

static const char *yes(bool it_is)
{
    return it_is ? "yes" : "no";
}

bool webhook_list_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    WebhooksWanted in = WEBHOOKS_WANTED__INIT;
    struct table t;
    struct rows rows;
    in.failing = command_option(r, "failing") != NULL;
    if (!listing_id(r, "account", &in.has_account_id, &in.account_id, f) ||
        !listing_limit(r, &in.limit, f) || !command_store(r, f) ||
        !store_all(r->store, a, &sql_webhook_rows, &in.base, &rows, f))
        return false;
    table_init(&t, a, 7);
    TABLE_ROW(&t, "ID#", "ACCOUNT#", "STATUS", "FAILING SINCE", "WAITING#", "HOST", "REASON");
    for (size_t i = 0; i < rows.count; i++) {
        const WebhookListed *w = (const WebhookListed *)rows.items[i];
        TABLE_ROW(&t, listing_number(a, w->id), listing_number(a, w->account_id), w->status,
                  listing_time(a, w->failing_since), listing_number(a, w->waiting), w->host,
                  w->reason);
    }
    listing_print(r, &t, in.failing ? "no webhook fails" : "no webhook", in.limit);
    return true;
}

static bool webhook_find(struct command_run *r, WebhookShown *out, struct fault *f)
{
    WebhookAsked in = WEBHOOK_ASKED__INIT;
    bool found = false;
    if (!int64_read(r->words[0], &in.id))
        return fault_set(f, FAULT_INVALID, r->words[0], "must be the number of a webhook");
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_webhook_shown, &in.base, &out->base, &found, f))
        return false;
    return found || fault_set(f, FAULT_NOT_FOUND, r->words[0],
                              "no webhook has that number (chancery webhook list)");
}

bool webhook_show_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    WebhookShown w = WEBHOOK_SHOWN__INIT;
    struct table t;
    if (!webhook_find(r, &w, f))
        return false;
    table_init(&t, a, 13);
    TABLE_ROW(&t, "ID#", "ACCOUNT#", "ACCOUNT NAME", "STATUS", "VERIFIED", "ENDPOINT", "EVENTS",
              "ALSO INSTANT", "CREATED", "FAILING SINCE", "WARNINGS#", "WAITING#", "GIVEN UP#");
    TABLE_ROW(&t, listing_number(a, w.id), listing_number(a, w.account_id), w.account, w.status,
              yes(w.verified), w.endpoint, w.events, yes(w.instant), listing_time(a, w.created_at),
              listing_time(a, w.failing_since), listing_number(a, w.warnings),
              listing_number(a, w.waiting), listing_number(a, w.given_up));
    listing_print_one(r, &t);
    return true;
}

bool webhook_log_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    WebhookShown w = WEBHOOK_SHOWN__INIT;
    WebhookLogWanted in = WEBHOOK_LOG_WANTED__INIT;
    struct table t;
    struct rows rows;
    if (!listing_limit(r, &in.limit, f) || !webhook_find(r, &w, f))
        return false;
    in.id = w.id;
    in.account_id = w.account_id;
    if (!store_all(r->store, a, &sql_webhook_log_lines, &in.base, &rows, f))
        return false;
    table_init(&t, a, 7);
    TABLE_ROW(&t, "SENT", "EVENT", "ORDER#", "TAKEN", "ANSWER#", "MS#", "REASON");
    for (size_t i = 0; i < rows.count; i++) {
        const WebhookLogLine *l = (const WebhookLogLine *)rows.items[i];
        TABLE_ROW(&t, listing_time(a, l->sent_at), l->event_name,
                  l->has_order_id ? listing_number(a, l->order_id) : NULL, yes(l->ok),
                  l->has_response_code ? listing_number(a, l->response_code) : NULL,
                  l->has_ms ? listing_number(a, l->ms) : NULL, l->reason);
    }
    listing_print(r, &t, "nothing was sent to it", in.limit);
    return true;
}
