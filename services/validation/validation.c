#include "validation.h"

#include "base/log.h"
#include "gate.h"

enum { LOOK_UPS_MOST = 1024, COMMITTERS = 2, BATCH = 32 };

struct validation validation;

bool validation_open(const struct validation_settings *s, const struct store_options *store,
                     struct fault *f)
{
    struct resolver_options o = { .anchor = s->anchor,
                                  .hints = *s->hints ? s->hints : NULL,
                                  .cache = s->cache,
                                  .most = LOOK_UPS_MOST,
                                  .loopback = s->loopback };
    validation.timeout = s->timeout;
    validation.prober.perspective = s->perspective;
    validation.prober.cname_target = s->cname_target;
    validation.seal = seal_key_load(s->seal_key, f);
    if (!validation.seal)
        return false;
    validation.prober.resolver = resolver_start(&o, f);
    if (!validation.prober.resolver)
        return false;
    validation.committer = committer_start(store, COMMITTERS, BATCH);
    gate_open();
    return true;
}

void validation_close(struct duration wait)
{
    if (!gate_close(wait))
        log_warn("look-ups were still under way at the end of the drain");
    gate_cut();
    resolver_stop(validation.prober.resolver);
    validation.prober.resolver = NULL;
    gate_await();
    committer_stop(validation.committer);
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
