#include "ct_health.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "ledger/lane.h"
#include "service/metrics.h"

enum { LOGS_MAX = 256, NAME_SIZE = 96, GROWTH_MAX = 5, REST_MAX_S = 3600 };

struct log_health {
    uint8_t id[SCT_LOG_ID_SIZE];
    char name[NAME_SIZE];     /* as it stands in metrics */
    int doubts;               /* failures in a row, of any kind, */
    int failures;             /* and of them those that had it rest */
    struct instant failed_at; /* when the last rest began */
    struct ct_failure last;
    bool slow;   /* nothing worse has it rest */
    bool probed; /* one is under way that finds out whether it is well again */
    int64_t outcomes[CT_OUTCOME_COUNT];
    int64_t milliseconds;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_health all[LOGS_MAX];
static size_t count;

// clang-format off
#define OUTCOME(id, word, patience) { word, patience },
static const struct outcome {
    const char *word;
    int patience;
} outcomes[] = { CT_OUTCOMES(OUTCOME) };
#undef OUTCOME
// clang-format on

/* ---- which log */

/* In the words of the list, but for what a label cannot have; no two have the same. */
static void name_write(const struct ct_log *log, char out[NAME_SIZE])
{
    snprintf(out, NAME_SIZE, "%.80s", log->description);
    for (char *c = out; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
            *c = '_';
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, out) == 0)
            snprintf(out + strlen(out), NAME_SIZE - strlen(out), " %zu", count);
}

/* Under the lock. NULL: there is no room for more, and what there is none of is always well. */
static struct log_health *health_of(const struct ct_log *log)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(all[i].id, log->id.data, SCT_LOG_ID_SIZE) == 0)
            return &all[i];
    if (count == LOGS_MAX)
        return NULL;
    memcpy(all[count].id, log->id.data, SCT_LOG_ID_SIZE);
    name_write(log, all[count].name);
    return &all[count++];
}

/* ---- rests */

/* What lies farther ahead than any rest is of before our clock was set back. */
static bool rests(const struct log_health *h, struct instant now)
{
    return instant_before(now, h->last.rests_till) &&
           !instant_before(instant_add(now, seconds(REST_MAX_S)), h->last.rests_till);
}

/* Who has failed is asked by one at a time. */
static bool may_be_asked(struct log_health *h, struct instant now, bool is_last_resort)
{
    if ((rests(h, now) || (h->failures && h->probed)) && !(h->slow && is_last_resort))
        return false;
    h->probed = h->failures > 0;
    return true;
}

static struct instant later(struct instant a, struct instant b)
{
    return instant_before(a, b) ? b : a;
}

/* What was asked before the rest began tells nothing new. */
static void rest_begin(struct log_health *h, const struct ct_asked *asked, bool slow)
{
    struct instant now = clock_now();

    if (instant_before(asked->begun, h->failed_at))
        return;
    h->slow = slow && (h->slow || !h->failures);
    h->failures = h->failures < GROWTH_MAX ? h->failures + 1 : GROWTH_MAX;
    h->failed_at = now;
    h->last.rests_till = later(h->last.rests_till, instant_add(now, lane_pause(h->failures)));
}

static void failed(struct log_health *h, const struct ct_asked *asked, enum ct_outcome outcome,
                   const char *reason)
{
    h->last.at = clock_now();
    snprintf(h->last.reason, sizeof h->last.reason, "%s", reason);
    if (++h->doubts >= outcomes[outcome].patience || h->failures)
        rest_begin(h, asked, outcome == CT_SLOW);
}

/* A promise that came late does not make a log quick. */
static void promised(struct log_health *h, const struct ct_asked *asked)
{
    if (asked->slow || instant_before(asked->begun, h->failed_at))
        return;
    h->failures = h->doubts = 0;
    h->slow = false;
    h->last = (struct ct_failure){ .at = { 0 } };
}

/* ---- what is told */

bool ct_health_ask(struct ct_asked *asked, const struct ct_log *log, bool is_last_resort,
                   struct ct_failure *why)
{
    struct log_health *h;
    bool may;

    *asked = (struct ct_asked){ .log = log, .begun = clock_now() };
    pthread_mutex_lock(&lock);
    h = health_of(log);
    may = !h || may_be_asked(h, asked->begun, is_last_resort);
    if (!may)
        *why = h->last;
    pthread_mutex_unlock(&lock);
    return may;
}

void ct_health_slow(struct ct_asked *asked)
{
    struct log_health *h;

    asked->slow = true;
    pthread_mutex_lock(&lock);
    h = health_of(asked->log);
    if (h) {
        h->outcomes[CT_SLOW]++;
        failed(h, asked, CT_SLOW, "it does not answer in time");
    }
    pthread_mutex_unlock(&lock);
}

static void ended(struct log_health *h, const struct ct_asked *asked, enum ct_outcome outcome,
                  const char *reason, struct duration took)
{
    h->probed = false;
    h->outcomes[outcome]++;
    h->milliseconds += took.us / 1000;
    if (outcome == CT_PROMISED)
        promised(h, asked);
    else if (outcomes[outcome].patience)
        failed(h, asked, outcome, reason);
}

void ct_health_ended(const struct ct_asked *asked, enum ct_outcome outcome, const char *reason,
                     struct duration took, struct instant retry_at)
{
    struct log_health *h;

    metric_observe(METRIC_CT_SECONDS, took);
    pthread_mutex_lock(&lock);
    h = health_of(asked->log);
    if (h) {
        ended(h, asked, outcome, reason, took);
        h->last.rests_till = later(h->last.rests_till, retry_at);
    }
    pthread_mutex_unlock(&lock);
}

/* ---- metrics */

static void write_outcomes(void *context, const char *name, struct text *out)
{
    (void)context;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        for (size_t o = 0; o < CT_OUTCOME_COUNT; o++)
            if (all[i].outcomes[o])
                text_format(out, "%s{log=\"%s\",outcome=\"%s\"} %lld\n", name, all[i].name,
                            outcomes[o].word, (long long)all[i].outcomes[o]);
    pthread_mutex_unlock(&lock);
}

static void write_milliseconds(void *context, const char *name, struct text *out)
{
    (void)context;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        text_format(out, "%s{log=\"%s\"} %lld\n", name, all[i].name,
                    (long long)all[i].milliseconds);
    pthread_mutex_unlock(&lock);
}

static void write_rests(void *context, const char *name, struct text *out)
{
    struct instant now = clock_now();

    (void)context;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        text_format(out, "%s{log=\"%s\"} %d\n", name, all[i].name, rests(&all[i], now));
    pthread_mutex_unlock(&lock);
}

void ct_health_open(void)
{
    metric_show(METRIC_CT_SECONDS);
    metric_own(METRIC_CT_SUBMISSIONS, write_outcomes, NULL);
    metric_own(METRIC_CT_MS, write_milliseconds, NULL);
    metric_own(METRIC_CT_RESTS, write_rests, NULL);
}

void ct_health_close(void)
{
    metric_own(METRIC_CT_SUBMISSIONS, NULL, NULL);
    metric_own(METRIC_CT_MS, NULL, NULL);
    metric_own(METRIC_CT_RESTS, NULL, NULL);
    pthread_mutex_lock(&lock);
    memset(all, 0, sizeof all);
    count = 0;
    pthread_mutex_unlock(&lock);
}
