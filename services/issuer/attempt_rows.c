/* What C2, S, P and C3 store of an attempt. */
#include "attempt.h"
#include "common.pb-c.h"
#include "message/convert.h"
#include "pki/digest.h"

/* "{1,2}" */
static char *facts_text(struct arena *a, const int64_t *ids, size_t count)
{
    struct text t;
    text_init(&t, a);
    text_add_char(&t, '{');
    for (size_t i = 0; i < count; i++)
        text_format(&t, "%s%lld", i ? "," : "", (long long)ids[i]);
    text_add_char(&t, '}');
    return t.data;
}

static char *warnings_text(const struct lint_found *warnings, struct arena *a)
{
    struct text t;
    if (warnings->count == 0)
        return NULL;
    text_init(&t, a);
    for (size_t i = 0; i < warnings->count; i++)
        text_format(&t, "%c%s", i ? ',' : '{', warnings->names[i]);
    text_add_char(&t, '}');
    return t.data;
}

Reservation *attempt_reservation(const struct attempt *t, struct arena *a, struct instant now)
{
    uint8_t hash[SHA256_SIZE];
    Reservation *r = arena_new(a, Reservation);
    reservation__init(r);
    digest_sha256(t->tbs, hash);
    r->issuance_id = t->issuance_id;
    r->request_id = t->intent->request_id;
    r->account_id = t->intent->account_id;
    r->job_id = t->intent->job_id;
    r->job_epoch = t->intent->job_epoch;
    r->ca_id = t->intent->ca_id;
    r->serial = bytes_message(a, t->serial);
    r->shard = (int32_t)serial_shard(t->serial, t->signer.profile->profile->crl_shards);
    r->not_before = instant_message(a, t->not_before);
    r->not_after = instant_message(a, t->not_after);
    r->tbs = bytes_message(a, t->tbs);
    r->tbs_sha256 = bytes_message(a, (struct bytes){ hash, sizeof hash });
    r->policy_version = t->intent->policy_version;
    r->profile_sha256 = bytes_message(a, t->signer.profile->sha256);
    r->evidence = facts_text(a, t->intent->evidence, t->intent->n_evidence);
    r->caa_checks = facts_text(a, t->intent->caa_checks, t->intent->n_caa_checks);
    r->lints = (int32_t)t->linted.held;
    r->lint_warnings = warnings_text(&t->linted.warnings, a);
    r->now = instant_message(a, now);
    r->kind = arena_strdup(a, t->precertificate ? "precert" : "final");
    return r;
}

Completion *attempt_completion(const struct attempt *t, struct arena *a)
{
    uint8_t hash[SHA256_SIZE];
    Completion *c = arena_new(a, Completion);
    completion__init(c);
    digest_sha256(t->tbs, hash);
    c->issuance_id = t->issuance_id;
    c->tbs = bytes_message(a, t->tbs);
    c->tbs_sha256 = bytes_message(a, (struct bytes){ hash, sizeof hash });
    return c;
}

SignedPrecertificate *attempt_precertified(const struct attempt *t, struct arena *a,
                                           struct instant now)
{
    uint8_t hash[SHA256_SIZE];
    SignedPrecertificate *c = arena_new(a, SignedPrecertificate);
    signed_precertificate__init(c);
    digest_sha256(t->der, hash);
    c->issuance_id = t->issuance_id;
    c->order_id = t->intent->order_id;
    c->request_id = t->intent->request_id;
    c->job_id = t->intent->job_id;
    c->job_epoch = t->intent->job_epoch;
    c->signature = bytes_message(a, t->signature);
    c->der = bytes_message(a, t->der);
    c->der_sha256 = bytes_message(a, (struct bytes){ hash, sizeof hash });
    c->complete_hours = attempt_complete_hours();
    c->now = instant_message(a, now);
    return c;
}

ProtobufCBinaryData attempt_tbs_sha256(const struct attempt *t, struct arena *a)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256(t->tbs, hash);
    return bytes_message(a, (struct bytes){ hash, sizeof hash });
}

SignedCertificate *attempt_finished(const struct attempt *t, struct arena *a, struct instant now)
{
    uint8_t thumbprint[SHA1_SIZE], hash[SHA256_SIZE];
    SignedCertificate *c = arena_new(a, SignedCertificate);
    signed_certificate__init(c);
    digest_sha1(t->der, thumbprint);
    digest_sha256(t->der, hash);
    c->issuance_id = t->issuance_id;
    c->order_id = t->intent->order_id;
    c->job_id = t->intent->job_id;
    c->job_epoch = t->intent->job_epoch;
    c->thumbprint = bytes_message(a, (struct bytes){ thumbprint, sizeof thumbprint });
    c->signature = bytes_message(a, t->signature);
    c->der = bytes_message(a, t->der);
    c->der_sha256 = bytes_message(a, (struct bytes){ hash, sizeof hash });
    c->tbs_sha256 = attempt_tbs_sha256(t, a);
    c->awaited = t->item && t->item->waiter;
    c->now = instant_message(a, now);
    return c;
}
