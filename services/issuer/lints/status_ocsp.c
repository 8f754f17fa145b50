/* The fields of a ResponseData outside its one answer, RFC 6960 4.2.1 and RFC 5019 2.2. */
#include "lints/status_case.h"
#include "pki/digest.h"

static const struct key *signer_key(const struct status_case *c)
{
    return c->in->signer.size > 0 ? &c->signer.key : &c->in->issuer->key;
}

/* What cannot be read is signer_formed()'s. */
static bool signer_unknown(const struct status_case *c)
{
    return c->in->signer.size > 0 && !c->signer.formed;
}

/* v1 is the default, which DER leaves out (X.690 11.5). */
static bool version(struct status_case *c)
{
    return !c->ocsp.has_version || status_miss(c, "has a version, which v1 leaves out");
}

static bool algorithm_exact(struct status_case *c)
{
    return c->in->algorithm.size == 0 || signer_unknown(c) ||
           status_algorithm_fits(c->in->algorithm, signer_key(c)) ||
           status_miss(c, "the signature algorithm does not fit the signer's key");
}

/* Of who signs: its name, or the SHA-1 of its public key. */
static bool responder_exact(struct status_case *c)
{
    const struct ocsp *o = &c->ocsp;
    struct bytes subject =
        c->in->signer.size > 0 ? c->signer.certificate.subject : c->in->issuer->subject;
    uint8_t hash[SHA1_SIZE];

    if (signer_unknown(c))
        return true;
    digest_sha1(signer_key(c)->public_key, hash);
    if (o->by_key.data ? bytes_equal(o->by_key, (struct bytes){ hash, sizeof hash })
                       : bytes_equal(o->by_name, subject))
        return true;
    return status_miss(c, "responderID is not who signs");
}

/* RFC 5019 2.2.1: byKey, which is short. */
static bool responder_by_key(struct status_case *c)
{
    return c->ocsp.by_key.data || status_miss(c, "responderID is a name and no key");
}

static bool produced_past(struct status_case *c)
{
    return !instant_before(c->in->now, c->ocsp.produced) ||
           status_miss(c, "producedAt lies in the future");
}

static bool one_answer(struct status_case *c)
{
    return c->ocsp.count == 1 || status_miss(c, "has %zu answers", c->ocsp.count);
}

/* RFC 6960 4.4: of those of a whole response only the nonce is for clients of today. */
static bool extensions_known(struct status_case *c)
{
    struct der walk = c->ocsp.extensions.list;
    struct status_extension x;

    while (c->ocsp.extensions.present && status_extension_next(&walk, &x))
        if (!bytes_equal(x.oid, STATUS_OID_NONCE))
            return status_miss(c, "has an extension that is no nonce");
    return true;
}

static bool nonce(struct status_case *c)
{
    enum { NONCE_MAX = 128 };
    struct status_extension x;
    struct bytes value;

    if (!status_extension_find(&c->ocsp.extensions, STATUS_OID_NONCE, &x))
        return true;
    struct der all = der_open(x.value);
    return (!x.critical && der_take(&all, DER_OCTET_STRING, &value) && der_done(&all) &&
            value.size > 0 && value.size <= NONCE_MAX) ||
           status_miss(c, "the nonce is critical, malformed, or not of 1 to 128 octets");
}

// clang-format off
const struct status_lint status_ocsp_lints[] = {
    { "ocsp_version",          "RFC 6960 4.2.1",   STATUS_OCSP, NULL,            version },
    { "ocsp_algorithm_exact",  "BR 7.1.3.2",       STATUS_OCSP, NULL,            algorithm_exact },
    { "ocsp_responder_exact",  "RFC 6960 4.2.2.3", STATUS_OCSP, NULL,            responder_exact },
    { "ocsp_responder_by_key", "RFC 5019 2.2.1",   STATUS_OCSP, "ocsp.light",    responder_by_key },
    { "ocsp_produced_past",    "RFC 6960 4.2.2.1", STATUS_OCSP, NULL,            produced_past },
    { "ocsp_one_answer",       "RFC 5019 2.2.1",   STATUS_OCSP, NULL,            one_answer },
    { "ocsp_extensions_known", "RFC 6960 4.4",     STATUS_OCSP, NULL,            extensions_known },
    { "ocsp_nonce",            "RFC 9654 2.1",     STATUS_OCSP, NULL,            nonce },
    { 0 },
};
// clang-format on
