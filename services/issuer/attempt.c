#include "attempt.h"

#include <string.h>

#include "common.pb-c.h"
#include "issuer.h"
#include "lints/lint.h"
#include "message/convert.h"
#include "pki/csr.h"
#include "pki/digest.h"
#include "x509/certificate.h"

/* Bytes that were given back unsigned are signed again only while their notBefore is fresh, and while
 * their validity is one that policy still allows. */
#define RESUME_LIFE seconds(60 * 60)

static struct instant earlier(struct instant a, struct instant b)
{
    return instant_before(a, b) ? a : b;
}

/* ---- the new certificate's fields */

/* BR 6.3.2: both ends are included, so the last second is one before the full days. Cut to what
 * policy advises on the day, to the order, and to the authority itself. */
static bool validity_fill(struct attempt *t, struct instant now)
{
    const Intent *in = t->intent;
    if (!in->has_validity_advised_days || !in->has_validity_max_days)
        return fault_set(&t->fault, FAULT_INTERNAL, "validity", "policy has no rule for today");
    struct duration backdate = seconds(t->signer.profile->profile->backdate_seconds);
    t->not_before = instant_from_unix((now.us - backdate.us) / 1000000);
    struct instant end = instant_add(t->not_before, days(in->validity_advised_days));
    end = earlier(end, instant_value(in->valid_till));
    if (in->cert_not_after)
        end = earlier(end, instant_value(in->cert_not_after));
    end = earlier(end, t->signer.ca->not_after);
    t->not_after = instant_from_unix(end.us / 1000000 - 1);
    return instant_before(now, t->not_after) ||
           fault_set(&t->fault, FAULT_INTERNAL, "not_after",
                     "the certificate would have expired already");
}

static bool serial_fill(struct attempt *t, struct arena *a)
{
    uint8_t serial[SERIAL_SIZE];
    serial_make(serial);
    t->serial = (struct bytes){ arena_copy(a, serial, sizeof serial), sizeof serial };
    return ids_next(issuer.issuance_ids, &t->issuance_id, &t->fault);
}

static bool lint(struct attempt *t, const struct leaf_request *request, struct instant now)
{
    const struct lint_value values[] = { { "validity_max", t->intent->validity_max_days } };
    struct lint_input in = { .tbs = t->tbs,
                             .ca = t->signer.ca,
                             .now = now,
                             .names = request->names,
                             .name_count = request->name_count,
                             .spki = request->key->spki };
    return lint_tbs(&in, t->signer.profile->profile, values, 1, &t->fault);
}

static bool tbs_build(struct attempt *t, struct arena *a, struct instant now)
{
    struct csr csr;
    const Intent *in = t->intent;
    if (!csr_read_form(bytes_value(in->csr), &csr, &t->fault) ||
        !key_check(&csr.key, &t->fault, "csr"))
        return false;
    struct leaf_request request = { .names = (const char *const *)in->names,
                                    .name_count = in->n_names,
                                    .common_name = in->common_name,
                                    .key = &csr.key,
                                    .serial = t->serial,
                                    .not_before = t->not_before,
                                    .not_after = t->not_after };
    return leaf_build(t->signer.template, &request, a, &t->tbs, &t->fault) &&
           lint(t, &request, now);
}

static bool signer(struct attempt *t)
{
    const struct policy *policy;
    const Intent *in = t->intent;
    if (!policy_version_get(in->policy_version, &policy, &t->fault))
        return false;
    struct signer_wanted wanted = { .rule_scope = in->rule_scope,
                                    .product = in->product_name_id,
                                    .option = in->profile_option,
                                    .ca_id = in->ca_id,
                                    .hash = in->signature_hash };
    return signer_find(policy, &wanted, &t->signer, &t->fault);
}

/* ---- what is to be done */

static bool fresh(const Intent *in, struct instant now)
{
    if (!in->issuance_not_before || !in->issuance_not_after || !in->has_validity_max_days)
        return false;
    struct instant begin = instant_value(in->issuance_not_before),
                   end = instant_value(in->issuance_not_after);
    return instant_before(now, instant_add(begin, RESUME_LIFE)) &&
           instant_since(end, begin).us < days(in->validity_max_days).us;
}

/* The living attempt of an earlier lease. Signed: only its effects are missing. Put back by its
 * holder: the same bytes may be signed. Otherwise its lease died, and nobody knows whether the
 * token signed: the serial is a ghost. */
static void living(struct attempt *t, struct instant now)
{
    const Intent *in = t->intent;
    bool signed_ = in->has_signature;
    t->step = signed_                        ? ATTEMPT_FINISH
              : in->resume && fresh(in, now) ? ATTEMPT_SIGN
                                             : ATTEMPT_RESERVE;
    if (t->step == ATTEMPT_RESERVE) {
        t->ghost_id = in->issuance_id;
        return;
    }
    t->issuance_id = in->issuance_id;
    t->serial = bytes_value(in->issuance_serial);
    t->tbs = bytes_value(in->tbs);
    t->signature = bytes_value(in->signature);
    t->not_before = instant_value(in->issuance_not_before);
    t->not_after = instant_value(in->issuance_not_after);
}

static enum attempt_step step_of(const Intent *in)
{
    if (in->has_held && in->held)
        return ATTEMPT_HELD;
    if (in->has_issuance_id && in->has_signature && strcmp(in->status, "pending") == 0)
        return ATTEMPT_FINISH;
    if (strcmp(in->status, "pending") != 0)
        return ATTEMPT_OVER;
    return in->open_tasks ? ATTEMPT_OPEN : ATTEMPT_RESERVE;
}

void attempt_prepare(struct attempt *t, struct arena *a, struct instant now)
{
    const Intent *in = t->intent;
    t->step = step_of(in);
    if (t->step == ATTEMPT_OVER || t->step == ATTEMPT_OPEN || t->step == ATTEMPT_HELD)
        return;
    t->sign_before = in->sign_before ? instant_value(in->sign_before) : now;
    if (in->has_issuance_id)
        living(t, now);
    bool ok = signer(t);
    if (ok && !in->may_sign && t->step != ATTEMPT_FINISH)
        ok = fault_set(&t->fault, FAULT_INTERNAL, "may_sign", "authority %s may not sign",
                       in->ca_id);
    if (ok && t->step == ATTEMPT_RESERVE)
        ok = validity_fill(t, now) && serial_fill(t, a) && tbs_build(t, a, now);
    if (!ok)
        t->step = ATTEMPT_FAILED;
}

/* ---- rows */

Reservation *attempt_reservation(const struct attempt *t, struct arena *a, struct instant now)
{
    uint8_t hash[SHA256_SIZE];
    Reservation *r = arena_new(a, Reservation);
    reservation__init(r);
    digest_sha256(t->tbs, hash);
    r->issuance_id = t->issuance_id;
    r->order_id = t->intent->order_id;
    r->account_id = t->intent->account_id;
    r->job_id = t->intent->job_id;
    r->job_epoch = t->intent->job_epoch;
    r->ca_id = t->intent->ca_id;
    r->serial = bytes_message(a, t->serial);
    r->not_before = instant_message(a, t->not_before);
    r->not_after = instant_message(a, t->not_after);
    r->tbs = bytes_message(a, t->tbs);
    r->tbs_sha256 = bytes_message(a, (struct bytes){ hash, sizeof hash });
    r->policy_version = t->intent->policy_version;
    r->profile_sha256 = bytes_message(a, t->signer.profile->sha256);
    r->now = instant_message(a, now);
    return r;
}

SignedCertificate *attempt_finished(const struct attempt *t, struct arena *a, struct instant now)
{
    uint8_t thumbprint[SHA1_SIZE];
    SignedCertificate *c = arena_new(a, SignedCertificate);
    signed_certificate__init(c);
    digest_sha1(t->der, thumbprint);
    c->issuance_id = t->issuance_id;
    c->order_id = t->intent->order_id;
    c->account_id = t->intent->account_id;
    c->job_id = t->intent->job_id;
    c->job_epoch = t->intent->job_epoch;
    c->ca_id = t->intent->ca_id;
    c->serial = bytes_message(a, t->serial);
    c->thumbprint = bytes_message(a, (struct bytes){ thumbprint, sizeof thumbprint });
    c->not_before = instant_message(a, t->not_before);
    c->not_after = instant_message(a, t->not_after);
    c->signature = bytes_message(a, t->signature);
    c->der = bytes_message(a, t->der);
    c->awaited = t->item && t->item->waiter;
    c->now = instant_message(a, now);
    return c;
}

bool attempt_assemble(struct attempt *t, struct arena *a)
{
    t->der =
        certificate_assemble(a, t->tbs, leaf_template_algorithm(t->signer.template), t->signature);
    return certificate_compare(t->der, t->tbs, &t->fault) &&
           certificate_verify(t->der, t->signer.ca, &t->fault);
}
