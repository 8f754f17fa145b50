/* Signers are loaded by a thread of its own: the token may take its time, and whoever asks for a
 * signer has orders locked. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "common.pb-c.h"
#include "issuer.h"
#include "ledger/authority.sql.h"
#include "ledger/lane.h"
#include "lints/lint.h"
#include "message/convert.h"
#include "pki/certificate.h"
#include "service/metrics.h"
#include "signers.h"
#include "signers_load.sql.h"

/* How often it is looked whether an authority, a policy or a day with other rules has come. */
#define EVERY         seconds(5)
#define EVERY_UNREADY seconds(1)

static struct loader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t asked, done;
    unsigned wanted, round; /* of the last that was asked for, and that has ended */
    bool ending;
    bool ready;
    bool back; /* the token is, since the last round */
    struct fault why;
} loader = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- one round */

static void end_show(const Authority *authority)
{
    struct certificate c;
    struct fault ignored = { 0 };
    if (certificate_read(bytes_value(authority->der), &c, &ignored, "der"))
        metric_set_of(METRIC_AUTHORITY_ENDS, authority->id, c.not_after.us / 1000000);
}

/* The others are loaded all the same when the key of one is missing. */
static bool authorities_load(struct arena *a, struct fault *f)
{
    struct rows rows = { 0 };
    Nothing none = NOTHING__INIT;
    bool good = true;
    if (!store_all(store_mine(), a, &sql_authority_all, &none.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Authority *authority = (const Authority *)rows.items[i];
        struct fault why = { 0 };
        end_show(authority);
        if (!authority->may_sign || signer_load(authority, &why))
            continue;
        if (good)
            fault_set(f, why.code, "authority", "no key is loaded for authority %s: %s",
                      authority->key_label, why.detail);
        good = false;
        if (why.code == FAULT_UNAVAILABLE)
            break;
    }
    return good;
}

static bool checks_known(const Profile *profile, struct fault *f)
{
    if (!lint_kind_read(profile->certificate))
        return fault_set(f, FAULT_UNAVAILABLE, "profile",
                         "profile %s is for a %s, which this program does not know", profile->name,
                         profile->certificate);
    for (size_t i = 0; i < profile->n_checks; i++)
        if (!lint_find(profile->checks[i]))
            return fault_set(f, FAULT_UNAVAILABLE, "profile",
                             "profile %s names check %s, which this program does not know",
                             profile->name, profile->checks[i]);
    return true;
}

static bool rules_known(struct arena *a, struct fault *f)
{
    struct rows rows = { 0 };
    PolicyAt in = POLICY_AT__INIT;
    in.at = instant_message(a, clock_now());
    if (!store_all(store_mine(), a, &sql_signer_rules, &in.base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const Rule *rule = (const Rule *)rows.items[i];
        struct fault why = { 0 };
        if (!lint_rule_known(rule->check, rule->unit, &why))
            return fault_set(f, FAULT_UNAVAILABLE, "rule", "rule %s: %s", rule->id, why.detail);
    }
    return true;
}

/* Whatever an order of that product could ask for. */
static bool product_try(const struct policy *policy, const Product *product, struct fault *f)
{
    for (size_t i = 0; i < product->n_authorities; i++)
        if (!signer_try(policy, product, product->authorities[i], f))
            return false;
    return true;
}

static bool policy_try(struct arena *a, struct fault *f)
{
    const struct policy *policy;
    if (!policy_now(&policy, f))
        return false;
    for (size_t i = 0; i < policy->profile_count; i++)
        if (!checks_known(policy->profiles[i].profile, f))
            return false;
    for (size_t i = 0; i < policy->product_count; i++)
        if (!policy->products[i]->refused && !product_try(policy, policy->products[i], f))
            return false;
    return rules_known(a, f);
}

static bool round_take(struct fault *f)
{
    struct arena a;
    struct fault first = { 0 };
    arena_init(&a);
    bool loaded = authorities_load(&a, &first);
    bool good = policy_try(&a, f);
    if (!loaded)
        *f = first;
    arena_free(&a);
    return good && loaded;
}

/* ---- the thread */

static void pause_take(unsigned seen)
{
    struct timespec at;
    struct tick until = tick_after(loader.ready ? EVERY : EVERY_UNREADY);
    at = (struct timespec){ until.us / 1000000, until.us % 1000000 * 1000 };
    while (!loader.ending && loader.wanted == seen && tick_left(until).us > 0)
        pthread_cond_timedwait(&loader.asked, &loader.lock, &at);
}

static void orders_wake(void)
{
    struct fault f = { 0 };
    if (!job_wake(store_mine(), "issue", &f))
        log_warn("orders that were put off wait for their time", LOG_FAULT(&f));
}

/* With the lock, which is open while all is looked at. */
static void round_run(unsigned round)
{
    struct fault why = { 0 };
    bool back = loader.back;
    loader.back = false;
    pthread_mutex_unlock(&loader.lock);
    bool ready = round_take(&why);
    if (back || (ready && loader.round && !loader.ready)) /* only this thread changes these two */
        orders_wake();
    pthread_mutex_lock(&loader.lock);
    if (!ready && (loader.ready || !loader.round))
        log_warn("not everything that the policy asks for can be signed", LOG_FAULT(&why));
    loader.ready = ready;
    loader.why = why;
    loader.round = round;
    pthread_cond_broadcast(&loader.done);
}

static void *loader_main(void *data)
{
    struct store *store = store_new(data);
    store_set_mine(store);
    pthread_mutex_lock(&loader.lock);
    while (!loader.ending) {
        unsigned round = loader.wanted;
        round_run(round);
        pause_take(round);
        loader.wanted += loader.wanted == round;
    }
    pthread_mutex_unlock(&loader.lock);
    store_set_mine(NULL);
    store_free(store);
    return NULL;
}

static void round_await(unsigned round)
{
    while ((int)(loader.round - round) < 0)
        pthread_cond_wait(&loader.done, &loader.lock);
}

void signers_open(const struct store_options *options)
{
    static struct store_options kept;
    pthread_condattr_t monotonic;
    kept = *options;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&loader.asked, &monotonic);
    pthread_cond_init(&loader.done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    loader.wanted = 1;
    loader.round = 0;
    loader.ending = false;
    if (pthread_create(&loader.thread, NULL, loader_main, &kept) != 0)
        abort();
    pthread_mutex_lock(&loader.lock);
    round_await(1);
    pthread_mutex_unlock(&loader.lock);
}

void signers_close(void)
{
    pthread_mutex_lock(&loader.lock);
    loader.ending = true;
    pthread_cond_broadcast(&loader.asked);
    pthread_mutex_unlock(&loader.lock);
    pthread_join(loader.thread, NULL);
}

static unsigned round_ask(void)
{
    unsigned round = ++loader.wanted;
    pthread_cond_broadcast(&loader.asked);
    return round;
}

void signers_wake(void)
{
    pthread_mutex_lock(&loader.lock);
    if (loader.wanted && !loader.ending)
        round_ask();
    pthread_mutex_unlock(&loader.lock);
}

void signers_token_is_back(void)
{
    pthread_mutex_lock(&loader.lock);
    loader.back = true;
    if (loader.wanted && !loader.ending)
        round_ask();
    pthread_mutex_unlock(&loader.lock);
}

void signers_refresh(void)
{
    pthread_mutex_lock(&loader.lock);
    round_await(round_ask());
    pthread_mutex_unlock(&loader.lock);
}

bool signers_ready(struct fault *f)
{
    pthread_mutex_lock(&loader.lock);
    bool ready = loader.ready;
    *f = loader.why;
    pthread_mutex_unlock(&loader.lock);
    return ready;
}
