/* Who signs an OCSP response: the authority itself, or whom it lets sign (RFC 6960 4.2.2.2, BR 7.1.2.8). */
#include "lints/status_case.h"

static bool has_signer(const struct status_case *c)
{
    return c->signer.formed;
}

static bool signer_formed(struct status_case *c)
{
    return c->in->signer.size == 0 || c->signer.formed ||
           status_miss(c, "the certificate of who signs is malformed");
}

/* The one of who signs, or none: the authority's the client has. */
static bool certificates_few(struct status_case *c)
{
    size_t wanted = c->in->signer.size > 0 ? 1 : 0;

    return c->in->certificates == wanted ||
           status_miss(c, "%zu certificates are sent along and not %zu", c->in->certificates,
                       wanted);
}

static bool signer_issuer(struct status_case *c)
{
    return !has_signer(c) || bytes_equal(c->signer.certificate.issuer, c->in->issuer->subject) ||
           status_miss(c, "who signs has its certificate from another authority");
}

static bool find(const struct status_case *c, struct bytes oid, struct bytes *value, bool *critical)
{
    return certificate_extension(&c->signer.certificate, oid, value, critical);
}

static bool signer_purpose(struct status_case *c)
{
    struct bytes value, purpose;
    struct der list;
    bool critical;

    if (!has_signer(c))
        return true;
    if (!find(c, STATUS_OID_EXT_KEY_USAGE, &value, &critical))
        return status_miss(c, "who signs has no extKeyUsage");
    struct der all = der_open(value);
    return (der_enter(&all, DER_SEQUENCE, &list) && der_done(&all) &&
            der_take(&list, DER_OID, &purpose) && der_done(&list) &&
            bytes_equal(purpose, STATUS_OID_OCSP_SIGNING)) ||
           status_miss(c, "who signs has another purpose than OCSPSigning alone");
}

static bool signer_usage(struct status_case *c)
{
    struct bytes value;
    bool critical;

    if (!has_signer(c))
        return true;
    return (find(c, STATUS_OID_KEY_USAGE, &value, &critical) && critical &&
            bytes_equal(value, DER_BYTES("\x03\x02\x07\x80"))) ||
           status_miss(c, "who signs has not the critical keyUsage digitalSignature alone");
}

static bool signer_no_check(struct status_case *c)
{
    struct bytes value;
    bool critical;

    if (!has_signer(c))
        return true;
    return (find(c, STATUS_OID_NO_CHECK, &value, &critical) && !critical &&
            bytes_equal(value, DER_BYTES("\x05\x00"))) ||
           status_miss(c, "who signs has no id-pkix-ocsp-nocheck");
}

static bool signer_current(struct status_case *c)
{
    const struct certificate *s = &c->signer.certificate;

    return !has_signer(c) ||
           (!instant_before(c->ocsp.produced, s->not_before) &&
            !instant_before(s->not_after, c->ocsp.produced)) ||
           status_miss(c, "who signs has a certificate that does not hold at producedAt");
}

/* The answer ends with the certificate of who has signed it. */
static bool signer_outlives(struct status_case *c)
{
    struct instant end =
        c->in->signer.size > 0 ? c->signer.certificate.not_after : c->in->issuer->not_after;

    if (c->ocsp.count == 0 || !c->ocsp.single.has_next_update ||
        (c->in->signer.size > 0 && !has_signer(c)))
        return true;
    return !instant_before(end, c->ocsp.single.next_update) ||
           status_miss(c, "nextUpdate lies after the end of who signs");
}

// clang-format off
const struct status_lint status_signer_lints[] = {
    { "ocsp_signer_formed",    "RFC 5280 4.1",     STATUS_OCSP, NULL, signer_formed },
    { "ocsp_certificates_few", "RFC 5019 2.2.1",   STATUS_OCSP, NULL, certificates_few },
    { "ocsp_signer_issuer",    "RFC 6960 4.2.2.2", STATUS_OCSP, NULL, signer_issuer },
    { "ocsp_signer_purpose",   "BR 7.1.2.8.5",     STATUS_OCSP, NULL, signer_purpose },
    { "ocsp_signer_usage",     "BR 7.1.2.8.6",     STATUS_OCSP, NULL, signer_usage },
    { "ocsp_signer_no_check",  "BR 7.1.2.8",       STATUS_OCSP, NULL, signer_no_check },
    { "ocsp_signer_current",   "RFC 6960 4.2.2.2", STATUS_OCSP, NULL, signer_current },
    { "ocsp_signer_outlives",  "MRSP 6",           STATUS_OCSP, NULL, signer_outlives },
    { 0 },
};
// clang-format on
