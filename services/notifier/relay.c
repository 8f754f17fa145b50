#include "relay.h"

#include "email.pb-c.h"
#include "message/convert.h"
#include "relay.sql.h"
#include "service/metrics.h"

static struct relay {
    const struct store_options *store;
    bool is_there, said;
} relay;

void relay_open(const struct store_options *store, bool is_there)
{
    relay = (struct relay){ .store = store, .is_there = is_there };
    metric_set(METRIC_MAIL_RELAY, is_there);
}

static bool say(struct fault *f)
{
    struct store *store = store_new(relay.store);
    struct arena a;
    RelaySaid in = RELAY_SAID__INIT;
    arena_init(&a);
    in.is_there = relay.is_there;
    in.now = instant_message(&a, clock_now());
    bool ok = store_run(store, &a, &sql_relay_say, &in.base, NULL, f);
    arena_free(&a);
    store_free(store);
    return ok;
}

bool relay_said(void *context, struct fault *f)
{
    (void)context;
    relay.said = relay.said || say(f);
    return relay.said;
}
