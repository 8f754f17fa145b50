#include "attempt.h"

#include <string.h>

#include "issuer.h"
#include "ledger/transparency.h"
#include "lint_plans.h"
#include "message/convert.h"
#include "pki/csr.h"
#include "pki/precertificate.h"
#include "service/metrics.h"
#include "x509/certificate.h"

static struct instant earlier(struct instant a, struct instant b)
{
    return instant_before(a, b) ? a : b;
}

/* ---- the new certificate's fields */

/* Until when the customer wants it at the most, exclusive. */
static struct instant wanted_end(const Intent *in)
{
    struct instant end = instant_value(in->valid_till);
    return in->cert_not_after ? earlier(end, instant_value(in->cert_not_after)) : end;
}

/* BR 6.3.2: both ends are included, so the last second is one before the full days. Cut to what
 * policy advises on the day, to the order, and to the authority itself at both ends. */
static bool validity_fill(struct attempt *t, struct instant now)
{
    const Intent *in = t->intent;
    const struct ca *ca = t->signer.ca;
    if (!in->has_validity_advised_days || !in->has_validity_max_days)
        return fault_set(&t->fault, FAULT_UNAVAILABLE, "validity", "policy has no rule for today");
    struct duration backdate = seconds(t->signer.profile->profile->backdate_seconds);
    t->not_before = instant_from_unix((now.us - backdate.us) / 1000000);
    if (instant_before(t->not_before, ca->not_before))
        t->not_before = ca->not_before;
    struct instant end = instant_add(t->not_before, days(in->validity_advised_days));
    end = earlier(earlier(end, wanted_end(in)), ca->not_after);
    t->not_after = instant_from_unix(end.us / 1000000 - 1);
    return instant_before(now, t->not_after) || fault_set(&t->fault, FAULT_UNAVAILABLE, "not_after",
                                                          "authority %s has expired", in->ca_id);
}

static bool serial_fill(struct attempt *t, struct arena *a, struct instant now)
{
    uint8_t serial[SERIAL_SIZE];
    serial_make(now, serial);
    t->serial = (struct bytes){ arena_copy(a, serial, sizeof serial), sizeof serial };
    return ids_next(issuer.issuance_ids, &t->issuance_id, &t->fault);
}

static void found_count(enum metric outcome, const struct lint_found *found)
{
    for (size_t i = 0; i < found->count; i++)
        metric_add_of(outcome, found->names[i], 1);
}

static void lints_count(const struct lint_outcome *linted)
{
    found_count(METRIC_LINT_ERRORS, &linted->errors);
    found_count(METRIC_LINT_WARNINGS, &linted->warnings);
    metric_add(linted->errors.count     ? METRIC_LINTED_REFUSED
               : linted->warnings.count ? METRIC_LINTED_WARNED
                                        : METRIC_LINTED_CLEAN,
               1);
}

/* What was found beside the bytes is stored with them. Rules that begin or end within the hour end the time in
 * which may be signed: afterwards other lints would have been run. */
static bool lint(struct attempt *t, const struct leaf_request *request, struct instant now)
{
    struct lints_now lints;
    struct lint_input in = { .tbs = t->tbs,
                             .ca = t->signer.ca,
                             .now = now,
                             .names = request->names,
                             .name_count = request->name_count,
                             .spki = request->key->spki,
                             .kind = t->precertificate ? LINT_PRECERT : LINT_UNLOGGED };
    if (!lint_plans_find(t->policy, t->signer.profile->profile, now, &lints, &t->fault))
        return false;
    t->sign_before = earlier(t->sign_before, lints.until);
    bool good = lint_run(lints.plan, &in, &t->linted, &t->fault);
    lints_count(&t->linted);
    return good;
}

/* A kind's first letter is its identifier_kind. */
static struct identifier *names_of(const Intent *in, struct arena *a)
{
    struct identifier *out = arena_array(a, struct identifier, in->n_names);
    for (size_t i = 0; i < in->n_names; i++)
        out[i] = (struct identifier){ (enum identifier_kind)in->kinds[i][0], in->names[i] };
    return out;
}

/* Whoever wrote the row: the key is one that may be certified, and its holder asked for this. */
static bool tbs_build(struct attempt *t, struct arena *a, struct instant now)
{
    struct csr csr;
    const Intent *in = t->intent;
    if (!in->has_csr || in->n_names == 0)
        return fault_set(&t->fault, FAULT_INVALID, "csr", "the request has no key or no names");
    const struct csr_rules rules = { policy_uses(t->policy, in->rule_scope, "csr.sha1", now) };
    if (!csr_read(bytes_value(in->csr), rules, &csr, &t->fault))
        return false;
    const struct subject_attribute subject = { SUBJECT_COMMON_NAME, in->names[0] };
    struct leaf_request request = { .names = names_of(in, a),
                                    .name_count = in->n_names,
                                    .subject = &subject,
                                    .subject_count = 1,
                                    .key = &csr.key,
                                    .serial = t->serial,
                                    .not_before = t->not_before,
                                    .not_after = t->not_after };
    return leaf_build(t->signer.template, &request, a, &t->tbs, &t->fault) &&
           (!t->precertificate || precertificate_poison(t->tbs, a, &t->tbs, &t->fault)) &&
           lint(t, &request, now);
}

bool attempt_may_sign(const Intent *in, struct fault *f)
{
    return in->may_sign ||
           fault_set(f, FAULT_UNAVAILABLE, "may_sign", "authority %s may not sign", in->ca_id);
}

/* What is unknown to this program or this policy passes with another of either: the request waits
 * meanwhile, however long that takes. */
static bool signer(struct attempt *t)
{
    const Intent *in = t->intent;
    struct signer_wanted wanted = { .rule_scope = in->rule_scope,
                                    .product = in->product_name_id,
                                    .option = in->profile_option,
                                    .ca_id = in->ca_id,
                                    .hash = in->signature_hash };
    return policy_version_get(in->policy_version, &t->policy, &t->fault) &&
           signer_find(t->policy, &wanted, &t->signer, &t->fault) &&
           attempt_may_sign(in, &t->fault);
}

/* ---- transparency */

/* A precertificate binds: none is signed that no logs would take. */
static bool can_be_logged(struct attempt *t, const struct ct_need *need, struct instant now)
{
    const struct ct_log *logs[CT_LOGS_MAX];
    bool chosen[CT_LOGS_MAX] = { 0 };
    size_t count = ct_logs(t->policy, t->not_after, now, logs, CT_LOGS_MAX);
    return ct_choose(need, logs, count, chosen) > 0 ||
           fault_set(&t->fault, FAULT_UNAVAILABLE, "transparency",
                     "the %zu logs of the policy that take what ends then cannot give what is "
                     "needed: %u timestamps of %u operators",
                     count, need->scts, need->operators);
}

/* Is its precertificate signed first? Never below an authority of which the database says that it is not public. */
static bool transparency(struct attempt *t, struct instant now)
{
    const Intent *in = t->intent;
    struct ct_need need;
    if ((in->has_public_ && !in->public_) ||
        !ct_wanted(t->policy, policy_product(t->policy, in->product_name_id), in->disable_ct))
        return true;
    if (!ct_needed(t->policy, in->rule_scope, t->not_before, t->not_after, now, &need, &t->fault))
        return false;
    t->precertificate = need.scts > 0;
    return !t->precertificate || can_be_logged(t, &need, now);
}

/* ---- what is to be done */

enum when { NO, YES, ANY };

/* What a request is at when it is claimed, and what is done with it: the first row that fits. A living attempt whose
 * bytes are signed goes on whatever else is left to do, and so does one with a precertificate whatever its end was. */
// clang-format off
static const struct {
    const char *state, *kind; /* of the living attempt and its last bytes; NULL: none lives */
    enum when signature, past, open;
    enum attempt_step step;
} steps[] = {
    { NULL,             NULL,      NO,  YES, ANY, ATTEMPT_PAST },
    { NULL,             NULL,      NO,  NO,  YES, ATTEMPT_OPEN },
    { NULL,             NULL,      NO,  NO,  NO,  ATTEMPT_RESERVE },
    { "reserved",       "final",   YES, ANY, ANY, ATTEMPT_FINISH },
    { "reserved",       "precert", YES, ANY, ANY, ATTEMPT_PRECERTIFY },
    { "precert_signed", "precert", YES, ANY, YES, ATTEMPT_OPEN },
    { "precert_signed", "precert", YES, ANY, NO,  ATTEMPT_COMPLETE },
    { "final_reserved", "final",   NO,  ANY, YES, ATTEMPT_OPEN },
    { "final_reserved", "final",   NO,  ANY, NO,  ATTEMPT_SIGN },
    { "final_reserved", "final",   YES, ANY, ANY, ATTEMPT_FINISH },
};
// clang-format on

static bool is_word(const char *word, const char *wanted)
{
    return word && wanted ? strcmp(word, wanted) == 0 : word == wanted;
}

static bool is_when(enum when wanted, bool is)
{
    return wanted == ANY || (wanted == YES) == is;
}

/* A lease that died, or was given back, before its bytes were signed: nobody knows whether the token did. Those of a
 * certificate whose precertificate binds are signed again. */
static bool is_ghost(const Intent *in)
{
    return is_word(in->state, "reserved") && !in->has_signature;
}

static enum attempt_step step_of(const Intent *in, struct instant now)
{
    bool lives = in->state && !is_ghost(in), past = !instant_before(now, wanted_end(in));
    if (!in->waiting)
        return ATTEMPT_OVER;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (is_word(lives ? in->state : NULL, steps[i].state) &&
            is_word(lives ? in->kind : NULL, steps[i].kind) &&
            is_when(steps[i].signature, lives && in->has_signature) &&
            is_when(steps[i].past, past) && is_when(steps[i].open, in->open_tasks > 0))
            return steps[i].step;
    return ATTEMPT_FAILED;
}

/* Only its effects are missing. What was signed is finished whatever policy says today, so nothing but
 * the authority is needed. */
static bool finish_prepare(struct attempt *t)
{
    const Intent *in = t->intent;
    t->issuance_id = in->issuance_id;
    t->tbs = bytes_value(in->tbs);
    t->signature = bytes_value(in->signature);
    t->precertificate = is_word(in->kind, "precert");
    return signer_authority(in->ca_id, &t->signer.ca, &t->fault);
}

/* No row and no rule excuses a name below a public authority from proof. */
static bool proved(struct attempt *t)
{
    const Intent *in = t->intent;
    return !in->exempt || (in->has_public_ && !in->public_) ||
           fault_set(&t->fault, FAULT_INTERNAL, "public",
                     "%lld names below public authority %s count without proof",
                     (long long)in->exempt, in->ca_id);
}

static bool reserve_prepare(struct attempt *t, struct arena *a, struct instant now)
{
    t->sign_before = t->intent->sign_before ? instant_value(t->intent->sign_before) : now;
    if (!signer(t) || !validity_fill(t, now) || !transparency(t, now))
        return false;
    t->hash = leaf_template_algorithm(t->signer.template)->hash;
    t->hopeless = true; /* from here on nothing comes from outside */
    if (!proved(t) || !serial_fill(t, a, now) || !tbs_build(t, a, now))
        return false;
    t->hopeless = false;
    return true;
}

static bool unheard_of(struct attempt *t)
{
    const Intent *in = t->intent;
    return fault_set(&t->fault, FAULT_INTERNAL, "state",
                     "attempt %lld is %s with bytes of kind %s, %ssigned",
                     (long long)in->issuance_id, in->state ? in->state : "none",
                     in->kind ? in->kind : "none", in->has_signature ? "" : "not ");
}

static bool prepare(struct attempt *t, struct arena *a, struct instant now)
{
    switch (t->step) {
    case ATTEMPT_RESERVE: return reserve_prepare(t, a, now);
    case ATTEMPT_COMPLETE:
    case ATTEMPT_SIGN: return attempt_complete(t, a, now);
    case ATTEMPT_PRECERTIFY:
    case ATTEMPT_FINISH: return finish_prepare(t);
    case ATTEMPT_FAILED: return unheard_of(t);
    default: return true;
    }
}

void attempt_prepare(struct attempt *t, struct arena *a, struct instant now)
{
    t->step = step_of(t->intent, now);
    if (is_ghost(t->intent))
        t->ghost_id = t->intent->issuance_id;
    if (!prepare(t, a, now))
        t->step = ATTEMPT_FAILED;
}

bool attempt_assemble(struct attempt *t, struct arena *a)
{
    return certificate_assemble(a, t->tbs, t->signature, &t->der, &t->fault) &&
           certificate_compare(t->der, t->tbs, &t->fault) &&
           certificate_verify(t->der, t->signer.ca, &t->fault);
}
