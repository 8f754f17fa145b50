#include "service/service.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/version.h"
#include "service/ask.h"
#include "service/metrics.h"
#include "service/readiness.h"
#include "service/watch.h"
#include "store/skew.h"
#include "testing/point.h"

static bool has(const struct service *service, enum service_store store)
{
    return service->stores & store;
}

/* ---- the bus */

/* "issuer=tcp://issuer:7003 validation=tcp://a:7002,tcp://b:7002" */
static bool peers_read(const char *text, struct arena *a, struct bus_peer *out, struct fault *f)
{
    char *rest = NULL;
    size_t n = 0;
    for (char *word = strtok_r(arena_strdup(a, text), " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        if (!equals || n == BUS_SERVICES_MAX)
            return fault_set(f, FAULT_INVALID, "CHANCERY_BUS_PEERS", "%s is not SERVICE=ENDPOINT",
                             word);
        *equals = '\0';
        out[n++] = (struct bus_peer){ word, equals + 1 };
    }
    return true;
}

static bool bus_open(struct service_run *run, struct fault *f)
{
    struct bus_options o = {
        .service = run->service->name,
        .key = run->service->key ? *run->service->key : NULL,
        .bind = *run->shared.bus_bind ? run->shared.bus_bind : NULL,
        .keys = run->shared.bus_keys,
        .trust = arena_format(&run->arena, "%s/trust.json", run->shared.policy),
        .workers = run->shared.bus_workers,
    };
    size_t n = 0;
    if (run->service->lanes)
        o.at_once = o.serves[n++] = &jobs_service.base; /* puts into a queue, no more */
    for (size_t i = 0; run->service->serves[i]; i++)
        o.serves[n++] = run->service->serves[i];
    if (!peers_read(run->shared.bus_peers, &run->arena, o.peers, f))
        return false;
    memcpy(run->peers, o.peers, sizeof o.peers);
    run->bus = bus_start(&o, f);
    return run->bus != NULL;
}

/* ---- up and down */

static void lanes_open(struct service_run *run)
{
    if (!run->service->lanes)
        return;
    assert(has(run->service, SERVICE_DATABASE));
    struct lanes_options o = { .lanes = run->service->lanes,
                               .store = &run->store,
                               .owner = run->owner,
                               .workers =
                                   run->service->lane_workers ? *run->service->lane_workers : 2,
                               .context = run,
                               .ended = watch_lane_ended };
    run->lanes = lanes_start(&o);
    lanes_serve(run->lanes);
}

static bool up(struct service_run *run, struct fault *f)
{
    const struct service *s = run->service;
    if (s->start && !s->start(run, f))
        return false;
    if (!bus_open(run, f))
        return false;
    lanes_open(run);
    watch_begin(run);
    return !s->open || s->open(run, f);
}

/* From outside to inside: first no new work, then what is under way, then what carried it. */
static void down(struct service_run *run, struct health *health)
{
    const struct service *s = run->service;
    if (s->drain)
        s->drain(run);
    if (run->lanes && !lanes_drain(run->lanes, run->shared.drain))
        log_warn("jobs were still under way at the end of the drain");
    metrics_ask_nobody();
    if (run->lanes)
        lanes_halt(run->lanes);
    bus_close(run->bus); /* who ends late may still call: in vain */
    if (run->lanes)
        lanes_stop(run->lanes);
    health_stop(health); /* its checks look at what stops now */
    if (s->stop)
        s->stop(run);
    bus_free(run->bus);
}

static void signals_block(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Says that it is not ready and serves on, so that whoever sends it work hears of it before the door
 * closes. A second signal ends the wait. */
static void linger(const sigset_t *set, struct duration delay)
{
    struct timespec t = { .tv_sec = delay.us / 1000000, .tv_nsec = delay.us % 1000000 * 1000 };
    if (delay.us > 0)
        sigtimedwait(set, NULL, &t);
}

/* Before any work is taken. While nobody has said that our clock is right, none is. Without a database
 * there is nobody who could, and no row that the clock could spoil: NULL. */
static struct store *clock_compare(const struct service_run *run)
{
    struct fault f = { 0 };
    if (!has(run->service, SERVICE_DATABASE))
        return NULL;
    struct store *store = store_new(&run->store);
    if (!store_clock_check(store, &f)) {
        clock_judge(false);
        log_warn("the clock was not found right yet", LOG_FAULT(&f));
    }
    return store;
}

/* A check makes a few trips to the database, each with all the patience there is. */
static struct duration check_patience(const struct service_run *run)
{
    int64_t trips = 4 * run->shared.database_timeout.us, least = seconds(60).us;
    return (struct duration){ trips > least ? trips : least };
}

/* Signals first: each thread that begins takes over which of them it hears. */
static void process_begin(const struct service_run *run, sigset_t *set)
{
    process_files_allow();
    memory_allow_test_failure(run->service->name);
    memory_keep();
    signals_block(set);
    log_background();
    metric_set_of(METRIC_BUILD_INFO, version_text(), 1);
}

/* Until it is told to stop. */
static void wait_for_the_end(struct service_run *run, struct health *health, const sigset_t *set)
{
    int got = 0;
    log_info("started", LOG_TEXT("version", version_text()), LOG_TEXT("admin", run->shared.admin));
    sigwait(set, &got);
    log_info("stopping", LOG_INT("signal", got));
    health_drain(health);
    linger(set, run->shared.drain_delay);
}

/* What is up says so to whoever asks. */
static int show(struct service_run *run, struct store *store, const sigset_t *set)
{
    struct fault f = { 0 };
    struct readiness *ready = readiness_new(run, store);
    struct health_options o = { .listen = run->shared.admin,
                                .checks = readiness_checks(ready),
                                .stuck = check_patience(run) };
    struct health *health = health_start(&o, &f);
    if (health)
        wait_for_the_end(run, health, set);
    else
        log_error("cannot start", LOG_FAULT(&f));
    down(run, health);
    readiness_free(ready);
    return health ? 0 : 1;
}

static int serve(struct service_run *run)
{
    sigset_t set;
    struct fault f = { 0 };
    process_begin(run, &set);
    struct store *store = clock_compare(run);
    if (up(run, &f))
        return show(run, store, &set);
    log_error("cannot start", LOG_FAULT(&f));
    store_free(store);
    fprintf(stderr, "chancery-%s: %s %s\n", run->service->name, f.field, f.detail);
    return 1;
}

static void run_fill(struct service_run *run)
{
    char host[64] = "";
    gethostname(host, sizeof host - 1);
    snprintf(run->owner, sizeof run->owner, "%s/%s/%d", run->service->name, host, (int)getpid());
    if (!has(run->service, SERVICE_DATABASE))
        return;
    run->store = (struct store_options){ .url = run->shared.database,
                                         .prepare = run->shared.prepare,
                                         .timeout = run->shared.database_timeout,
                                         .application = run->service->name };
}

static bool test_points_asked(int argc, char **argv)
{
#ifdef TESTING
    clock_allow_test_offset();
    if (argc == 2 && strcmp(argv[1], "--test-points") == 0) {
        test_points_print();
        return true;
    }
#else
    (void)argc, (void)argv;
#endif
    return false;
}

static int version_print(const char *service)
{
    return printf("chancery-%s %s\n", service, version_text()) < 0 || fflush(stdout) != 0;
}

static void commands_print(const struct service *s)
{
    for (const struct service_command *c = s->commands; c && c->name; c++)
        printf("chancery-%s %s%s%s\n      %s\n\n", s->name, c->name, *c->arguments ? " " : "",
               c->arguments, c->help);
}

/* What is answered without any setting; -1: it was not asked for. --help goes on with the settings. */
static int answer(const struct service *s, int argc, char **argv)
{
    if (test_points_asked(argc, argv))
        return 0;
    if (argc != 2)
        return -1;
    if (strcmp(argv[1], "--version") == 0)
        return version_print(s->name);
    if (strcmp(argv[1], "--healthcheck") == 0)
        return ask_ready(s->name);
    if (strcmp(argv[1], "--help") == 0)
        commands_print(s);
    return -1;
}

static int command(struct service_run *run, int argc, char **argv)
{
    const struct service_command *c = run->service->commands;
    while (c->name && strcmp(c->name, argv[0]) != 0)
        c++;
    if (c->name)
        return c->run(run, argc, argv);
    fprintf(stderr, "chancery-%s: there is no command %s (try --help)\n", run->service->name,
            argv[0]);
    return 2;
}

static enum config_outcome settings_read(struct service_run *run, int argc, char **argv)
{
    const struct service *s = run->service;
    const struct config_table tables[] = {
        { config_database, &run->shared, .spare = !has(s, SERVICE_DATABASE) },
        { config_redis, &run->shared, .spare = !has(s, SERVICE_REDIS) },
        { config_common, &run->shared },
        { s->settings, s->config },
        { 0 }
    };
    return config_start(s->name, argc, argv, tables, &run->arena);
}

static int run_or_command(struct service_run *run, int argc, char **argv)
{
    bool is_command = run->service->commands && argc > 1 && argv[1][0] != '-';
    enum config_outcome outcome = settings_read(run, is_command ? 1 : argc, argv);
    if (outcome != CONFIG_RUN)
        return outcome == CONFIG_REFUSED ? 2 : 0;
    enum log_level least = LOG_INFO;
    log_level_read(run->shared.log_level, &least);
    log_start(run->service->name, least);
    run_fill(run);
    return is_command ? command(run, argc - 1, argv + 1) : serve(run);
}

int service_main(const struct service *service, int argc, char **argv)
{
    struct service_run run = { .service = service };
    process_guard();
    int status = answer(service, argc, argv);
    if (status >= 0)
        return status;
    arena_init(&run.arena);
    status = run_or_command(&run, argc, argv);
    arena_free(&run.arena);
    return status;
}
