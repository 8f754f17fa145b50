#include "x509/ca_certificate.h"

#include "pki/digest.h"
#include "x509/extension.h"
#include "x509/oid.h"

static void add_attribute(struct text *t, struct bytes oid, unsigned tag, const char *value)
{
    size_t set = der_begin(t, DER_SET), attribute = der_begin(t, DER_SEQUENCE);

    der_add(t, DER_OID, oid);
    der_add_text(t, tag, value);
    der_end(t, attribute);
    der_end(t, set);
}

/* TLS BR 7.1.2.10.2 and the order of 7.1.4.2. */
static void add_subject(struct text *t, const struct ca_request *r)
{
    size_t name = der_begin(t, DER_SEQUENCE);

    add_attribute(t, OID_COUNTRY, DER_PRINTABLE_STRING, r->country);
    add_attribute(t, OID_ORGANIZATION, DER_UTF8_STRING, r->organization);
    add_attribute(t, OID_COMMON_NAME, DER_UTF8_STRING, r->common_name);
    der_end(t, name);
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
    extension_key_usage(t, USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN);
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
    else
        add_subject(&t, request);
    add_validity(&t, request);
    add_subject(&t, request);
    der_add_raw(&t, request->spki);
    if (!add_extensions(&t, request, (struct bytes){ key_id, sizeof key_id }, f))
        return false;
    der_end(&t, list);
    *tbs = der_written(&t);
    return true;
}
