/* What a service's main() begins with, and the settings that services share. */
#include <stdio.h>
#include <string.h>

#include "bus/bus.h"
#include "service/address.h"
#include "service/config.h"

static bool address_good(const char *text)
{
    struct address address;
    return address_read(text, &address);
}

static bool log_level_good(const char *text)
{
    enum log_level level;
    return log_level_read(text, &level);
}

const struct config_check config_address = { address_good, "an address like 0.0.0.0:8080" };
const struct config_check config_log_level = { log_level_good, "debug, info, warn or error" };

// clang-format off
const struct config_item config_database[] = {
    CONFIG(struct config_shared, database, "DATABASE_URL", NULL,
           "where the records are: a libpq connection string or URI"),
    CONFIG(struct config_shared, prepare, "DATABASE_PREPARE", "yes",
           "prepare statements; no behind pgbouncer below 1.21 in transaction mode"),
    CONFIG(struct config_shared, database_timeout, "DATABASE_TIMEOUT", "5s",
           "how long connecting or one statement may take", "100ms", "5m"),
    { 0 },
};

const struct config_item config_redis[] = {
    CONFIG(struct config_shared, redis, "REDIS_URL", "",
           "what may be lost: rate buckets, nonces, paging snapshots; empty: local buckets only",
           .without = "each gateway keeps limits for itself alone"),
    { 0 },
};

const struct config_item config_common[] = {
    CONFIG(struct config_shared, bus_bind, "BUS_BIND", "",
           "where other services reach this one, as tcp://0.0.0.0:7003"),
    CONFIG(struct config_shared, bus_peers, "BUS_PEERS", "",
           "where the others are: issuer=tcp://issuer:7003 validation=tcp://a:7002,tcp://b:7002"),
    CONFIG(struct config_shared, bus_keys, "BUS_KEYS", "keys",
           "folder with the public keys of all services and the secret key of this one"),
    CONFIG(struct config_shared, bus_workers, "BUS_WORKERS", "4",
           "threads that answer calls from other services", "1", CONFIG_BOUND(BUS_WORKERS_MAX)),
    CONFIG(struct config_shared, policy, "POLICY_DIR", "policy",
           "folder with trust.json, roles.json, the lists of weak keys and the policy's sources"),
    CONFIG(struct config_shared, admin, "ADMIN_LISTEN", "127.0.0.1:9100",
           "address of /livez, /readyz and /metrics", .check = &config_address),
    CONFIG(struct config_shared, log_level, "LOG_LEVEL", "info",
           "least level that is logged", .check = &config_log_level),
    CONFIG(struct config_shared, drain, "DRAIN_TIMEOUT", "20s",
           "how long a service that was told to stop finishes what it has begun", "0s", "10m"),
    CONFIG(struct config_shared, drain_delay, "DRAIN_DELAY", "0s",
           "how long a service that was told to stop says that it is not ready and serves on", "0s", "5m"),
    CONFIG(struct config_shared, strict, "STRICT_SETTINGS", "yes",
           "refuse to start when a CHANCERY_ variable is unknown; no while versions are mixed"),
    { 0 },
};
// clang-format on

static const struct config_shared *shared_of(const struct config_table *tables)
{
    while (tables->items && tables->items != config_common)
        tables++;
    return tables->into;
}

static void print_help(const char *service, const struct config_table *tables, struct arena *a)
{
    struct text out;
    text_init(&out, a);
    config_help(tables, false, &out);
    printf("chancery-%s [--help | --version | --settings | --check-config | "
           "--healthcheck]\n\n"
           "Settings come from the environment. Each may also stand in a file: CHANCERY_NAME_FILE\n"
           "names it. --healthcheck asks the service that runs with these settings on this host\n"
           "whether it is ready; the exit status says so.\n\n%s",
           service, out.data);
}

static void print_settings(const char *service, const struct config_table *tables, struct arena *a)
{
    struct text out;
    text_init(&out, a);
    config_help(tables, true, &out);
    printf("## %s\n\n%s", service, out.data);
}

static void print_good(const char *service, const struct config_table *tables, struct arena *a)
{
    struct text without;
    text_init(&without, a);
    config_without(tables, &without);
    printf("chancery-%s: settings are good\n%s", service, without.length ? without.data : "");
}

static enum config_outcome load(const char *service, const struct config_table *tables,
                                struct arena *a, enum config_outcome success)
{
    struct text bad, unknown;
    text_init(&bad, a);
    text_init(&unknown, a);
    const struct config_shared *shared = shared_of(tables);
    bool good = config_load(tables, a, &bad, &unknown);
    if (bad.length || unknown.length)
        fprintf(stderr, "chancery-%s: settings\n%s%s", service, bad.length ? bad.data : "",
                unknown.length ? unknown.data : "");
    if (!good || (unknown.length && shared->strict))
        return CONFIG_REFUSED;
    if (success == CONFIG_DONE)
        print_good(service, tables, a);
    return success;
}

enum config_outcome config_start(const char *service, int argc, char **argv,
                                 const struct config_table *tables, struct arena *a)
{
    if (argc < 2)
        return load(service, tables, a, CONFIG_RUN);
    if (argc == 2 && strcmp(argv[1], "--check-config") == 0)
        return load(service, tables, a, CONFIG_DONE);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return print_help(service, tables, a), CONFIG_DONE;
    if (argc == 2 && strcmp(argv[1], "--settings") == 0)
        return print_settings(service, tables, a), CONFIG_DONE;
    fprintf(stderr, "chancery-%s: unknown argument (try --help)\n", service);
    return CONFIG_REFUSED;
}
