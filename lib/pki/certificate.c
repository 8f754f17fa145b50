#include "pki/certificate.h"

#include "pki/der.h"
#include "pki/dn.h"

/* Validity ::= SEQUENCE { notBefore Time, notAfter Time } */
static bool take_validity(struct der *c, struct certificate *out)
{
    struct der list;

    return der_enter(c, DER_SEQUENCE, &list) && der_take_time(&list, &out->not_before) &&
           der_take_time(&list, &out->not_after) && der_done(&list);
}

static bool take_spki(struct der *c, struct certificate *out)
{
    struct der whole, list;

    if (!der_take_whole(c, DER_SEQUENCE, &out->spki))
        return false;
    whole = der_open(out->spki);
    return der_enter(&whole, DER_SEQUENCE, &list) && der_take(&list, DER_SEQUENCE, NULL) &&
           der_take_bits(&list, &out->public_key) && der_done(&list);
}

/* Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING } */
static bool take_extension(struct der *c, struct bytes *oid, struct bytes *value, bool *critical)
{
    struct der list;

    *critical = false;
    return der_enter(c, DER_SEQUENCE, &list) && der_take(&list, DER_OID, oid) &&
           (!der_at(&list, DER_BOOLEAN) || der_take_bool(&list, critical)) &&
           der_take(&list, DER_OCTET_STRING, value) && der_done(&list);
}

/* [3] EXPLICIT Extensions OPTIONAL, the last member */
static bool take_extensions(struct der *c, struct certificate *out)
{
    struct der outside, all;
    struct bytes oid, value;
    bool critical;

    if (der_done(c))
        return true;
    if (!der_enter(c, DER_CONTEXT_OF(3), &outside) || !der_done(c) ||
        !der_take(&outside, DER_SEQUENCE, &out->extensions) || !der_done(&outside))
        return false;
    all = der_open(out->extensions);
    while (!der_done(&all))
        if (!take_extension(&all, &oid, &value, &critical))
            return false;
    return true;
}

/* [0] EXPLICIT Version DEFAULT v1; v3 is 2 */
static bool take_version(struct der *c)
{
    struct der inside;
    unsigned version;

    if (!der_at(c, DER_CONTEXT_OF(0)))
        return true;
    return der_enter(c, DER_CONTEXT_OF(0), &inside) && der_take_small(&inside, &version) &&
           der_done(&inside) && version == 2;
}

static bool take_tbs(struct certificate *out)
{
    struct der all = der_open(out->tbs), list;
    struct bytes algorithm;

    return der_enter(&all, DER_SEQUENCE, &list) && take_version(&list) &&
           der_take_unsigned(&list, &out->serial) &&
           der_take_whole(&list, DER_SEQUENCE, &algorithm) &&
           bytes_equal(algorithm, out->algorithm) /* RFC 5280 4.1.1.2 */
           && der_take_whole(&list, DER_SEQUENCE, &out->issuer) && take_validity(&list, out) &&
           der_take_whole(&list, DER_SEQUENCE, &out->subject) && take_spki(&list, out) &&
           take_extensions(&list, out);
}

bool certificate_read(struct bytes der, struct certificate *out, struct fault *f, const char *field)
{
    struct der all = der_open(der), list;

    *out = (struct certificate){ .der = der };
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all) ||
        !der_take_whole(&list, DER_SEQUENCE, &out->tbs) ||
        !der_take_whole(&list, DER_SEQUENCE, &out->algorithm) ||
        !der_take_bits(&list, &out->signature) || !der_done(&list) || !take_tbs(out))
        return fault_set(f, FAULT_INVALID, field, "is no certificate");
    return true;
}

bool certificate_extension(const struct certificate *c, struct bytes oid, struct bytes *value,
                           bool *critical)
{
    struct der all = der_open(c->extensions);
    struct bytes at;

    while (take_extension(&all, &at, value, critical))
        if (bytes_equal(at, oid))
            return true;
    return false;
}

const char *certificate_common_name(struct arena *a, const struct certificate *c)
{
    const char *name = dn_find(a, c->subject, DN_COMMON_NAME);

    return name ? name : "";
}

const char *certificate_serial(struct arena *a, const struct certificate *c)
{
    return hex_upper(a, c->serial);
}

const char *certificate_thumbprint(struct arena *a, const struct certificate *c)
{
    uint8_t hash[SHA1_SIZE];

    digest_sha1(c->der, hash);
    return hex_upper(a, (struct bytes){ hash, sizeof hash });
}

void certificate_key_id(const struct certificate *c, uint8_t out[SHA1_SIZE])
{
    digest_sha1(c->public_key, out);
}
