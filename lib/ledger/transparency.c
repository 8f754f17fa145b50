#include "ledger/transparency.h"

#include "ledger/parameter.h"

_Static_assert((int)PARAMETER_LOGS_MOST <= (int)SCTS_MAX,
               "a certificate has room for what a rule may ask");

bool ct_wanted(const struct policy *p, const Product *product, bool disable_ct)
{
    return product->transparency && p->lists_logs && !disable_ct;
}

/* ---- how many */

static bool number_then(const struct policy *p, const char *scope, const char *parameter,
                        struct instant then, unsigned *out)
{
    const Rule *r = policy_rule_then(p, scope, parameter, then);
    int64_t n = 0;

    *out = 0;
    if (!r || !r->value || !int64_read(r->value, &n) || n < 1 || n > SCTS_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

static bool is_long(struct instant not_before, struct instant not_after)
{
    return instant_since(not_after, not_before).us + seconds(1).us > days(180).us;
}

bool ct_needed(const struct policy *p, const char *scope, struct instant not_before,
               struct instant not_after, struct instant now, struct ct_need *out, struct fault *f)
{
    const char *scts = is_long(not_before, not_after) ? "ct.scts.gt180" : "ct.scts.le180";

    number_then(p, scope, "ct.operators", now, &out->operators);
    number_then(p, scope, "ct.rfc6962", now, &out->rfc6962);
    return number_then(p, scope, scts, now, &out->scts) ||
           fault_set(f, FAULT_UNAVAILABLE, "policy", "no rule of scope %s gives %s now", scope,
                     scts);
}

/* ---- which */

static bool lies_between(struct instant at, struct instant from, struct instant till)
{
    return !instant_before(at, from) && instant_before(at, till);
}

bool ct_log_is_asked(const struct ct_log *log, struct instant now)
{
    return lies_between(now, log->usable_from, log->usable_till) &&
           instant_before(now, log->retired_at) && instant_before(now, log->expiry_till);
}

size_t ct_logs(const struct policy *p, struct instant not_after, struct instant now,
               const struct ct_log **out, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < p->log_count && count < room; i++)
        if (ct_log_is_asked(&p->logs[i], now) &&
            lies_between(not_after, p->logs[i].expiry_from, p->logs[i].expiry_till))
            out[count++] = &p->logs[i];
    return count;
}

const struct ct_log *ct_log_find(const struct policy *p, struct bytes id)
{
    for (size_t i = 0; i < p->log_count; i++)
        if (bytes_equal(p->logs[i].id, id))
            return &p->logs[i];
    return NULL;
}

bool ct_log_counts(const struct ct_log *log, struct instant at, struct instant now)
{
    return lies_between(at, log->usable_from, log->usable_till) &&
           instant_before(now, log->retired_at) &&
           !instant_before(instant_add(now, CLOCK_TOLERANCE), at);
}
