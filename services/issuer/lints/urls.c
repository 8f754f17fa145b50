/* Where a certificate sends its readers: authorityInfoAccess, cRLDistributionPoints. */
#include <string.h>
#include <strings.h>

#include "lints/lint.h"
#include "pki/der.h"
#include "x509/oid.h"

enum { URI = DER_CONTEXT(6), LOCATIONS_MAX = 8 };

/* A mark that was not filled in is none either. */
static bool is_http(struct bytes url)
{
    static const char scheme[] = "http://";
    size_t size = sizeof scheme - 1;

    return url.size > size && strncasecmp((const char *)url.data, scheme, size) == 0 &&
           !memchr(url.data, '{', url.size) && !memchr(url.data, '}', url.size);
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

/* One DistributionPoint with a fullName; no reasons, no cRLIssuer. */
static bool crldp_enter(struct lint_case *c, const struct tbs_extension *e, struct der *full)
{
    struct der all = der_open(e->value), list, point, name;

    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all) ||
        !der_enter(&list, DER_SEQUENCE, &point) || !der_done(&list))
        return lint_miss(c, "not exactly one distribution point");
    return (der_enter(&point, DER_CONTEXT_OF(0), &name) && der_done(&point) &&
            der_enter(&name, DER_CONTEXT_OF(0), full) && der_done(&name)) ||
           lint_miss(c, "a distribution point is more than a full name");
}

static bool crldp_http(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_CRL_DISTRIBUTION);
    struct der full;
    struct bytes url;
    size_t count = 0;

    if (!e)
        return true;
    if (!crldp_enter(c, e, &full))
        return false;
    for (; der_take(&full, URI, &url); count++)
        if (!is_http(url))
            return lint_miss(c, "a distribution point's URL is not http");
    return (count > 0 && der_done(&full)) || lint_miss(c, "a distribution point has no URL");
}

static bool is_digits(struct bytes s)
{
    for (size_t i = 0; i < s.size; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.size > 0 && s.size <= 5;
}

static unsigned digits_value(struct bytes s)
{
    unsigned value = 0;

    for (size_t i = 0; i < s.size; i++)
        value = value * 10 + (unsigned)(s.data[i] - '0');
    return value;
}

/* What stands in the URL where the profile has {shard}: between what is before it as far as the last
 * mark, and all that is behind it. */
static bool shard_find(const char *template, struct bytes url, struct bytes *out)
{
    const char *mark = strstr(template, "{shard}"), *tail = mark + strlen("{shard}");
    size_t tail_size = strlen(tail);

    if (url.size < tail_size || memcmp(url.data + url.size - tail_size, tail, tail_size) != 0)
        return false;
    size_t end = url.size - tail_size, begin = end;
    while (begin > 0 && url.data[begin - 1] >= '0' && url.data[begin - 1] <= '9')
        begin--;
    *out = (struct bytes){ url.data + begin, end - begin };
    return begin > 0 && mark > template && url.data[begin - 1] == (uint8_t)mark[-1];
}

/* Whoever looks for a revoked serial looks into one list: by its last four octets. */
static bool crldp_shard(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_CRL_DISTRIBUTION);
    const char *template = c->profile->crl_url;
    struct bytes s = c->tbs.serial, url = { 0 }, digits = { 0 };
    struct der full;
    uint32_t last = 0;

    if (!template || !strstr(template, "{shard}"))
        return true;
    if (!e || !crldp_enter(c, e, &full))
        return !e;
    if (!der_take(&full, URI, &url) || !shard_find(template, url, &digits) || !is_digits(digits))
        return lint_miss(c, "the distribution point's URL has no shard");
    for (size_t i = s.size < 4 ? 0 : s.size - 4; i < s.size; i++)
        last = last << 8 | s.data[i];
    unsigned shards = c->profile->crl_shards;
    return (shards > 0 && digits_value(digits) == last % shards) ||
           lint_miss(c, "the distribution point is of another serial's shard");
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
    { "crldp_shard",      "RFC 5280 5.2.5", NULL, 0, crldp_shard },
    { "status_reachable", "BR 7.1.2.11.2", NULL, 0, status_reachable },
    { 0 },
};
// clang-format on
