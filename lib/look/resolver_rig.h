/* resolver_rig - what the tests of the resolver share: a world of DNS, resolvers in it, and what look-ups
 * gave. Included by tests only. */
#ifndef LOOK_RESOLVER_RIG_H
#define LOOK_RESOLVER_RIG_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "look/resolver.h"
#include "testing/dns.h"
#include "testing/patience.h"

/* A deadline is kept when what comes then is told before a test is tired of waiting. */
enum { SLACK_US = PATIENCE_S * 1000000 };

static struct dns_rig rig;
static struct resolver *resolver;

/* What one look-up gave, copied. */
struct seen {
    struct resolver_ask ask;
    enum resolver_state state;
    bool secure;
    size_t count, bytes;
    char first[256], canonical[256], reason[256], server[256];
    uint32_t ttl;
    struct tick at;
    int calls;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static size_t answered;

static inline void copy(char out[256], const char *text)
{
    snprintf(out, 256, "%s", text ? text : "");
}

static inline void note(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct seen *s = ask->context;

    pthread_mutex_lock(&lock);
    s->state = answer->state;
    s->secure = answer->secure;
    s->count = answer->count;
    for (size_t i = 0; i < answer->count; i++)
        s->bytes += answer->records[i].size;
    if (answer->count && answer->records[0].size > 1)
        snprintf(s->first, sizeof s->first, "%.*s", (int)answer->records[0].size - 1,
                 (const char *)answer->records[0].data + 1);
    copy(s->canonical, answer->canonical);
    copy(s->reason, answer->reason);
    copy(s->server, answer->server);
    s->ttl = answer->ttl;
    s->at = tick_now();
    s->calls++;
    answered++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static inline void fire_by(struct resolver *r, int64_t account, struct seen *s, const char *name,
                           struct tick deadline, int type)
{
    *s = (struct seen){ .ask = { .type = type,
                                 .account_id = account,
                                 .deadline = deadline,
                                 .done = note,
                                 .context = s } };
    snprintf(s->ask.name, sizeof s->ask.name, "%s", name);
    resolver_ask(r, &s->ask);
}

static inline void fire(struct resolver *r, struct seen *s, const char *name, int type,
                        struct duration wait)
{
    fire_by(r, 1, s, name, tick_after(wait), type);
}

static inline void await_answers(size_t count)
{
    pthread_mutex_lock(&lock);
    while (answered < count)
        pthread_cond_wait(&changed, &lock);
    answered = 0;
    pthread_mutex_unlock(&lock);
}

static inline struct seen look(const char *name, int type, struct duration wait)
{
    static struct seen s;

    fire(resolver, &s, name, type, wait);
    await_answers(1);
    return s;
}

static inline struct resolver *start_sharing(int most, int per_account, int per_domain)
{
    struct resolver_options options = { .anchor = rig.anchor,
                                        .hints = rig.hints,
                                        .cache = seconds(1),
                                        .most = most,
                                        .per_account = per_account,
                                        .per_domain = per_domain,
                                        .loopback = true };
    struct fault f = { 0 };
    struct resolver *r = resolver_start(&options, &f);

    if (!r)
        print_error("%s\n", f.detail);
    return r;
}

static inline struct resolver *start(int most)
{
    return start_sharing(most, 0, 0);
}

/* `address` is this program's own; the rig's resolver has room for `most`. */
static inline int world_start(const char *address, const char *world, int most)
{
    struct fault f = { 0 };

    if (!dns_rig_start(&rig, address, &f) || !dns_rig_load(&rig, world, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    resolver = start(most);
    return resolver ? 0 : 1;
}

static inline int world_stop(void)
{
    resolver_stop(resolver);
    dns_rig_stop(&rig);
    return 0;
}

#endif
