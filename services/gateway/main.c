/* chancery-gateway: the door for customers' programs. */
#include <limits.h>
#include <string.h>

#include "api/approvals.h"
#include "api/authority_files.h"
#include "api/change_log.h"
#include "api/change_texts.h"
#include "api/event_feed.h"
#include "api/orders.sql.h"
#include "api/tables.h"
#include "gateway.h"
#include "http.h"
#include "key_session.h"
#include "limit.h"
#include "openapi.h"
#include "pki/weak_keys.h"
#include "published.h"
#include "role.h"
#include "service/metrics.h"
#include "serving.h"

enum { ORDERS_A_STATEMENT = 32, FEED_PER_ACCOUNT = 20 };

static struct gateway_settings {
    const char *serves, *listen, *pages_listen, *seal_key, *proxies, *cname_target, *public_url;
    int workers, committers, connections, per_address, bodies, burst, sustained, account, pages,
        wrong_keys, feed_waiters;
    struct duration deadline, session, key_uses, feed_every;
    bool loopback;
} settings;

static bool serves_good(const char *text);
static const struct config_check serves = { serves_good, "api, pages, or both" };

static bool address_or_none(const char *text)
{
    return !*text || config_address.good(text);
}
static const struct config_check own_address = { address_or_none, "an address like 0.0.0.0:8081" };

/* It stands in pages as what links begin with. */
static bool good_web(const char *text)
{
    size_t length = strlen(text);
    bool web = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    return !length || (web && text[length - 1] != '/' && strcspn(text, " \r\n<>\"#?") == length);
}
static const struct config_check web = { good_web, "https://... without a slash at the end" };

// clang-format off
static const struct config_item items[] = {
    CONFIG(struct gateway_settings, serves,       "GATEWAY_SERVES",  "api pages", "what this gateway serves: api (with its description), pages (behind the links in mails, and the change log)", .check = &serves),
    CONFIG(struct gateway_settings, listen,       "LISTEN",          "127.0.0.1:8080", "address of the API, and of all that has none of its own", .check = &config_address),
    CONFIG(struct gateway_settings, pages_listen, "PAGES_LISTEN",    "",      "address of the pages (GATEWAY_SERVES); empty: LISTEN", .check = &own_address),
    CONFIG(struct gateway_settings, workers,      "HTTP_WORKERS",    "8",     "threads that answer requests, each with a database connection", "1", "256"),
    CONFIG(struct gateway_settings, committers,   "COMMITTERS",      "2",     "threads that commit new orders in batches", "1", "32"),
    CONFIG(struct gateway_settings, connections,  "HTTP_CONNECTIONS", "2048", "open connections at the most", "16", "16000"),
    CONFIG(struct gateway_settings, per_address,  "HTTP_CONNECTIONS_PER_ADDRESS", "64", "open connections of one address (of IPv6: a /64) at the most, but for TRUSTED_PROXIES; 0: any", "0", "16000"),
    CONFIG(struct gateway_settings, bodies,       "HTTP_BODIES",     "64",    "mebibytes that the bodies of all requests under way may take, those over 16 KiB half of them, and a quarter of that those of one address", "1", "16000"),
    CONFIG(struct gateway_settings, deadline,     "HTTP_DEADLINE",   "30s",   "how long a caller waits for an answer at the most", "1s", "5m"),
    CONFIG(struct gateway_settings, proxies,      "TRUSTED_PROXIES", "",      "addresses whose X-Forwarded-For is believed and that may open any number of connections: 10.0.0.0/8 ::1"),
    CONFIG(struct gateway_settings, session,      "SESSION_CACHE",   "5s",    "how long a revoked API key may still work at other gateways than the one that was told", "0s", "5m"),
    CONFIG(struct gateway_settings, key_uses,     "KEY_USES",        "1m",    "how often it is written when each API key was used last", "1s", "1h"),
    CONFIG(struct gateway_settings, burst,        "LIMIT_BURST",     "100",   "requests of an API key in 5 seconds", "1", "1000000000"),
    CONFIG(struct gateway_settings, sustained,    "LIMIT_SUSTAINED", "1000",  "requests of an API key in 3 minutes", "1", "1000000000"),
    CONFIG(struct gateway_settings, account,      "LIMIT_ACCOUNT",   "4",     "times what an API key may request, for all keys of an account together", "1", "1000000000"),
    CONFIG(struct gateway_settings, pages,        "LIMIT_PAGES",     "60",    "requests of a network address for pages without a key in 3 minutes", "1", "1000000000"),
    CONFIG(struct gateway_settings, wrong_keys,   "LIMIT_WRONG_KEYS", "60", "requests of a network address with API keys that are not known in 3 minutes", "1", "1000000000"),
    CONFIG(struct gateway_settings, seal_key,     "SEAL_KEY",        NULL,    "file with the key that seals secrets in the database"),
    CONFIG(struct gateway_settings, cname_target, "DCV_CNAME_TARGET", NULL, "the name of this CA that CNAME tokens point to, which customers publish: the same for gateway and validation"),
    CONFIG(struct gateway_settings, public_url,   "PUBLIC_URL",      "",      "where people reach the pages, for the links of the change log and its feed: https://ca.example; empty: http:// and the address of the pages", .check = &web),
    CONFIG(struct gateway_settings, feed_every,   "FEED_EVERY",      "1s",    "how often new events are looked for while callers wait for them", "50ms", "30s"),
    CONFIG(struct gateway_settings, feed_waiters, "FEED_WAITERS",    "500",   "callers that may wait for events at once", "0", "16000"),
    CONFIG(struct gateway_settings, loopback,     "OUTBOUND_LOOPBACK", "no",  "accept webhook endpoints on this host: for tests"),
    { 0 },
};
// clang-format on

enum { API_PUBLISHED, API_AUTHORITIES, API_DESCRIPTION, API_FAMILIES };

static struct route_family api_families[API_FAMILIES + 1] = {
    [API_PUBLISHED] = { "/services/v2", api_tables, .admit = key_session_admit,
                        .glance = key_session_glance, .published = published_calls },
    [API_AUTHORITIES] = { "/ca", authority_file_tables, .admit = authority_files_admit },
    [API_DESCRIPTION] = { "", openapi_tables },
};

static struct route_family page_families[] = {
    { "/dcv", approval_tables, .admit = approvals_admit, .shape_fault = approvals_shape_fault,
      .dress = approvals_dress, .takes = "application/x-www-form-urlencoded" },
    { CHANGE_LOG_PATH, change_log_tables, .dress = change_log_dress },
    { 0 },
};

enum { SERVES_API = 1, SERVES_PAGES = 2 }; /* the bits of their rows */

static const struct serving servings[] = {
    { "api", "LISTEN", &settings.listen, api_families },
    { "pages", "PAGES_LISTEN", &settings.pages_listen, page_families },
    { .name = NULL },
};

static bool serves_good(const char *text)
{
    return serving_read(servings, text) != 0;
}

static struct roles *roles;
static struct limits *limits, *account_limits, *page_limits, *strange_limits;
static struct key_uses *key_uses;
static struct http *door;

/* Of addresses: so many in 3 minutes, a third of them at once. */
static struct limits *limits_of(const struct service_run *run, const char *burst, const char *name,
                                int requests, struct fault *f)
{
    return limits_new(
        &(struct limit_options){ .windows = { { burst, (requests + 2) / 3, seconds(5) },
                                              { name, requests, seconds(180) } },
                                 .redis = run->shared.redis },
        f);
}

static int times(int requests, int factor)
{
    int product;
    return __builtin_mul_overflow(requests, factor, &product) ? INT_MAX : product;
}

/* Of keys, and of all keys of an account: nobody gets more by making more of them. */
static bool caller_limits_open(const struct service_run *run, struct fault *f)
{
    struct limit_options l = { LIMIT_DEFAULTS, .redis = run->shared.redis };
    l.windows[0].requests = settings.burst;
    l.windows[1].requests = settings.sustained;
    limits = limits_new(&l, f);
    l.windows[0].name = "account-burst";
    l.windows[1].name = "account-sustained";
    for (int i = 0; i < LIMIT_WINDOWS; i++)
        l.windows[i].requests = times(l.windows[i].requests, settings.account);
    account_limits = limits ? limits_new(&l, f) : NULL;
    return account_limits != NULL;
}

static bool limits_open(const struct service_run *run, struct fault *f)
{
    if (!caller_limits_open(run, f))
        return false;
    page_limits = limits_of(run, "pages-burst", "pages", settings.pages, f);
    strange_limits =
        page_limits ? limits_of(run, "keys-burst", "keys", settings.wrong_keys, f) : NULL;
    return strange_limits != NULL;
}

static bool admission_open(struct service_run *run, struct fault *f)
{
    roles = roles_load(arena_format(&run->arena, "%s/roles.json", run->shared.policy), f);
    if (!roles || !limits_open(run, f))
        return false;
    key_uses = key_uses_start(&run->store, settings.key_uses);
    struct key_session_options s = { .roles = roles,
                                     .limits = limits,
                                     .accounts = account_limits,
                                     .strange = strange_limits,
                                     .uses = key_uses,
                                     .fresh = settings.session };
    gateway.key_sessions = api_families[API_PUBLISHED].context = key_sessions_new(&s);
    api_families[API_AUTHORITIES].context = page_families[0].context = page_limits;
    return true;
}

static void commits_count(void *committer)
{
    uint64_t sizes[METRIC_SIZES];
    committer_sizes(committer, sizes);
    metric_sizes(METRIC_COMMIT_BATCH, sizes);
}

/* Approvals are validation's alone. */
static const char *needs[] = { "validation", "issuer", NULL };

static bool start(struct service_run *run, struct fault *f)
{
    if (!(serving_read(servings, settings.serves) & SERVES_API))
        needs[1] = NULL;
    gateway.run = run;
    gateway.dcv_cname_target = settings.cname_target;
    gateway.outbound.loopback = settings.loopback;
    gateway.order_ids = ids_new(&sql_order_id_block);
    gateway.request_ids = ids_new(&sql_request_id_block);
    weak_keys_folder(arena_format(&run->arena, "%s/weak-keys", run->shared.policy));
    gateway.seal = seal_key_load(settings.seal_key, f);
    if (!gateway.seal || !admission_open(run, f))
        return false;
    gateway.committer = committer_start(&run->store, settings.committers, ORDERS_A_STATEMENT);
    metrics_ask(commits_count, gateway.committer);
    feed_open(&(struct feed_options){ .store = &run->store,
                                      .every = settings.feed_every,
                                      .waiters = settings.feed_waiters,
                                      .waiters_per_account = FEED_PER_ACCOUNT });
    return true;
}

static const char *public_url(struct arena *a)
{
    const char *own = *settings.pages_listen ? settings.pages_listen : settings.listen;
    return *settings.public_url ? settings.public_url : arena_format(a, "http://%s", own);
}

static bool open(struct service_run *run, struct fault *f)
{
    struct http_options o = { HTTP_DEFAULTS, .store = &run->store };
    serving_doors(&run->arena, servings, serving_read(servings, settings.serves), o.doors);
    for (struct http_door *d = o.doors; d->listen; d++)
        d->trusted_proxies = settings.proxies;
    o.workers = settings.workers;
    o.connections = settings.connections;
    o.connections_per_address = settings.per_address;
    o.bodies_max = (size_t)settings.bodies << 20;
    o.deadline = settings.deadline;
    o.drain = run->shared.drain;
    if (serving_read(servings, settings.serves) & SERVES_PAGES)
        change_log_open(&run->store, public_url(&run->arena));
    door = http_start(&o, f);
    return door != NULL;
}

static bool door_ready(void *context, struct fault *f)
{
    (void)context;
    return http_ready(door, f);
}

/* Who waits for events is answered at once: a drain does not wait for what may not happen. What is
 * still being committed needs the bus for what follows. */
static void drain(struct service_run *run)
{
    (void)run;
    feed_close();
    if (door)
        http_stop(door);
    committer_close(gateway.committer);
}

static void stop(struct service_run *run)
{
    (void)run;
    http_free(door);
    change_log_close();
    committer_free(gateway.committer);
    key_uses_stop(key_uses);
    key_sessions_free(gateway.key_sessions);
    limits_free(limits);
    limits_free(account_limits);
    limits_free(page_limits);
    limits_free(strange_limits);
    roles_free(roles);
    seal_key_free(gateway.seal);
    ids_free(gateway.order_ids);
    ids_free(gateway.request_ids);
}

static bool weak_keys_are_read(void *context, struct fault *f)
{
    (void)context;
    return weak_keys_ready(f);
}

static const struct health_check checks[] = { { "door", door_ready, NULL },
                                              { "weak_keys", weak_keys_are_read, NULL },
                                              { .name = NULL } };

static const struct service service = {
    .name = "gateway",
    .stores = SERVICE_DATABASE | SERVICE_REDIS,
    .settings = items,
    .config = &settings,
    .checks = checks,
    .needs = needs,
    .start = start,
    .open = open,
    .drain = drain,
    .stop = stop,
};

static int print_openapi(void)
{
    struct arena a;
    arena_init(&a);
    int status = openapi_print(serving_families(&a, servings, ~0u));
    arena_free(&a);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--openapi") == 0)
        return print_openapi();
    return service_main(&service, argc, argv);
}
