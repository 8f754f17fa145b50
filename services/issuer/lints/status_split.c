/* What others get, in its parts: CertificateList (RFC 5280 5.1) and OCSPResponse (RFC 6960 4.2.1); and who
 * has signed it. */
#include "lints/status_lint.h"
#include "pki/certificate.h"
#include "pki/der.h"

#define BASIC DER_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x01") /* id-pkix-ocsp-basic */
#define SKI   DER_BYTES("\x55\x1d\x0e")

enum { SUCCESSFUL = 0 };

bool crl_split(struct bytes der, struct crl_parts *out, struct fault *f)
{
    struct der all = der_open(der), c;

    if (!der_enter(&all, DER_SEQUENCE, &c) || !der_done(&all) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->tbs) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->algorithm) || !der_take_bits(&c, &out->signature) ||
        !der_done(&c))
        return fault_set(f, FAULT_INVALID, NULL, "is no CertificateList in DER");
    return true;
}

static bool read_certificates(struct der *c, struct ocsp_parts *out)
{
    struct der explicit, list;

    if (der_done(c))
        return true;
    if (!der_enter(c, DER_CONTEXT_OF(0), &explicit) || !der_enter(&explicit, DER_SEQUENCE, &list) ||
        !der_done(&explicit) || !der_done(c))
        return false;
    for (struct bytes one; !der_done(&list); out->certificates++) {
        if (!der_take_whole(&list, DER_SEQUENCE, &one))
            return false;
        if (out->certificates == 0)
            out->certificate = one;
    }
    return true;
}

static bool basic_split(struct bytes der, struct ocsp_parts *out)
{
    struct der all = der_open(der), c;

    return der_enter(&all, DER_SEQUENCE, &c) && der_done(&all) &&
           der_take_whole(&c, DER_SEQUENCE, &out->data) &&
           der_take_whole(&c, DER_SEQUENCE, &out->algorithm) &&
           der_take_bits(&c, &out->signature) && read_certificates(&c, out);
}

static bool response_bytes(struct der *c, struct bytes *type, struct bytes *response)
{
    struct der explicit, inside;

    return der_enter(c, DER_CONTEXT_OF(0), &explicit) &&
           der_enter(&explicit, DER_SEQUENCE, &inside) && der_done(&explicit) &&
           der_take(&inside, DER_OID, type) && der_take(&inside, DER_OCTET_STRING, response) &&
           der_done(&inside) && der_done(c);
}

bool ocsp_split(struct bytes der, struct ocsp_parts *out, struct fault *f)
{
    struct der all = der_open(der), c;
    struct bytes status, type, response;

    *out = (struct ocsp_parts){ 0 };
    if (!der_enter(&all, DER_SEQUENCE, &c) || !der_done(&all) ||
        !der_take(&c, DER_ENUMERATED, &status) || status.size != 1)
        return fault_set(f, FAULT_INVALID, NULL, "is no OCSPResponse in DER");
    if (status.data[0] != SUCCESSFUL)
        return fault_set(f, FAULT_INVALID, NULL, "has responseStatus %u, and so no answer",
                         status.data[0]);
    if (!response_bytes(&c, &type, &response))
        return fault_set(f, FAULT_INVALID, NULL, "is no OCSPResponse in DER");
    if (!bytes_equal(type, BASIC))
        return fault_set(f, FAULT_INVALID, NULL,
                         "has a responseType that is not id-pkix-ocsp-basic");
    return basic_split(response, out) ||
           fault_set(f, FAULT_INVALID, NULL, "has no BasicOCSPResponse in DER");
}

bool status_issuer_read(struct bytes certificate, struct status_issuer *out, struct fault *f)
{
    struct certificate c;
    struct bytes value;
    struct der all;
    bool critical;

    if (!certificate_read(certificate, &c, f, "issuer") ||
        !key_read(c.spki, &out->key, f, "issuer"))
        return false;
    out->subject = c.subject;
    out->not_before = c.not_before;
    out->not_after = c.not_after;
    if (!certificate_extension(&c, SKI, &value, &critical))
        return fault_set(f, FAULT_INVALID, "issuer", "has no subjectKeyIdentifier");
    all = der_open(value);
    return (der_take(&all, DER_OCTET_STRING, &out->key_id) && der_done(&all)) ||
           fault_set(f, FAULT_INVALID, "issuer", "has a malformed subjectKeyIdentifier");
}
