#include "x509/ca_certificate.h"

#include "pki/der.h"
#include "pki/digest.h"
#include "x509/extension.h"
#include "x509/subject.h"

/* TLS BR 7.1.2.10.2 */
static bool add_subject(struct text *t, const struct ca_request *r, struct fault *f)
{
    const struct subject_attribute attributes[] = { { SUBJECT_COUNTRY, r->country },
                                                    { SUBJECT_ORGANIZATION, r->organization },
                                                    { SUBJECT_COMMON_NAME, r->common_name } };

    return subject_add(t, attributes, sizeof attributes / sizeof *attributes, f);
}

/* What only a CA below a root has: TLS BR 7.1.2.6.1 and 7.1.2.10. */
static bool add_issued_extensions(struct text *t, const struct ca_request *r, struct fault *f)
{
    if (!extension_ext_key_usage(t, r->purposes, r->purpose_count, f) ||
        !extension_policies(t, r->policy_oids, r->policy_count, f))
        return false;
    extension_authority_info(t, r->ocsp_url, r->ca_issuers_url);
    if (r->crl_url)
        extension_crl_distribution(t, r->crl_url);
    return true;
}

static bool add_extensions(struct text *t, const struct ca_request *r, struct bytes key_id,
                           struct fault *f)
{
    size_t explicit = der_begin(t, DER_CONTEXT_OF(3)), list = der_begin(t, DER_SEQUENCE);

    /* a root has no path length (TLS BR 7.1.2.1.4), and below it only leaves are signed */
    extension_basic_constraints(t, true, r->issuer ? 0 : -1);
    /* digitalSignature: it signs answers about what it issued itself (TLS BR 7.1.2.10.7, adr 0019) */
    extension_key_usage(t, USAGE_DIGITAL_SIGNATURE | USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN);
    extension_subject_key_id(t, key_id);
    extension_authority_key_id(t, r->issuer ? r->issuer->key_id : key_id);
    if (r->issuer && !add_issued_extensions(t, r, f))
        return false;
    der_end(t, list);
    der_end(t, explicit);
    return true;
}

static void add_validity(struct text *t, const struct ca_request *r)
{
    size_t list = der_begin(t, DER_SEQUENCE);

    der_add_time(t, r->not_before);
    der_add_time(t, r->not_after);
    der_end(t, list);
}

bool ca_certificate_build(const struct ca_request *request, const struct sign_algorithm *algorithm,
                          struct arena *a, struct bytes *tbs, struct fault *f)
{
    uint8_t key_id[SHA1_SIZE]; /* RFC 5280 4.2.1.2 (1) */
    struct key key;
    struct text t;

    if (!key_read(request->spki, &key, f, "key"))
        return false;
    digest_sha1(key.public_key, key_id);
    text_init(&t, a);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, DER_BYTES("\xa0\x03\x02\x01\x02")); /* [0] version v3 */
    der_add_unsigned(&t, DER_INTEGER, request->serial);
    der_add_raw(&t, algorithm->der);
    if (request->issuer)
        der_add_raw(&t, request->issuer->subject);
    else if (!add_subject(&t, request, f))
        return false;
    add_validity(&t, request);
    if (!add_subject(&t, request, f))
        return false;
    der_add_raw(&t, request->spki);
    if (!add_extensions(&t, request, (struct bytes){ key_id, sizeof key_id }, f))
        return false;
    der_end(&t, list);
    *tbs = der_written(&t);
    return true;
}
