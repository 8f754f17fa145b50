/* Where a certificate sends its readers: authorityInfoAccess, cRLDistributionPoints. */
#include <string.h>
#include <strings.h>

#include "lints/lint.h"
#include "pki/der.h"
#include "x509/oid.h"

enum { URI = DER_CONTEXT(6), LOCATIONS_MAX = 8 };

static bool is_http(struct bytes url)
{
    static const char scheme[] = "http://";
    size_t size = sizeof scheme - 1;

    return url.size > size && strncasecmp((const char *)url.data, scheme, size) == 0;
}

/* One AccessDescription: a permitted method and an http URL that is not there yet. */
static bool access_fits(struct lint_case *c, struct der *list, struct bytes *seen, size_t count)
{
    struct bytes method = { 0 }, url = { 0 };
    struct der one;

    if (!der_enter(list, DER_SEQUENCE, &one) || !der_take(&one, DER_OID, &method) ||
        !der_take(&one, URI, &url) || !der_done(&one))
        return lint_miss(c, "authorityInfoAccess has something else than a URL");
    if (!bytes_equal(method, OID_AD_OCSP) && !bytes_equal(method, OID_AD_CA_ISSUERS))
        return lint_miss(c, "authorityInfoAccess has a method that is not permitted");
    if (!is_http(url))
        return lint_miss(c, "authorityInfoAccess has a URL that is not http");
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(seen[i], url))
            return lint_miss(c, "authorityInfoAccess has a URL twice");
    seen[count] = url;
    return true;
}

static bool aia_http(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_AUTHORITY_INFO);
    struct bytes seen[LOCATIONS_MAX] = { 0 };
    struct der all, list;
    size_t count = 0;

    if (!e)
        return lint_miss(c, "has no authorityInfoAccess");
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all))
        return lint_miss(c, "authorityInfoAccess is malformed");
    for (; !der_done(&list); count++)
        if (count == LOCATIONS_MAX)
            return lint_miss(c, "authorityInfoAccess has too many URLs");
        else if (!access_fits(c, &list, seen, count))
            return false;
    return count > 0 || lint_miss(c, "authorityInfoAccess is empty");
}

/* One DistributionPoint with a fullName of http URLs; no reasons, no cRLIssuer. */
static bool crldp_http(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_CRL_DISTRIBUTION);
    struct der all, list, point, name, full;
    struct bytes url;
    size_t count = 0;

    if (!e)
        return true;
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all) ||
        !der_enter(&list, DER_SEQUENCE, &point) || !der_done(&list))
        return lint_miss(c, "not exactly one distribution point");
    if (!der_enter(&point, DER_CONTEXT_OF(0), &name) || !der_done(&point) ||
        !der_enter(&name, DER_CONTEXT_OF(0), &full) || !der_done(&name))
        return lint_miss(c, "a distribution point is more than a full name");
    for (; der_take(&full, URI, &url); count++)
        if (!is_http(url))
            return lint_miss(c, "a distribution point's URL is not http");
    return (count > 0 && der_done(&full)) || lint_miss(c, "a distribution point has no URL");
}

static bool has_ocsp(const struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_AUTHORITY_INFO);
    struct bytes method;
    struct der all, list, one;

    if (!e)
        return false;
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list))
        return false;
    while (der_enter(&list, DER_SEQUENCE, &one))
        if (der_take(&one, DER_OID, &method) && bytes_equal(method, OID_AD_OCSP))
            return true;
    return false;
}

/* Somewhere its status can be asked for; the shorter-lived exception is a profile without this. */
static bool status_reachable(struct lint_case *c)
{
    return tbs_extension_find(&c->tbs, OID_CRL_DISTRIBUTION) || has_ocsp(c) ||
           lint_miss(c, "has neither an OCSP URL nor a CRL");
}

// clang-format off
const struct lint url_lints[] = {
    { "aia_http",         "BR 7.1.2.7.7",  NULL, 0, aia_http },
    { "crldp_http",       "BR 7.1.2.11.2", NULL, 0, crldp_http },
    { "status_reachable", "BR 7.1.2.11.2", NULL, 0, status_reachable },
    { 0 },
};
// clang-format on
