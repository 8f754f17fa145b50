#include "lint_plans.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "message/convert.h"

struct kept {
    const struct policy *policy;
    const Profile *profile;
    struct instant from;
    struct lints_now found;
    struct kept *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept *all;

static bool is_of(const Rule *r, const Profile *profile)
{
    return r->check && strcmp(r->scope, profile->rule_scope) == 0;
}

/* An instant at which a rule begins or ends narrows the time around `now`. */
static void narrow(struct kept *k, struct instant now, const Instant *at)
{
    if (!at)
        return;
    struct instant edge = instant_value(at);
    if (instant_before(now, edge)) {
        if (instant_before(edge, k->found.until))
            k->found.until = edge;
    } else if (instant_before(k->from, edge)) {
        k->from = edge;
    }
}

static bool in_force(const Rule *r, struct instant now)
{
    return (!r->from || !instant_before(now, instant_value(r->from))) &&
           (!r->until || instant_before(now, instant_value(r->until)));
}

static bool plan_make(struct kept *k, struct instant now, struct fault *f)
{
    const struct policy *p = k->policy;
    struct lint_rule *rules = calloc(p->rule_count + 1, sizeof *rules);
    size_t count = 0;
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *r = p->rules[i];
        if (!is_of(r, k->profile))
            continue;
        narrow(k, now, r->from);
        narrow(k, now, r->until);
        if (!in_force(r, now))
            continue;
        rules[count] = (struct lint_rule){ .check_name = r->check, .level = *r->level };
        if (r->value)
            int64_read(r->value, &rules[count].value);
        count++;
    }
    k->found.plan = lint_plan_new(k->profile, rules, count, f);
    free(rules);
    return k->found.plan != NULL;
}

static struct kept *kept_find(const struct policy *policy, const Profile *profile,
                              struct instant now)
{
    struct kept *k = all;
    while (k && !(k->policy == policy && k->profile == profile && !instant_before(now, k->from) &&
                  instant_before(now, k->found.until)))
        k = k->next;
    return k;
}

static struct kept *kept_make(const struct policy *policy, const Profile *profile,
                              struct instant now, struct fault *f)
{
    struct kept *k = calloc(1, sizeof *k);
    *k = (struct kept){ .policy = policy,
                        .profile = profile,
                        .from = { INT64_MIN },
                        .found = { .until = { INT64_MAX } },
                        .next = all };
    if (plan_make(k, now, f))
        return all = k;
    free(k);
    return NULL;
}

bool lint_plans_find(const struct policy *policy, const Profile *profile, struct instant now,
                     struct lints_now *out, struct fault *f)
{
    pthread_mutex_lock(&lock);
    const struct kept *k = kept_find(policy, profile, now);
    if (!k)
        k = kept_make(policy, profile, now, f);
    if (k)
        *out = k->found;
    pthread_mutex_unlock(&lock);
    return k != NULL;
}
