/* chancery lint of a CRL or an OCSP response. */
#include <string.h>

#include "lint.h"
#include "lint_rules.h"
#include "pki/certificate.h"

static void tell(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    lint_row(data, lint->name, lint->source, advice, why);
}

/* Of which certificates: --scope CA, or leaves. */
static enum status_kind kind_of(const char *scope, enum status_kind leaf, enum status_kind ca)
{
    return strcmp(scope, "CA") == 0 ? ca : leaf;
}

static bool input_read(struct inquiry *q, enum status_kind leaf, enum status_kind ca,
                       struct status_input *in, struct fault *f)
{
    const char *scope = command_option(q->run, "scope");
    scope = scope ? scope : "TLS";
    *in = (struct status_input){ .kind = kind_of(scope, leaf, ca),
                                 .issuer = &q->issuer,
                                 .now = q->at,
                                 .url = command_option(q->run, "url"),
                                 .issued = !command_option(q->run, "unassigned") };
    return lint_issuer(q, f) && lint_status_rules(&q->run->arena, &q->policy, scope, q->at, in, f);
}

bool lint_show_crl(struct inquiry *q, struct fault *f)
{
    struct status_input in;
    struct crl_parts crl;
    if (!crl_split(q->der, &crl, f) || !input_read(q, STATUS_CRL_LEAF, STATUS_CRL_CA, &in, f))
        return false;
    in.der = crl.tbs;
    in.algorithm = crl.algorithm;
    lint_signature(q, "crl_signature", "RFC 5280 5.1.1.3", &q->issuer.key, crl.algorithm, crl.tbs,
                   crl.signature);
    return status_each(&in, tell, q, f);
}

/* By whom: the certificate that comes along, whose signature is the authority's; or the authority. */
static void ocsp_signatures(struct inquiry *q, const struct ocsp_parts *ocsp)
{
    struct certificate signer;
    struct key key = q->issuer.key;
    struct fault f = { 0 };
    if (ocsp->certificates > 0 && certificate_read(ocsp->certificate, &signer, &f, "signer") &&
        key_read(signer.spki, &key, &f, "signer"))
        lint_signature(q, "ocsp_signer_signature", "RFC 6960 4.2.2.2", &q->issuer.key,
                       signer.algorithm, signer.tbs, signer.signature);
    lint_signature(q, "ocsp_signature", "RFC 6960 3.2", &key, ocsp->algorithm, ocsp->data,
                   ocsp->signature);
}

static bool crl_beside(struct inquiry *q, struct status_input *in, struct fault *f)
{
    const char *path = command_option(q->run, "crl");
    struct crl_parts crl;
    struct bytes der;
    if (!path)
        return true;
    if (!lint_file(&q->run->arena, path, &der, f) || !crl_split(der, &crl, f))
        return false;
    in->crl = crl.tbs;
    return true;
}

bool lint_show_ocsp(struct inquiry *q, struct fault *f)
{
    struct status_input in;
    struct ocsp_parts ocsp;
    if (!ocsp_split(q->der, &ocsp, f) || !input_read(q, STATUS_OCSP_LEAF, STATUS_OCSP_CA, &in, f) ||
        !crl_beside(q, &in, f))
        return false;
    in.der = ocsp.data;
    in.algorithm = ocsp.algorithm;
    in.signer = ocsp.certificate;
    in.certificates = ocsp.certificates;
    ocsp_signatures(q, &ocsp);
    return status_each(&in, tell, q, f);
}
