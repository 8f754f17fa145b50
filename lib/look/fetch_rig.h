/* fetch_rig - what the tests of files on web servers share: DNS, a customer's server, a prober between
 * them, and what one probe gave. HERE is the server's address. */
#ifndef LOOK_FETCH_RIG_H
#define LOOK_FETCH_RIG_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "look/probe.h"
#include "look/web_rig.h"
#include "testing/dns.h"
#include "testing/patience.h"

#define VALUE       "0123456789abcdefghijklmnopqrstuv"

#define FOUND(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body

/* A deadline is kept when what comes then is told before a test is tired of waiting. */
enum { SLACK_US = PATIENCE_S * 1000000 };

static struct dns_rig dns;
static struct web_rig web;
static struct prober prober = { .perspective = "primary", .cname_target = "dcv.chancery.example" };

struct seen {
    struct probe_result result;
    char proof[8192];
    int calls;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int told;

static inline void note(void *context, const struct probe_result *result)
{
    struct seen *s = context;

    pthread_mutex_lock(&lock);
    s->result = *result;
    snprintf(s->proof, sizeof s->proof, "%s", result->proof);
    s->calls++;
    told++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static inline void await_results(int count)
{
    pthread_mutex_lock(&lock);
    while (told < count)
        pthread_cond_wait(&changed, &lock);
    told = 0;
    pthread_mutex_unlock(&lock);
}

static inline struct probe_request request_for(const char *domain)
{
    static WebRules texts = WEB_RULES__INIT;
    struct probe_request q = { .method = probe_method(DCV_METHOD__VALUE__HTTP_TOKEN),
                               .domain = domain,
                               .wanted.text = VALUE,
                               .deadline = tick_after(patience()) };

    texts.statuses = "301 302 307 308";
    texts.ports = "80 443";
    texts.redirects = "5";
    texts.bytes = "5000";
    assert_true(web_rules_read(&texts, &q.web));
    return q;
}

static inline const struct seen *probe(const struct probe_request *request)
{
    static struct seen s;

    memset(&s, 0, sizeof s);
    probe_start(&prober, request, note, &s);
    await_results(1);
    assert_int_equal(s.calls, 1);
    return &s;
}

/* `address` is this program's own for DNS. */
static inline int world_start(const char *address)
{
    struct resolver_options options = { .cache = seconds(5), .most = 512, .loopback = true };
    struct fetch_options fetches = {
        .loopback = true, .most = 64, .connect = patience(), .hop = patience()
    };
    struct fault f = { 0 };

    if (!dns_rig_start(&dns, address, &f) || !web_rig_start(&web, HERE)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    options.anchor = dns.anchor;
    options.hints = dns.hints;
    prober.resolver = fetches.resolver = resolver_start(&options, &f);
    prober.fetcher = prober.resolver ? fetcher_start(&fetches, &f) : NULL;
    return prober.fetcher ? 0 : 1;
}

static inline int world_stop(void)
{
    fetcher_cut(prober.fetcher);
    resolver_stop(prober.resolver);
    fetcher_stop(prober.fetcher);
    web_rig_stop(&web);
    dns_rig_stop(&dns);
    return 0;
}

#endif
