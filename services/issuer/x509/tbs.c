#include "x509/tbs.h"

#include "pki/der.h"

static bool malformed(struct fault *f, const char *what)
{
    return fault_set(f, FAULT_INTERNAL, NULL, "malformed certificate: %s", what);
}

static bool read_version(struct der *c, struct tbs *out)
{
    struct der inside;

    if (!der_at(c, DER_CONTEXT_OF(0)))
        return true;
    return der_enter(c, DER_CONTEXT_OF(0), &inside) && der_take_small(&inside, &out->version) &&
           der_done(&inside);
}

static bool read_time(struct der *c, struct instant *at, unsigned *tag)
{
    *tag = der_done(c) ? 0 : *c->next;
    return der_take_time(c, at);
}

static bool read_validity(struct der *c, struct tbs *out)
{
    struct der inside;

    return der_enter(c, DER_SEQUENCE, &inside) &&
           read_time(&inside, &out->not_before, &out->not_before_tag) &&
           read_time(&inside, &out->not_after, &out->not_after_tag) && der_done(&inside);
}

static void skip_unique_ids(struct der *c, struct tbs *out)
{
    for (unsigned n = 1; n <= 2; n++)
        if (der_take(c, DER_CONTEXT(n), NULL))
            out->unique_ids = true;
}

static bool read_extension(struct der *c, struct tbs_extension *out)
{
    struct der inside;

    if (!der_enter(c, DER_SEQUENCE, &inside) || !der_take(&inside, DER_OID, &out->oid))
        return false;
    /* DEFAULT FALSE: an encoded FALSE is no DER (X.690 11.5) */
    if (der_at(&inside, DER_BOOLEAN) && (!der_take_bool(&inside, &out->critical) || !out->critical))
        return false;
    return der_take(&inside, DER_OCTET_STRING, &out->value) && der_done(&inside);
}

static bool read_extensions(struct der *c, struct tbs *out)
{
    struct der explicit, list;

    if (der_done(c))
        return true;
    if (!der_enter(c, DER_CONTEXT_OF(3), &explicit) || !der_enter(&explicit, DER_SEQUENCE, &list) ||
        !der_done(&explicit) || der_done(&list))
        return false;
    while (!der_done(&list)) {
        if (out->extension_count == TBS_EXTENSIONS_MAX ||
            !read_extension(&list, &out->extensions[out->extension_count++]))
            return false;
    }
    return true;
}

bool tbs_read(struct bytes der, struct tbs *out, struct fault *f)
{
    struct der all = der_open(der), c;

    *out = (struct tbs){ .whole = der };
    if (!der_enter(&all, DER_SEQUENCE, &c) || !der_done(&all))
        return malformed(f, "TBSCertificate");
    if (!read_version(&c, out) || !der_take(&c, DER_INTEGER, &out->serial) || !out->serial.size)
        return malformed(f, "version or serial number");
    if (!der_take_whole(&c, DER_SEQUENCE, &out->algorithm) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->issuer))
        return malformed(f, "signature or issuer");
    if (!read_validity(&c, out))
        return malformed(f, "validity");
    if (!der_take_whole(&c, DER_SEQUENCE, &out->subject) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->spki))
        return malformed(f, "subject or public key");
    skip_unique_ids(&c, out);
    if (!read_extensions(&c, out) || !der_done(&c))
        return malformed(f, "extensions");
    return true;
}

const struct tbs_extension *tbs_extension_find(const struct tbs *tbs, struct bytes oid)
{
    for (size_t i = 0; i < tbs->extension_count; i++)
        if (bytes_equal(tbs->extensions[i].oid, oid))
            return &tbs->extensions[i];
    return NULL;
}

bool certificate_split(struct bytes der, struct certificate_parts *out, struct fault *f)
{
    struct der all = der_open(der), c;

    if (!der_enter(&all, DER_SEQUENCE, &c) || !der_done(&all) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->tbs) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->algorithm) || !der_take_bits(&c, &out->signature) ||
        !der_done(&c))
        return malformed(f, "Certificate");
    return true;
}
