#include "service/health.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "message/json.h"
#include "service/admin.h"
#include "service/metrics.h"
#include "service/process_metrics.h"

enum { FRESH_ROUNDS = 3, OK = 200, UNAVAILABLE = 503 };

/* Of a round, when something is not ready: the first pause, and the longest. */
enum { FIRST_PART = 40, LONGEST_PART = 2 };

struct outcome {
    bool ready;
    struct fault fault;
};

struct health {
    struct health_options options;
    int count;
    struct admin *admin;
    pthread_t thread;

    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t changed;
    struct outcome outcomes[HEALTH_CHECKS_MAX];
    struct tick fresh_until; /* of the outcomes */
    int running;             /* the check that is under way, -1: none */
    struct tick began;       /* when it was */
    unsigned asked, run;     /* rounds of checks */
    unsigned unready;        /* rounds in a row */
    bool draining, stopping;
};

/* ---- the checks */

static void check_begins(struct health *h, int check)
{
    pthread_mutex_lock(&h->lock);
    h->running = check;
    h->began = tick_now();
    pthread_mutex_unlock(&h->lock);
}

static void outcomes_keep(struct health *h, const struct outcome *fresh)
{
    bool ready = true;
    for (int i = 0; i < h->count; i++) {
        if (h->run && fresh[i].ready != h->outcomes[i].ready)
            log_warn(fresh[i].ready ? "ready again" : "no longer ready",
                     LOG_TEXT("check", h->options.checks[i].name), LOG_FAULT(&fresh[i].fault));
        h->outcomes[i] = fresh[i];
        ready &= fresh[i].ready;
    }
    h->unready = ready ? 0 : h->unready + 1;
}

/* One round. The checks themselves run without the lock; only this thread calls them. Comes back
 * with the lock. */
static void run_checks(struct health *h, unsigned round)
{
    struct outcome fresh[HEALTH_CHECKS_MAX] = { 0 };
    for (int i = 0; i < h->count; i++) {
        const struct health_check *check = &h->options.checks[i];
        check_begins(h, i);
        fresh[i].ready = check->ready(check->context, &fresh[i].fault);
    }
    pthread_mutex_lock(&h->lock);
    outcomes_keep(h, fresh);
    h->running = -1;
    h->fresh_until = tick_after((struct duration){ FRESH_ROUNDS * h->options.every.us });
    h->run = round;
    pthread_cond_broadcast(&h->changed);
}

/* What is awaited is looked for more often than what is there; the longer it is away, the less. */
static struct duration rest(const struct health *h)
{
    int64_t every = h->options.every.us, longest = every / LONGEST_PART;
    int64_t wait = every / FIRST_PART;
    for (unsigned i = 1; i < h->unready && wait < longest; i++)
        wait *= 2;
    return (struct duration){ h->unready == 0 ? every : wait < longest ? wait : longest };
}

static void await_round(struct health *h, unsigned round)
{
    struct tick at = tick_after(rest(h));
    struct timespec until = { at.us / 1000000, at.us % 1000000 * 1000 };
    int late = 0;
    while (!h->stopping && h->asked == round && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&h->changed, &h->lock, &until);
    h->asked += h->asked == round;
}

static void *check_thread(void *arg)
{
    struct health *h = arg;
    pthread_setname_np(pthread_self(), "health");
    pthread_mutex_lock(&h->lock);
    while (!h->stopping) {
        unsigned round = h->asked;
        pthread_mutex_unlock(&h->lock);
        run_checks(h, round);
        await_round(h, round);
        admin_cut(h->admin);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* ---- the pages */

/* For how long the check that is under way has been so. */
static struct duration running_for(const struct health *h)
{
    return (struct duration){ h->running < 0 ? 0 : tick_now().us - h->began.us };
}

static unsigned write_live(void *health, struct text *out)
{
    struct health *h = health;
    pthread_mutex_lock(&h->lock);
    bool live = running_for(h).us < h->options.stuck.us;
    int check = h->running;
    pthread_mutex_unlock(&h->lock);
    text_add(out, live ? "{\"status\":\"live\"" : "{\"status\":\"stuck\",\"check\":");
    if (!live)
        json_add_string(out, h->options.checks[check].name);
    text_add_char(out, '}');
    return live ? OK : UNAVAILABLE;
}

static void write_check(const char *name, const struct outcome *o, struct text *out)
{
    text_add(out, "{\"name\":");
    json_add_string(out, name);
    text_add(out, o->ready ? ",\"ready\":true" : ",\"ready\":false");
    if (!o->ready) {
        text_add(out, ",\"detail\":");
        json_add_string(out, o->fault.detail);
    }
    text_add_char(out, '}');
}

/* What it came to; when that is out of date, the one that holds up the others says so. */
static struct outcome outcome_of(const struct health *h, int check, bool fresh)
{
    struct outcome o = h->outcomes[check];
    if (!fresh && check == h->running) {
        o.ready = false;
        fault_set(&o.fault, FAULT_UNAVAILABLE, NULL, "has not ended for %lld s",
                  (long long)(running_for(h).us / 1000000));
    }
    return o;
}

static unsigned write_ready(void *health, struct text *out)
{
    struct health *h = health;
    struct text list;
    text_init(&list, out->arena);
    pthread_mutex_lock(&h->lock);
    bool fresh = h->run && tick_left(h->fresh_until).us > 0;
    bool ready = fresh && !h->draining;
    for (int i = 0; h->run && i < h->count; i++) {
        struct outcome o = outcome_of(h, i, fresh);
        ready &= o.ready;
        text_add(&list, i ? "," : "");
        write_check(h->options.checks[i].name, &o, &list);
    }
    const char *state = h->draining ? "draining" : ready ? "ready" : "not ready";
    pthread_mutex_unlock(&h->lock);
    text_format(out, "{\"status\":\"%s\",\"checks\":[%s]}", state, list.length ? list.data : "");
    return ready ? OK : UNAVAILABLE;
}

static unsigned write_metrics(void *health, struct text *out)
{
    (void)health;
    metrics_write(out);
    process_metrics_write(out);
    return OK;
}

static const struct admin_page pages[] = {
    { "/livez", "application/json", write_live },
    { "/readyz", "application/json", write_ready },
    { "/metrics", "text/plain; version=0.0.4", write_metrics },
    { 0 },
};

/* ---- start and stop */

static struct duration duration_or(struct duration given, struct duration otherwise)
{
    return given.us > 0 ? given : otherwise;
}

struct health *health_start(const struct health_options *options, struct fault *f)
{
    struct health *h = calloc(1, sizeof *h);
    pthread_condattr_t monotonic;
    h->options = *options;
    h->options.every = duration_or(options->every, seconds(2));
    h->options.stuck = duration_or(options->stuck, seconds(60));
    while (h->count < HEALTH_CHECKS_MAX && options->checks[h->count].name)
        h->count++;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    h->asked = 1;
    h->running = -1;
    h->admin = admin_start(options->listen, pages, h, f);
    if (!h->admin) {
        free(h);
        return NULL;
    }
    if (pthread_create(&h->thread, NULL, check_thread, h) != 0)
        abort();
    return h;
}

void health_stop(struct health *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    admin_stop(h->admin);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

void health_drain(struct health *h)
{
    pthread_mutex_lock(&h->lock);
    h->draining = true;
    pthread_mutex_unlock(&h->lock);
}

void health_refresh(struct health *h)
{
    pthread_mutex_lock(&h->lock);
    unsigned round = ++h->asked;
    pthread_cond_broadcast(&h->changed);
    while ((int)(h->run - round) < 0)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

uint16_t health_port(const struct health *h)
{
    return admin_port(h->admin);
}
