#include "pki/csr.h"

#include "pki/der.h"
#include "pki/evp.h"
#include "pki/pem.h"

static const char field[] = "certificate.csr";

static bool fail(struct fault *f, const char *detail)
{
    return fault_set(f, FAULT_CSR, field, "%s", detail);
}

/* Why the outermost value cannot be taken: the usual accident is a part that got lost. */
static bool fail_outside(struct bytes der, struct fault *f)
{
    struct der all = der_open(der);
    struct bytes whole;

    if (!der_at(&all, DER_SEQUENCE))
        return fail(f, "is no certificate request");
    if (!der_next(&all, NULL, NULL, &whole))
        return fail(f, "is truncated");
    return fault_set(f, FAULT_CSR, field, "has %zu bytes after its end", der.size - whole.size);
}

/* Attributes ::= SET OF SEQUENCE { type OID, values SET SIZE (1..MAX) OF ANY } */
static bool attributes_formed(struct bytes content)
{
    struct der all = der_open(content), attribute, values;

    while (!der_done(&all)) {
        if (!der_enter(&all, DER_SEQUENCE, &attribute) || !der_take(&attribute, DER_OID, NULL) ||
            !der_enter(&attribute, DER_SET, &values) || !der_done(&attribute) || der_done(&values))
            return false;
        while (!der_done(&values))
            if (!der_next(&values, NULL, NULL, NULL))
                return false;
    }
    return true;
}

/* CertificationRequestInfo (RFC 2986 4.1). Some clients leave empty attributes out, against the
 * standard; nothing hangs on them, so that is accepted. */
static bool read_info(struct csr *out, struct fault *f)
{
    struct der all = der_open(out->tbs), info;
    struct bytes spki;
    unsigned version;

    if (!der_enter(&all, DER_SEQUENCE, &info) || !der_take_small(&info, &version))
        return fail(f, "is no certificate request");
    if (version != 0)
        return fail(f, "is of an unknown version");
    if (!der_take_whole(&info, DER_SEQUENCE, &out->subject))
        return fail(f, "has a malformed subject");
    if (!der_take_whole(&info, DER_SEQUENCE, &spki))
        return fail(f, "has a malformed public key");
    if ((der_at(&info, DER_CONTEXT_OF(0)) &&
         !der_take(&info, DER_CONTEXT_OF(0), &out->attributes)) ||
        !der_done(&info) || !attributes_formed(out->attributes))
        return fail(f, "has malformed attributes");
    return key_read(spki, &out->key, f, field);
}

/* CertificationRequest (RFC 2986 4.2) */
bool csr_read_form(struct bytes der, struct csr *out, struct fault *f)
{
    struct der all = der_open(der), list;
    struct bytes algorithm;

    *out = (struct csr){ .der = der };
    if (der.size > PEM_SIZE_MAX)
        return fail(f, "is larger than 16 KB");
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all))
        return fail_outside(der, f);
    if (!der_take_whole(&list, DER_SEQUENCE, &out->tbs) ||
        !der_take_whole(&list, DER_SEQUENCE, &algorithm) ||
        !der_take_bits(&list, &out->signature) || !der_done(&list))
        return fail(f, "is no certificate request");
    if (!read_info(out, f) || !signature_algorithm_read(algorithm, &out->algorithm, f, field))
        return false;
    digest_sha256(der, out->sha256);
    digest_sha256(out->key.spki, out->spki_sha256);
    return true;
}

/* Proof of possession (TLS BR 3.2.1) */
static bool signed_by_own_key(const struct csr *csr, struct fault *f)
{
    if (csr->algorithm.type != csr->key.type)
        return fail(f, "has a signature algorithm that does not go with its key");
    AUTO(EVP_PKEY) key = key_evp(&csr->key);
    if (!key)
        return fail(f, "has a key that is no point on its curve");
    if (!signature_verify(&csr->algorithm, key, csr->tbs, csr->signature))
        return fail(f, "is not signed by its own key");
    return true;
}

bool csr_read(struct bytes der, struct csr *out, struct fault *f)
{
    return csr_read_form(der, out, f) && key_check(&out->key, f, field) &&
           signed_by_own_key(out, f);
}

bool csr_read_text(struct arena *a, const char *text, struct csr *out, struct fault *f)
{
    struct bytes der;

    return pem_read_csr(a, text, &der, f) && csr_read(der, out, f);
}
