#include "validation.h"

#include "base/log.h"
#include "gate.h"
#include "look/anchor.h"
#include "service/metrics.h"
#include "share.h"

/* A quarter is for one account at the most; for one base domain what one round asks for at a time,
 * and to one address little: it may be that of somebody who has asked for nothing. */
enum {
    LOOK_UPS_MOST = 448,
    LOOK_UPS_PER_ACCOUNT = LOOK_UPS_MOST / 4,
    LOOK_UPS_PER_DOMAIN = 32,
    FETCHES_MOST = 512,
    FETCHES_PER_ACCOUNT = FETCHES_MOST / 4,
    FETCHES_PER_ADDRESS = 4,
    COMMITTERS = 2,
    BATCH = 32
};

struct validation validation;

/* What is wrong with the file the resolver says. */
static void anchor_count(const char *path)
{
    struct fault ignored = { 0 };

    metric_set(METRIC_DNS_ANCHOR_KEYS, (int64_t)anchor_read(path, NULL, NULL, &ignored));
}

static bool prober_open(const struct look_settings *s, struct fault *f)
{
    struct prober *p = &validation.prober;
    struct resolver_options o = { .anchor = s->anchor,
                                  .hints = *s->hints ? s->hints : NULL,
                                  .cache = s->cache,
                                  .most = LOOK_UPS_MOST,
                                  .per_account = LOOK_UPS_PER_ACCOUNT,
                                  .per_domain = LOOK_UPS_PER_DOMAIN,
                                  .loopback = s->loopback };
    struct fetch_options fetches = { .loopback = s->web_loopback,
                                     .most = FETCHES_MOST,
                                     .per_account = FETCHES_PER_ACCOUNT,
                                     .per_address = FETCHES_PER_ADDRESS };
    p->perspective = s->perspective;
    anchor_count(s->anchor);
    p->resolver = fetches.resolver = resolver_start(&o, f);
    if (!p->resolver)
        return false;
    p->fetcher = fetcher_start(&fetches, f);
    if (p->fetcher)
        return true;
    resolver_stop(p->resolver);
    p->resolver = NULL;
    return false;
}

/* The fetcher asks the resolver, and waits for what it has asked. */
static void prober_close(void)
{
    struct prober *p = &validation.prober;
    fetcher_cut(p->fetcher);
    resolver_stop(p->resolver);
    fetcher_stop(p->fetcher);
    p->resolver = NULL;
    p->fetcher = NULL;
}

bool look_open(const struct look_settings *s, struct fault *f)
{
    if (!prober_open(s, f))
        return false;
    share_open();
    gate_open();
    return true;
}

void look_close(struct duration wait)
{
    if (!gate_close(wait))
        log_warn("look-ups were still under way at the end of the drain");
    gate_cut();
    ct_submitter_cut(validation.submitter);
    prober_close();
    gate_await();
    share_close();
}

/* ---- the primary */

static ProtobufCService *bus_of(void *context, const struct perspective *p)
{
    (void)context;
    return bus_client(validation.run->bus, p->service, &perspective__descriptor);
}

static bool perspectives_open(const struct validation_settings *s, struct fault *f)
{
    struct perspectives *p = &validation.perspectives;

    p->client = bus_of;
    for (enum metric m = METRIC_CORROBORATED; m <= METRIC_CORROBORATED_ALONE; m++)
        metric_show(m);
    if (!perspectives_read(s->perspectives ? s->perspectives : "", p, f) || p->count == 0)
        return f->code == FAULT_NONE;
    return place_read(s->place, &p->primary) ||
           fault_set(
               f, FAULT_INVALID, "PERSPECTIVE_PLACE",
               "must say where this process stands, such as 50.11,8.68: degrees north and east");
}

static bool logs_open(const struct logs_settings *s, struct fault *f)
{
    validation.submitter =
        ct_submitter_start(&(struct ct_submitter_options){ .guard = { .loopback = s->loopback },
                                                           .ca_file = s->ca_file ? s->ca_file : "",
                                                           .slow = s->slow },
                           f);
    return validation.submitter != NULL;
}

static void logs_close(void)
{
    ct_submitter_stop(validation.submitter);
    validation.submitter = NULL;
}

bool validation_open(const struct validation_settings *s, const struct store_options *store,
                     struct fault *f)
{
    validation.timeout = s->timeout;
    validation.prober.cname_target = s->cname_target;
    if (!perspectives_open(s, f))
        return false;
    validation.seal = seal_key_load(s->seal_key, f);
    if (!validation.seal)
        return false;
    validation.committer = committer_start(store, COMMITTERS, BATCH);
    if (logs_open(&s->logs, f) && look_open(&s->look, f))
        return true;
    logs_close();
    committer_free(validation.committer);
    validation.committer = NULL;
    return false;
}

void validation_close(struct duration wait)
{
    look_close(wait);
    logs_close();
    committer_free(validation.committer);
    validation.committer = NULL;
    seal_key_free(validation.seal);
    validation.seal = NULL;
}

struct tick validation_deadline(const struct call *caller, struct duration margin)
{
    struct tick own = tick_after(validation.timeout);
    struct tick his = { caller ? caller->deadline.us - margin.us : own.us };
    return his.us < own.us ? his : own;
}

Instant *instant_of(struct arena *a, struct instant at)
{
    Instant *i = arena_new(a, Instant);
    instant__init(i);
    i->us = at.us;
    return i;
}
