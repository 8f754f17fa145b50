/* chancery-notifier: tells others what has happened. */
#include <string.h>

#include "base/log.h"
#include "base/mail_address.h"
#include "channels/slack.h"
#include "deliveries.h"
#include "mails.h"
#include "relay.h"
#include "reports.h"
#include "service/service.h"
#include "webhooks.h"

/* No host may take more of a lease than its queue, which is PER_HOST a turn: its waiting posts and
 * the one under way are TURNS timeouts at the most. Tests and challenges have room of their own. */
enum { PER_HOST = 8, WAITING_PER_HOST = 16, TURNS = WAITING_PER_HOST / PER_HOST + 1, ASIDE = 16 };

static bool good_relay(const char *text)
{
    return !*text || strncmp(text, "smtp://", 7) == 0 || strncmp(text, "smtps://", 8) == 0;
}

static bool good_address(const char *text)
{
    return !*text || mail_address_valid(text);
}

static bool good_web(const char *text)
{
    size_t length = strlen(text);
    return !length || (strncmp(text, "http", 4) == 0 && strstr(text, "://") &&
                       text[length - 1] != '/' && strcspn(text, " \r\n<>\"") == length);
}

static const struct config_check relay_url = { good_relay, "smtp://... or smtps://..." };
static const struct config_check address = { good_address, "an address like ca@example.com" };
static const struct config_check web = { good_web, "https://... without a slash at the end" };

static struct notifier_settings {
    const char *seal_key, *ca, *smtp_url, *smtp_user, *smtp_ca, *mail_from, *public_url, *slack;
    struct secret smtp_password;
    int workers, committers, in_flight, smtp_connections;
    struct duration lease, timeout, smtp_timeout;
    bool loopback, smtp_plain;
} settings;

// clang-format off
static const struct config_item items[] = {
    CONFIG(struct notifier_settings, seal_key,   "SEAL_KEY",           NULL,  "file with the key that seals secrets in the database"),
    CONFIG(struct notifier_settings, ca,         "WEBHOOK_CA",         "",    "file with certificates (PEM) of authorities that are trusted for webhooks beside the system's"),
    CONFIG(struct notifier_settings, slack,      "SLACK_ENDPOINTS",    "hooks.slack.com/services/ hooks.slack-gov.com/services/", "where endpoints are Slack's, which get text for people: host/path ..."),
    CONFIG(struct notifier_settings, loopback,   "OUTBOUND_LOOPBACK",  "no",  "send to endpoints on this host: for tests"),
    CONFIG(struct notifier_settings, workers,    "DELIVER_WORKERS",    "2",   "threads that prepare deliveries, each with a database connection", "1", "32"),
    CONFIG(struct notifier_settings, committers, "DELIVER_COMMITTERS", "1",   "threads that record attempts in batches", "1", "8"),
    CONFIG(struct notifier_settings, in_flight,  "DELIVER_IN_FLIGHT",  "200", "deliveries under way at the most", "1", "2000"),
    CONFIG(struct notifier_settings, timeout,    "DELIVER_TIMEOUT",    "20s", "how long an endpoint may take to answer", "1s", "60s"),
    CONFIG(struct notifier_settings, lease,      "DELIVER_LEASE",      "90s", "after how long others take over a delivery; more than three timeouts", "4s", "10m"),
    CONFIG(struct notifier_settings, smtp_url,   "SMTP_URL",           "",    "relay that takes mails: smtp://relay.example:587 (STARTTLS) or smtps://relay.example:465; empty: none are sent, and orders that are to be proved by mail are refused", .check = &relay_url, .without = "no mails are sent, and orders that are to be proved by mail are refused"),
    CONFIG(struct notifier_settings, smtp_user,  "SMTP_USER",          "",    "user at the relay; empty: none"),
    CONFIG(struct notifier_settings, smtp_password, "SMTP_PASSWORD",   "",    "password of that user"),
    CONFIG(struct notifier_settings, smtp_ca,    "SMTP_CA",            "",    "file with certificates (PEM) of authorities that are trusted for the relay beside the system's"),
    CONFIG(struct notifier_settings, smtp_plain, "SMTP_PLAIN",         "no",  "speak to the relay without TLS: for tests"),
    CONFIG(struct notifier_settings, smtp_timeout, "SMTP_TIMEOUT",     "20s", "how long the relay may take for a mail", "1s", "60s"),
    CONFIG(struct notifier_settings, smtp_connections, "SMTP_CONNECTIONS", "2", "connections to the relay, each with a thread", "1", "16"),
    CONFIG(struct notifier_settings, mail_from,  "MAIL_FROM",          "",    "address that mails come from; needed with a relay", .check = &address),
    CONFIG(struct notifier_settings, public_url, "PUBLIC_URL",         "",    "where people reach the gateway, for links in mails: https://ca.example; needed with a relay", .check = &web),
    { 0 },
};

static struct lane lanes[] = {
    { .name = "deliver", .batch = 32, .attempts = 30, .run = deliveries_run },
    { .name = "mail", .batch = 8, .attempts = 30, .run = mails_run },
    { .name = "report", .batch = 8, .attempts = 30, .run = reports_run },
    { 0 },
};
// clang-format on

static bool lease_long_enough(struct fault *f)
{
    return settings.lease.us > TURNS * settings.timeout.us ||
           fault_set(f, FAULT_INVALID, "CHANCERY_DELIVER_LEASE",
                     "must be more than three times CHANCERY_DELIVER_TIMEOUT");
}

/* In the room of its lane; more would wait longer than their lease. */
enum { MAILS_PER_CONNECTION = 4 };

static bool mails_complete(struct fault *f)
{
    if (!*settings.smtp_url) {
        log_warn("no relay takes mails (CHANCERY_SMTP_URL is not set): orders by mail are refused");
        return true;
    }
    return (*settings.mail_from && *settings.public_url) ||
           fault_set(f, FAULT_INVALID, "CHANCERY_MAIL_FROM",
                     "and CHANCERY_PUBLIC_URL are needed with a relay");
}

/* A mail waits for those before it on its connection, and may then take its own time. */
static void mail_lane(struct lane *lane)
{
    lane->room = MAILS_PER_CONNECTION * settings.smtp_connections;
    lane->lease = (struct duration){ (MAILS_PER_CONNECTION + 2) * settings.smtp_timeout.us };
}

/* One of a few is a mail or a post. */
static void report_lane(struct lane *lane)
{
    lane->room = MAILS_PER_CONNECTION;
    lane->lease = (struct duration){ settings.lease.us +
                                     2 * MAILS_PER_CONNECTION * settings.smtp_timeout.us };
}

static bool slack_good(struct fault *f)
{
    struct fault why = { 0 };
    return slack_places(settings.slack, &why) ||
           fault_set(f, FAULT_INVALID, "CHANCERY_SLACK_ENDPOINTS", "%s", why.detail);
}

static bool start(struct service_run *run, struct fault *f)
{
    struct notifier_options o = {
        .store = &run->store,
        .seal_key = settings.seal_key,
        .committers = settings.committers,
        .sender = { .guard = { .loopback = settings.loopback },
                    .ca_file = *settings.ca ? settings.ca : NULL,
                    .timeout = settings.timeout,
                    .in_flight = settings.in_flight + ASIDE,
                    .per_host = PER_HOST,
                    .waiting_per_host = WAITING_PER_HOST },
        .mailer = { .url = settings.smtp_url,
                    .from = settings.mail_from,
                    .user = settings.smtp_user,
                    .password = settings.smtp_password,
                    .ca_file = settings.smtp_ca,
                    .plain = settings.smtp_plain,
                    .timeout = settings.smtp_timeout,
                    .connections = settings.smtp_connections },
        .public_url = settings.public_url,
    };
    relay_open(&run->store, *settings.smtp_url);
    lanes[0].room = settings.in_flight;
    lanes[0].lease = settings.lease;
    mail_lane(&lanes[1]);
    report_lane(&lanes[2]);
    return lease_long_enough(f) && mails_complete(f) && slack_good(f) && notifier_open(&o, f);
}

/* Half of the time for answers that are on their way, the rest to put back what got none. */
static void drain(struct service_run *run)
{
    lanes_drain(run->lanes, (struct duration){ run->shared.drain.us / 2 });
    notifier_drain();
}

static void stop(struct service_run *run)
{
    (void)run;
    notifier_close();
}

static const struct health_check checks[] = { { "relay", relay_said, NULL }, { .name = NULL } };

static const struct service notifier_service = {
    .name = "notifier",
    .stores = SERVICE_DATABASE,
    .settings = items,
    .config = &settings,
    .lanes = lanes,
    .lane_workers = &settings.workers,
    .serves = { &webhooks_service.base },
    .checks = checks,
    .start = start,
    .drain = drain,
    .stop = stop,
};

int main(int argc, char **argv)
{
    return service_main(&notifier_service, argc, argv);
}
