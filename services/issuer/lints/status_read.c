#include "lints/status_read.h"

#include <string.h>

/* X.690 8.3.2: the first nine bits are neither all ones nor all zeros. */
static bool is_minimal(struct bytes content)
{
    if (content.size < 2)
        return content.size == 1;
    return !(content.data[0] == 0x00 && !(content.data[1] & 0x80)) &&
           !(content.data[0] == 0xff && content.data[1] & 0x80);
}

bool status_integer_take(struct der *c, struct bytes *content)
{
    return der_take(c, DER_INTEGER, content) && is_minimal(*content);
}

/* ---- extensions, RFC 5280 4.1 */

bool status_extension_next(struct der *list, struct status_extension *out)
{
    struct der inside;

    *out = (struct status_extension){ 0 };
    if (!der_enter(list, DER_SEQUENCE, &inside) || !der_take(&inside, DER_OID, &out->oid))
        return false;
    /* DEFAULT FALSE: an encoded FALSE is no DER (X.690 11.5) */
    if (der_at(&inside, DER_BOOLEAN) && (!der_take_bool(&inside, &out->critical) || !out->critical))
        return false;
    return der_take(&inside, DER_OCTET_STRING, &out->value) && der_done(&inside);
}

bool status_extensions_take(struct der *c, struct status_extensions *out)
{
    struct status_extension one;
    struct der walk;

    if (!der_enter(c, DER_SEQUENCE, &out->list) || der_done(&out->list))
        return false;
    out->present = true;
    walk = out->list;
    while (!der_done(&walk))
        if (!status_extension_next(&walk, &one))
            return false;
    return true;
}

bool status_extension_find(const struct status_extensions *all, struct bytes oid,
                           struct status_extension *out)
{
    struct der walk = all->list;

    while (all->present && status_extension_next(&walk, out))
        if (bytes_equal(out->oid, oid))
            return true;
    return false;
}

/* ---- CRLs */

static bool malformed(struct fault *f, const char *what)
{
    return fault_set(f, FAULT_INTERNAL, NULL, "malformed %s", what);
}

static bool is_time(const struct der *c)
{
    return der_at(c, DER_UTC_TIME) || der_at(c, DER_GENERALIZED_TIME);
}

static bool take_time(struct der *c, struct status_time *out)
{
    out->tag = is_time(c) ? *c->next : 0;
    return der_take_time(c, &out->at);
}

bool crl_next(struct der *entries, struct crl_entry *out)
{
    struct der inside;

    *out = (struct crl_entry){ 0 };
    if (!der_enter(entries, DER_SEQUENCE, &inside) || !status_integer_take(&inside, &out->serial) ||
        !take_time(&inside, &out->revoked))
        return false;
    return (der_done(&inside) || status_extensions_take(&inside, &out->extensions)) &&
           der_done(&inside);
}

static bool read_entries(struct der *c, struct crl *out)
{
    struct crl_entry entry;
    struct der walk;

    out->has_entries = der_at(c, DER_SEQUENCE);
    if (!out->has_entries)
        return true;
    if (!der_enter(c, DER_SEQUENCE, &out->entries))
        return false;
    walk = out->entries;
    while (!der_done(&walk))
        if (!crl_next(&walk, &entry))
            return false;
    return true;
}

static bool read_crl_extensions(struct der *c, struct crl *out)
{
    struct der explicit;

    if (der_done(c))
        return true;
    return der_enter(c, DER_CONTEXT_OF(0), &explicit) &&
           status_extensions_take(&explicit, &out->extensions) && der_done(&explicit);
}

bool crl_read(struct bytes tbs, struct crl *out, struct fault *f)
{
    struct der all = der_open(tbs), c;

    *out = (struct crl){ 0 };
    if (!der_enter(&all, DER_SEQUENCE, &c) || !der_done(&all))
        return malformed(f, "TBSCertList");
    out->has_version = der_at(&c, DER_INTEGER);
    if (out->has_version && !der_take_small(&c, &out->version))
        return malformed(f, "version");
    if (!der_take_whole(&c, DER_SEQUENCE, &out->algorithm) ||
        !der_take_whole(&c, DER_SEQUENCE, &out->issuer))
        return malformed(f, "signature or issuer");
    if (!take_time(&c, &out->this_update) || (is_time(&c) && !take_time(&c, &out->next_update)))
        return malformed(f, "thisUpdate or nextUpdate");
    if (!read_entries(&c, out))
        return malformed(f, "revokedCertificates");
    if (!read_crl_extensions(&c, out) || !der_done(&c))
        return malformed(f, "crlExtensions");
    return true;
}

bool crl_find(const struct crl *crl, struct bytes magnitude, struct crl_entry *out)
{
    struct der walk = crl->entries;

    while (crl->has_entries && crl_next(&walk, out)) {
        struct bytes s = out->serial;
        if (s.size > 1 && s.data[0] == 0)
            s = (struct bytes){ s.data + 1, s.size - 1 };
        if (bytes_equal(s, magnitude))
            return true;
    }
    return false;
}
