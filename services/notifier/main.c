/* chancery-notifier: tells others what has happened. */
#include "deliveries.h"
#include "service/service.h"
#include "webhooks.h"

/* No host may take more of a lease than its queue, which is PER_HOST a turn: its waiting posts and
 * the one under way are TURNS timeouts at the most. Tests and challenges have room of their own. */
enum { PER_HOST = 8, WAITING_PER_HOST = 16, TURNS = WAITING_PER_HOST / PER_HOST + 1, ASIDE = 16 };

static struct notifier_settings {
    const char *seal_key, *ca;
    int workers, committers, in_flight;
    struct duration lease, timeout;
    bool loopback;
} settings;

// clang-format off
static const struct config_item items[] = {
    CONFIG(struct notifier_settings, seal_key,   "SEAL_KEY",           NULL,  "file with the key that seals secrets in the database"),
    CONFIG(struct notifier_settings, ca,         "WEBHOOK_CA",         "",    "file with certificates (PEM) of authorities that are trusted for webhooks beside the system's"),
    CONFIG(struct notifier_settings, loopback,   "OUTBOUND_LOOPBACK",  "no",  "send to endpoints on this host: for tests"),
    CONFIG(struct notifier_settings, workers,    "DELIVER_WORKERS",    "2",   "threads that prepare deliveries, each with a database connection", "1", "32"),
    CONFIG(struct notifier_settings, committers, "DELIVER_COMMITTERS", "1",   "threads that record attempts in batches", "1", "8"),
    CONFIG(struct notifier_settings, in_flight,  "DELIVER_IN_FLIGHT",  "200", "deliveries under way at the most", "1", "2000"),
    CONFIG(struct notifier_settings, timeout,    "DELIVER_TIMEOUT",    "20s", "how long an endpoint may take to answer", "1s", "60s"),
    CONFIG(struct notifier_settings, lease,      "DELIVER_LEASE",      "90s", "after how long others take over a delivery; more than three timeouts", "4s", "10m"),
    { 0 },
};

static struct lane lanes[] = {
    { .name = "deliver", .batch = 32, .attempts = 30, .run = deliveries_run },
    { 0 },
};
// clang-format on

static bool lease_long_enough(struct fault *f)
{
    return settings.lease.us > TURNS * settings.timeout.us ||
           fault_set(f, FAULT_INVALID, "CHANCERY_DELIVER_LEASE",
                     "must be more than three times CHANCERY_DELIVER_TIMEOUT");
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
    };
    lanes[0].room = settings.in_flight;
    lanes[0].lease = settings.lease;
    return lease_long_enough(f) && notifier_open(&o, f);
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

static const struct service notifier_service = {
    .name = "notifier",
    .settings = items,
    .config = &settings,
    .lanes = lanes,
    .lane_workers = &settings.workers,
    .serves = { &webhooks_service.base },
    .start = start,
    .drain = drain,
    .stop = stop,
};

int main(int argc, char **argv)
{
    return service_main(&notifier_service, argc, argv);
}
