/* The extensions of a CRL, RFC 5280 5.2 and BR 7.2.2. */
#include <string.h>

#include "lints/status_case.h"

enum { NUMBER_OCTETS_MAX = 20 };

static bool find(const struct status_case *c, struct bytes oid, struct status_extension *out)
{
    return status_extension_find(&c->crl.extensions, oid, out);
}

/* What a complete CRL may have, and whether it is critical there; neither deltas nor indirect ones. */
static bool known(struct bytes oid, bool *critical)
{
    *critical = bytes_equal(oid, STATUS_OID_IDP);
    return *critical || bytes_equal(oid, STATUS_OID_CRL_NUMBER) ||
           bytes_equal(oid, STATUS_OID_AUTHORITY_KEY_ID);
}

static bool extensions_known(struct status_case *c)
{
    struct der walk = c->crl.extensions.list;
    struct status_extension x;
    bool critical;

    while (c->crl.extensions.present && status_extension_next(&walk, &x))
        if (!known(x.oid, &critical))
            return status_miss(c, "has an extension that is none of a complete CRL");
    return true;
}

static bool extensions_unique(struct status_case *c)
{
    struct der walk = c->crl.extensions.list, rest;
    struct status_extension x, y;

    while (c->crl.extensions.present && status_extension_next(&walk, &x))
        for (rest = walk; status_extension_next(&rest, &y);)
            if (bytes_equal(x.oid, y.oid))
                return status_miss(c, "has an extension twice");
    return true;
}

static bool criticality(struct status_case *c)
{
    struct der walk = c->crl.extensions.list;
    struct status_extension x;
    bool critical;

    while (c->crl.extensions.present && status_extension_next(&walk, &x))
        if (known(x.oid, &critical) && x.critical != critical)
            return status_miss(c, "%s",
                               critical ? "issuingDistributionPoint is not critical"
                                        : "has a critical extension that must not be");
    return true;
}

static bool number_present(struct status_case *c)
{
    struct status_extension x;

    return find(c, STATUS_OID_CRL_NUMBER, &x) || status_miss(c, "has no CRL number");
}

/* Below 2^159: 20 octets with the sign. One of ours begins at 1. */
static bool number_range(struct status_case *c)
{
    struct status_extension x;
    struct bytes number;

    if (!find(c, STATUS_OID_CRL_NUMBER, &x))
        return true;
    struct der all = der_open(x.value);
    if (!status_integer_take(&all, &number) || !der_done(&all))
        return status_miss(c, "the CRL number is malformed");
    if (number.data[0] & 0x80 || (number.size == 1 && number.data[0] == 0))
        return status_miss(c, "the CRL number is not positive");
    return number.size <= NUMBER_OCTETS_MAX ||
           status_miss(c, "the CRL number has %zu octets", number.size);
}

static bool aki_present(struct status_case *c)
{
    struct status_extension x;

    return find(c, STATUS_OID_AUTHORITY_KEY_ID, &x) ||
           status_miss(c, "has no authorityKeyIdentifier");
}

/* keyIdentifier [0] alone. */
static bool aki_exact(struct status_case *c)
{
    struct status_extension x;
    struct bytes id;
    struct der list;

    if (!find(c, STATUS_OID_AUTHORITY_KEY_ID, &x))
        return true;
    struct der all = der_open(x.value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_take(&list, DER_CONTEXT(0), &id) ||
        !der_done(&list) || !der_done(&all))
        return status_miss(c, "authorityKeyIdentifier is not a keyIdentifier alone");
    return bytes_equal(id, c->in->issuer->key_id) ||
           status_miss(c, "the keyIdentifier is not the authority's");
}

/* ---- issuingDistributionPoint, RFC 5280 5.2.5 */

struct idp {
    struct bytes url;    /* of its one fullName; no data: there is no other */
    bool user, ca, more; /* more: reasons, indirect, attribute certificates, or other names */
};

/* distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } }; a CHOICE is explicit. */
static bool read_point(struct der *c, struct idp *out)
{
    struct der name, full;
    unsigned tag;

    if (!der_at(c, DER_CONTEXT_OF(0)))
        return true;
    if (!der_enter(c, DER_CONTEXT_OF(0), &name) || !der_enter(&name, DER_CONTEXT_OF(0), &full) ||
        !der_done(&name) || !der_next(&full, &tag, &out->url, NULL) || tag != DER_CONTEXT(6))
        return false;
    return der_done(&full);
}

/* A BOOLEAN with an implicit tag, DEFAULT FALSE: there only when it is true (X.690 11.5). */
static bool read_flag(struct der *c, unsigned number, bool *out)
{
    struct bytes value;

    *out = der_at(c, DER_CONTEXT(number));
    return !*out ||
           (der_take(c, DER_CONTEXT(number), &value) && value.size == 1 && value.data[0] == 0xff);
}

static bool read_idp(struct bytes value, struct idp *out)
{
    struct der all = der_open(value), list;

    *out = (struct idp){ 0 };
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all) || !read_point(&list, out) ||
        !read_flag(&list, 1, &out->user) || !read_flag(&list, 2, &out->ca))
        return false;
    out->more = !der_done(&list);
    return true;
}

static bool idp_of(const struct status_case *c, struct idp *out)
{
    struct status_extension x;

    return find(c, STATUS_OID_IDP, &x) && read_idp(x.value, out);
}

static bool idp_formed(struct status_case *c)
{
    struct status_extension x;
    struct idp idp;

    return !find(c, STATUS_OID_IDP, &x) || read_idp(x.value, &idp) ||
           status_miss(c, "issuingDistributionPoint is malformed, or has no name of one URI");
}

static bool idp_present(struct status_case *c)
{
    struct status_extension x;

    return !c->in->url || find(c, STATUS_OID_IDP, &x) ||
           status_miss(c, "is one of several and has no issuingDistributionPoint");
}

/* Neither indirect, nor of some reasons alone. */
static bool idp_scope(struct status_case *c)
{
    struct idp idp;

    return !idp_of(c, &idp) || !idp.more ||
           status_miss(c, "issuingDistributionPoint has more than a name and whose certificates");
}

/* onlyContainsUserCerts of those of leaves, onlyContainsCACerts of those of authorities. */
static bool idp_only(struct status_case *c)
{
    struct idp idp;
    bool leaf = c->in->kind == STATUS_CRL_LEAF;

    return !idp_of(c, &idp) || (idp.user == leaf && idp.ca == !leaf) ||
           status_miss(c, "issuingDistributionPoint does not say %s alone",
                       leaf ? "onlyContainsUserCerts" : "onlyContainsCACerts");
}

/* Byte for byte, as the certificates have it. */
static bool idp_url(struct status_case *c)
{
    struct idp idp;

    if (!idp_of(c, &idp) || !c->in->url)
        return true;
    return bytes_equal(idp.url, BYTES_OF(c->in->url)) ||
           status_miss(c, "issuingDistributionPoint is not %s", c->in->url);
}

static bool idp_http(struct status_case *c)
{
    static const char http[] = "http://";
    struct idp idp;

    return !idp_of(c, &idp) || !idp.url.data ||
           (idp.url.size > sizeof http - 1 && memcmp(idp.url.data, http, sizeof http - 1) == 0) ||
           status_miss(c, "issuingDistributionPoint has a URI that is not http");
}

// clang-format off
const struct status_lint status_extension_lints[] = {
    { "crl_extensions_known",      "RFC 5280 5.2",   STATUS_CRL, NULL,      extensions_known },
    { "crl_extensions_unique",     "RFC 5280 4.2",   STATUS_CRL, NULL,      extensions_unique },
    { "crl_extension_criticality", "RFC 5280 5.2",   STATUS_CRL, NULL,      criticality },
    { "crl_number_present",        "RFC 5280 5.2.3", STATUS_CRL, NULL,      number_present },
    { "crl_number_range",          "BR 7.2",         STATUS_CRL, NULL,      number_range },
    { "crl_aki_present",           "RFC 5280 5.2.1", STATUS_CRL, NULL,      aki_present },
    { "crl_aki_exact",             "BR 7.2",         STATUS_CRL, NULL,      aki_exact },
    { "crl_idp_formed",            "RFC 5280 5.2.5", STATUS_CRL, NULL,      idp_formed },
    { "crl_idp_present",           "BR 7.2.2.1",     STATUS_CRL, "crl.idp", idp_present },
    { "crl_idp_scope",             "BR 7.2.2.1",     STATUS_CRL, NULL,      idp_scope },
    { "crl_idp_only",              "BR 7.2.2.1",     STATUS_CRL, NULL,      idp_only },
    { "crl_idp_url",               "BR 7.2.2.1",     STATUS_CRL, NULL,      idp_url },
    { "crl_idp_http",              "BR 7.2.2.1",     STATUS_CRL, NULL,      idp_http },
    { 0 },
};
// clang-format on
