#include "pki/csr.h"

#include "pki/ber.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/pem.h"

static const char field[] = "certificate.csr";

static bool fail(struct fault *f, const char *detail)
{
    return fault_set(f, FAULT_CSR, field, "%s", detail);
}

/* Whether it has the form of a private key: PKCS #8 (RFC 5958), also encrypted, PKCS #1 (RFC 8017
 * A.1.2), of an elliptic curve (RFC 5915), or DSA's. A public one has no OCTET STRING and at most
 * two numbers. */
static bool is_private_key(struct bytes der)
{
    struct der all = der_open(der), list;
    unsigned version;
    size_t numbers = 0;

    if (!der_enter(&all, DER_SEQUENCE, &list))
        return false;
    if (der_take_small(&list, &version)) {
        while (der_take(&list, DER_INTEGER, NULL))
            numbers++;
        if (numbers == 0 && der_at(&list, DER_SEQUENCE))
            der_next(&list, NULL, NULL, NULL);
    } else if (!der_take(&list, DER_SEQUENCE, NULL)) {
        return false;
    }
    return numbers >= 4 || (numbers == 0 && der_at(&list, DER_OCTET_STRING));
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

/* The same for what it holds. */
static bool fail_inside(struct bytes der, struct fault *f)
{
    if (is_private_key(der))
        return fail(f, "is a private key, which is thereby disclosed: make a new one");
    return fail(f, "is no certificate request");
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
    if (der.size > CSR_SIZE_MAX)
        return fault_set(f, FAULT_CSR, field, "is larger than %d bytes", CSR_SIZE_MAX);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all))
        return fail_outside(der, f);
    if (!der_take_whole(&list, DER_SEQUENCE, &out->tbs) ||
        !der_take_whole(&list, DER_SEQUENCE, &algorithm) ||
        !der_take_bits(&list, &out->signature) || !der_done(&list))
        return fail_inside(der, f);
    if (!read_info(out, f) || !signature_proof_read(algorithm, &out->algorithm, f, field))
        return false;
    digest_sha256(der, out->sha256);
    digest_sha256(out->key.spki, out->spki_sha256);
    return true;
}

/* Proof of possession (TLS BR 3.2.1) */
static bool signed_by_own_key(const struct csr *csr, const char *otherwise, struct fault *f)
{
    if (csr->algorithm.type != csr->key.type)
        return fail(f, "has a signature algorithm that does not go with its key");
    AUTO(EVP_PKEY) key = key_evp(&csr->key);
    if (!key)
        return fail(f, "has a key that is no point on its curve");
    return signature_verify(&csr->algorithm, key, csr->tbs, csr->signature) || fail(f, otherwise);
}

static bool hash_permitted(const struct csr *csr, struct csr_rules rules, struct fault *f)
{
    return rules.sha1 || !signature_is_sha1(&csr->algorithm) ||
           signature_hash_refuse(&csr->algorithm, f, field);
}

static bool read_signed(struct bytes der, const char *otherwise, struct csr_rules rules,
                        struct csr *out, struct fault *f)
{
    return csr_read_form(der, out, f) && hash_permitted(out, rules, f) &&
           key_check(&out->key, f, field) && signed_by_own_key(out, otherwise, f);
}

bool csr_read(struct bytes der, struct csr_rules rules, struct csr *out, struct fault *f)
{
    return read_signed(der, "is not signed by its own key", rules, out, f);
}

bool csr_read_text(struct arena *a, const char *text, struct csr_rules rules, struct csr *out,
                   struct fault *f)
{
    struct bytes given, der;

    if (!pem_read_csr(a, text, &given, f))
        return false;
    if (given.size > CSR_SIZE_MAX || !ber_to_der(a, given, &der) || bytes_equal(given, der))
        return csr_read(given, rules, out, f);
    return read_signed(der,
                       "is BER and not DER, and its signature is not over the DER of its content "
                       "(RFC 2986 4.2)",
                       rules, out, f);
}
