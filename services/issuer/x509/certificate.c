#include "x509/certificate.h"

#include "pki/der.h"
#include "pki/signature.h"
#include "x509/tbs.h"

bool certificate_assemble(struct arena *a, struct bytes tbs, struct bytes signature,
                          struct bytes *out, struct fault *f)
{
    struct tbs read;
    struct text t;

    if (!tbs_read(tbs, &read, f))
        return false;
    text_init(&t, a);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, tbs);
    der_add_raw(&t, read.algorithm);
    der_add_bits(&t, signature);
    der_end(&t, list);
    *out = der_written(&t);
    return true;
}

bool certificate_compare(struct bytes der, struct bytes tbs, struct fault *f)
{
    struct certificate_parts c;
    struct tbs read;

    if (!certificate_split(der, &c, f) || !tbs_read(c.tbs, &read, f))
        return false;
    if (!bytes_equal(c.tbs, tbs))
        return fault_set(f, FAULT_INTERNAL, NULL, "the certificate differs from its stored bytes");
    /* RFC 5280 4.1.1.2 */
    return bytes_equal(c.algorithm, read.algorithm) ||
           fault_set(f, FAULT_INTERNAL, NULL, "the certificate has two signature algorithms");
}

bool certificate_verify(struct bytes der, const struct ca *issuer, struct fault *f)
{
    struct signature_algorithm algorithm;
    struct certificate_parts c;

    if (!certificate_split(der, &c, f) ||
        !signature_algorithm_read(c.algorithm, &algorithm, f, NULL))
        return false;
    return (algorithm.type == issuer->public.type &&
            signature_verify(&algorithm, issuer->verifier, c.tbs, c.signature)) ||
           fault_set(f, FAULT_INTERNAL, NULL, "the signature is not one of the key of %s",
                     issuer->name);
}
