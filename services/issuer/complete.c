/* S: a precertificate that was logged becomes its certificate. Nobody's word is taken for it: that it is ours, each
 * promise of a log and the bytes that are signed are looked at anew, whoever has stored them. */
#include <pthread.h>
#include <stdlib.h>

#include "attempt.h"
#include "base/log.h"
#include "ledger/transparency.h"
#include "message/convert.h"
#include "pki/precertificate.h"
#include "service/metrics.h"
#include "x509/certificate.h"
#include "x509/tbs.h"

/* One attempt on its way. */
struct completion {
    struct attempt *t;
    struct arena *a;
    struct instant now;
    struct bytes poisoned, logged; /* the precertificate's bytes; those that the logs have signed */
    struct tbs tbs;                /* of the precertificate */
    struct bytes scts[SCTS_MAX];   /* the timestamps that are used */
    size_t sct_count;
};

/* ---- the precertificate */

/* Who can write rows has no key: what is completed was signed by the authority, and is what is stored of the attempt. */
static bool precertificate_read(struct completion *c)
{
    struct attempt *t = c->t;
    const Intent *in = t->intent;
    struct certificate_parts parts;
    struct bytes der = bytes_value(in->precertificate);
    if (!in->has_precertificate)
        return fault_set(&t->fault, FAULT_INTERNAL, "precertificate",
                         "of attempt %lld is not there", (long long)in->issuance_id);
    if (!certificate_split(der, &parts, &t->fault) ||
        !certificate_verify(der, t->signer.ca, &t->fault) ||
        !tbs_read(parts.tbs, &c->tbs, &t->fault))
        return false;
    c->poisoned = parts.tbs;
    t->serial = c->tbs.serial;
    return t->step == ATTEMPT_SIGN || bytes_equal(parts.tbs, bytes_value(in->tbs)) ||
           fault_set(&t->fault, FAULT_INTERNAL, "precertificate", "differs from its stored bytes");
}

int64_t attempt_complete_hours(void)
{
    return lint_find("logged_in_time")->standing;
}

/* BR 7.1.2.7: later than that the lint would refuse what is signed, then and ever after. */
static struct instant latest(const struct tbs *tbs)
{
    struct instant late = instant_add(tbs->not_before, seconds(attempt_complete_hours() * 3600));
    return instant_before(late, tbs->not_after) ? late : tbs->not_after;
}

static bool gone_stale(struct completion *c)
{
    struct attempt *t = c->t;
    t->sign_before = latest(&c->tbs);
    if (instant_before(c->now, t->sign_before))
        return false;
    log_error("a precertificate is too old to become a certificate",
              LOG_INT("issuance_id", t->intent->issuance_id));
    t->given_up_id = t->intent->issuance_id;
    t->step = ATTEMPT_OPEN;
    return true;
}

/* ---- its timestamps */

/* A promise of a log counts if it is of a time in which that was to be believed, and of what that takes. */
static bool is_of(const struct ct_log *log, const struct sct *s, const struct completion *c,
                  struct fault *f)
{
    if (!ct_log_counts(log, sct_time(s), c->now))
        return fault_set(f, FAULT_INVALID, "sct", "is of a time in which the log does not count");
    return (!instant_before(c->tbs.not_after, log->expiry_from) &&
            instant_before(c->tbs.not_after, log->expiry_till)) ||
           fault_set(f, FAULT_INVALID, "sct", "is of a log that does not take what ends then");
}

/* `log_id`: whose it is said to be. */
static bool promise_read(const struct completion *c, struct bytes serialized, struct bytes log_id,
                         const struct ct_log **log, struct fault *f)
{
    struct sct s;
    *log = ct_log_find(c->t->policy, log_id);
    if (!sct_read(serialized, &s, f, "sct"))
        return false;
    if (!bytes_equal(s.log_id, log_id))
        return fault_set(f, FAULT_INVALID, "sct", "is of another log");
    if (!*log)
        return fault_set(f, FAULT_INVALID, "sct",
                         "is of a log that the policy's list does not have");
    return is_of(*log, &s, c, f) &&
           sct_verify(&s, (*log)->key, c->logged, c->t->signer.ca->public.spki, f);
}

/* What validation has verified before is none after all, or not any more: somebody must know. */
static void promise_refuse(struct completion *c, struct bytes log_id, const struct ct_log *log,
                           const struct fault *f)
{
    struct attempt *t = c->t;
    const char *name = log ? log->description : base64_write(c->a, log_id);
    log_error("a timestamp of a log does not count", LOG_TEXT("log", name), LOG_FAULT(f));
    metric_add_of(METRIC_TIMESTAMPS_REFUSED, log ? log->description : "not in the list", 1);
    t->no_sct[t->no_sct_count++] = log_id;
}

static size_t promises_read(struct completion *c, const struct ct_log **logs, struct bytes *scts)
{
    const Intent *in = c->t->intent;
    size_t n = 0;
    for (size_t i = 0; i < in->n_scts && i < in->n_sct_logs && i < SCTS_MAX; i++) {
        struct fault f = { 0 };
        struct bytes log_id = bytes_value(in->sct_logs[i]);
        scts[n] = bytes_value(in->scts[i]);
        if (promise_read(c, scts[n], log_id, &logs[n], &f))
            n++;
        else
            promise_refuse(c, log_id, logs[n], &f);
    }
    return n;
}

static bool promises_need(struct completion *c, struct ct_need *need)
{
    struct attempt *t = c->t;
    if (!t->policy->log_count)
        return fault_set(&t->fault, FAULT_UNAVAILABLE, "logs",
                         "the policy has no log in a list that this program reads");
    if (!precertificate_logged(c->poisoned, c->a, &c->logged, &t->fault) ||
        !ct_needed(t->policy, t->intent->rule_scope, c->tbs.not_before, c->tbs.not_after, c->now,
                   need, &t->fault))
        return false;
    need->scts = need->scts ? need->scts : 1; /* no certificate of a precertificate is without */
    return true;
}

/* As few as the rules of the day ask for. False without a fault: they are not enough, and the logs are asked again. */
static bool promises_choose(struct completion *c)
{
    struct attempt *t = c->t;
    const struct ct_log *logs[SCTS_MAX];
    struct bytes scts[SCTS_MAX];
    bool chosen[SCTS_MAX] = { 0 };
    struct ct_need need;
    if (!promises_need(c, &need))
        return false;
    size_t count = promises_read(c, logs, scts);
    if (ct_choose(&need, logs, count, chosen) == 0) {
        log_warn("the timestamps of a precertificate are not enough",
                 LOG_INT("timestamps", (int64_t)count), LOG_INT("needed", need.scts));
        t->refused = true;
        t->step = ATTEMPT_OPEN;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (chosen[i])
            c->scts[c->sct_count++] = scts[i];
    return true;
}

/* ---- the certificate's bytes */

static struct lint_plan *final_plan;

static void final_plan_make(void)
{
    static char name[] = "final";
    static Profile any = PROFILE__INIT;
    struct fault f = { 0 };
    any.name = name;
    final_plan = lint_plan_new(&any, NULL, 0, &f);
    if (!final_plan)
        abort();
}

/* BR 4.3.1.2: all else was linted with the precertificate, and is the same bytes (RFC 6962 3.2). */
static bool lint(struct completion *c)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct attempt *t = c->t;
    struct lint_input in = { .tbs = t->tbs,
                             .ca = t->signer.ca,
                             .now = c->now,
                             .kind = LINT_LOGGED,
                             .run_before = LINT_PRECERT,
                             .scts = c->sct_count ? c->scts : NULL,
                             .sct_count = c->sct_count };
    pthread_once(&once, final_plan_make);
    return precertificate_matches(c->poisoned, t->tbs, &t->fault) &&
           lint_run(final_plan, &in, &t->linted, &t->fault);
}

static bool build(struct completion *c)
{
    struct bytes list = sct_list_write(c->scts, c->sct_count, c->a);
    return precertificate_final(c->poisoned, list, c->a, &c->t->tbs, &c->t->fault);
}

/* How the precertificate says that it is signed is how it is signed. */
static bool hash(struct completion *c)
{
    struct attempt *t = c->t;
    const struct sign_algorithm *how =
        sign_algorithm_find(token_key_kind(t->signer.ca->key), t->intent->signature_hash);
    if (!how || !bytes_equal(how->der, c->tbs.algorithm))
        return fault_set(&t->fault, FAULT_INTERNAL, "signature_hash",
                         "the precertificate names another algorithm");
    t->hash = how->hash;
    return true;
}

/* Where the timestamps are not enough, that is no fault of it. */
static bool final_make(struct completion *c)
{
    struct attempt *t = c->t;
    if (t->step == ATTEMPT_SIGN)
        t->tbs = bytes_value(t->intent->tbs);
    else if (!promises_choose(c) || !build(c))
        return t->refused;
    return lint(c) && hash(c);
}

bool attempt_complete(struct attempt *t, struct arena *a, struct instant now)
{
    const Intent *in = t->intent;
    struct completion c = { .t = t, .a = a, .now = now };
    t->issuance_id = in->issuance_id;
    if (!policy_version_get(in->policy_version, &t->policy, &t->fault) ||
        !signer_authority(in->ca_id, &t->signer.ca, &t->fault) || !attempt_may_sign(in, &t->fault))
        return false;
    bool ok = precertificate_read(&c) && (gone_stale(&c) || final_make(&c));
    t->hopeless =
        !ok && !fault_retryable(t->fault.code); /* nothing but policy comes from outside */
    return ok;
}
