/* chancery-validation: proves control over domains. `chancery-validation perspective` is another point of view. */
#include <string.h>

#include "caa_round.h"
#include "ct_round.h"
#include "domains.h"
#include "emails.h"
#include "perspective.h"
#include "ready.h"
#include "request_tokens.h"
#include "reuse.h"
#include "share.h"
#include "sweep.h"
#include "validation.h"

static struct validation_settings settings;

// clang-format off
static const struct config_item items[] = {
    LOOK_SETTINGS(struct validation_settings, look),
    CONFIG(struct validation_settings, cname_target, "DCV_CNAME_TARGET", NULL, "the name of this CA that CNAME tokens point to, which customers publish: the same for gateway and validation"),
    CONFIG(struct validation_settings, seal_key,     "SEAL_KEY",         NULL,      "file with the key that AuthKeys are sealed with: 32 bytes in hexadecimal or base64"),
    CONFIG(struct validation_settings, workers,      "DCV_WORKERS",      "2",       "threads that start rounds of domain checks", "1", "32"),
    CONFIG(struct validation_settings, timeout,      "DCV_TIMEOUT",      "10s",     "how long one round of look-ups may take, and one with logs of certificates", "1s", "60s"),
    CONFIG(struct validation_settings, lease,        "DCV_LEASE",        "60s",     "how long a round may take before others take its order over", "2s", "10m"),
    CONFIG(struct validation_settings, logs.slow,    "CT_SLOW",          "2s",      "how long a log may take until another is asked as well", "100ms", "30s"),
    CONFIG(struct validation_settings, logs.ca_file, "CT_CA",            "",        "file with certificates (PEM) of authorities that are trusted for logs beside the system's"),
    CONFIG(struct validation_settings, logs.loopback, "OUTBOUND_LOOPBACK", "no",    "logs may be on this host: for tests"),
    CONFIG(struct validation_settings, look.perspective, "PERSPECTIVE",  "primary", "name of this point of view, as it stands in the evidence"),
    CONFIG(struct validation_settings, place,        "PERSPECTIVE_PLACE", "",     "where this process stands, in degrees north and east, such as 50.11,8.68: other points of view are away from it"),
    CONFIG(struct validation_settings, perspectives, "PERSPECTIVES",     "",        "other points of view that must see what is found, each NAME=REGION,NORTH,EAST with a space between, such as fra=RIPE,50.11,8.68; BUS_PEERS says where perspective-NAME answers", .without = "names of a CA that is no demonstration are not proved by DNS or files on days on which other points of view must see them"),
    { 0 },
};

static struct lane lanes[] = {
    { .name = "dcv", .batch = 32, .room = ROUNDS_ROOM, .weight = SWEEP_AT_ONCE, .attempts = 20, .wakes = true, .run = domains_run },
    { .name = "caa", .batch = 32, .room = ROUNDS_ROOM, .weight = SWEEP_AT_ONCE, .attempts = 20, .wakes = true, .run = caa_run },
    { .name = "ct", .batch = 32, .room = ROUNDS_ROOM, .attempts = 20, .wakes = true, .run = ct_run },
    { .name = "reuse", .batch = 8, .room = 64, .attempts = 20, .wakes = true, .run = reuse_run },
    { 0 },
};
// clang-format on

static const struct health_check checks[] = { { "resolver", resolver_ready, NULL }, { 0 } };

static bool start(struct service_run *run, struct fault *f)
{
    if (settings.lease.us < 2 * settings.timeout.us)
        return fault_set(f, FAULT_INVALID, "DCV_LEASE", "must be twice DCV_TIMEOUT or more");
    validation.run = run;
    for (struct lane *lane = lanes; lane->name; lane++)
        lane->lease = settings.lease;
    return validation_open(&settings, &run->store, f);
}

static void drain(struct service_run *run)
{
    validation_close(run->shared.drain);
}

/* Each of them has an address, and a key of its own: that is how it is known who has answered. */
static bool open_peers(struct service_run *run, struct fault *f)
{
    return perspectives_met(&validation.perspectives, run->peers, run->shared.bus_keys, f);
}

static const struct service validation_service = {
    .name = "validation",
    .stores = SERVICE_DATABASE,
    .settings = items,
    .config = &settings,
    .lanes = lanes,
    .lane_workers = &settings.workers,
    .serves = { &probes_service.base, &approvals_service.base },
    .checks = checks,
    .start = start,
    .open = open_peers,
    .drain = drain,
};

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "perspective") == 0)
        return service_main(&perspective_role, argc - 1, argv + 1);
    return service_main(&validation_service, argc, argv);
}
