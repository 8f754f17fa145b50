/* Where a certificate sends its readers: authorityInfoAccess (BR 7.1.2.7.7) and cRLDistributionPoints
 * (BR 7.1.2.11.2). */
#include <string.h>
#include <strings.h>

#include "lints/read.h"
#include "x509/oid.h"

static bool is_http(struct bytes url)
{
    static const char scheme[] = "http://";
    size_t size = sizeof scheme - 1;

    return url.size > size && strncasecmp((const char *)url.data, scheme, size) == 0;
}

/* A mark that was not filled in, or what no URL has (RFC 3986 2). */
static bool is_plain(struct bytes url)
{
    for (size_t i = 0; i < url.size; i++)
        if (url.data[i] <= ' ' || url.data[i] >= 0x7f || strchr("{}<>\"\\^`|", url.data[i]))
            return false;
    return true;
}

static bool is_known_method(struct bytes method)
{
    return bytes_equal(method, OID_AD_OCSP) || bytes_equal(method, OID_AD_CA_ISSUERS);
}

/* ---- authorityInfoAccess */

static bool aia_present(struct lint_case *c)
{
    return c->extension[EXT_AUTHORITY_INFO] || lint_miss(c, "it has no authorityInfoAccess");
}

static bool aia_not_empty(struct lint_case *c)
{
    return !lint_has(c, EXT_AUTHORITY_INFO) || c->access.count > 0 ||
           lint_miss(c, "authorityInfoAccess is empty");
}

static bool aia_each(struct lint_case *c, bool (*fits)(const struct lint_location *),
                     const char *why)
{
    for (size_t i = 0; lint_has(c, EXT_AUTHORITY_INFO) && i < c->access.count; i++)
        if (!fits(&c->access.all[i]))
            return lint_miss(c, "authorityInfoAccess has %s", why);
    return true;
}

static bool access_known(const struct lint_location *l)
{
    return is_known_method(l->method);
}

static bool location_is_uri(const struct lint_location *l)
{
    return l->tag == NAME_URI;
}

static bool location_http(const struct lint_location *l)
{
    return l->tag != NAME_URI || is_http(l->value);
}

static bool location_plain(const struct lint_location *l)
{
    return l->tag != NAME_URI || is_plain(l->value);
}

static bool aia_method(struct lint_case *c)
{
    return aia_each(c, access_known, "a method that is not permitted");
}

static bool aia_uri(struct lint_case *c)
{
    return aia_each(c, location_is_uri, "something else than a URL");
}

static bool aia_http(struct lint_case *c)
{
    return aia_each(c, location_http, "a URL that is not http");
}

static bool aia_plain(struct lint_case *c)
{
    return aia_each(c, location_plain, "a URL with a character that none has");
}

static bool aia_unique(struct lint_case *c)
{
    for (size_t i = 0; lint_has(c, EXT_AUTHORITY_INFO) && i < c->access.count; i++)
        for (size_t j = 0; j < i; j++)
            if (bytes_equal(c->access.all[i].value, c->access.all[j].value))
                return lint_miss(c, "authorityInfoAccess has a URL twice");
    return true;
}

static bool aia_has(const struct lint_case *c, struct bytes method)
{
    for (size_t i = 0; lint_has(c, EXT_AUTHORITY_INFO) && i < c->access.count; i++)
        if (bytes_equal(c->access.all[i].method, method))
            return true;
    return false;
}

static bool aia_issuer(struct lint_case *c)
{
    return !lint_has(c, EXT_AUTHORITY_INFO) || c->access.count == 0 ||
           aia_has(c, OID_AD_CA_ISSUERS) ||
           lint_miss(c, "authorityInfoAccess does not say where the issuer's certificate is");
}

/* ---- cRLDistributionPoints */

static bool crldp_present(struct lint_case *c)
{
    return c->extension[EXT_CRL_DISTRIBUTION] || lint_miss(c, "it has no cRLDistributionPoints");
}

static bool crldp_one(struct lint_case *c)
{
    return !lint_has(c, EXT_CRL_DISTRIBUTION) || c->crls.points == 1 ||
           lint_miss(c, "it has %zu distribution points instead of one", c->crls.points);
}

static bool crldp_full_name(struct lint_case *c)
{
    return !lint_has(c, EXT_CRL_DISTRIBUTION) || !c->crls.no_full_name ||
           lint_miss(c, "a distribution point has no full name");
}

static bool crldp_no_reasons(struct lint_case *c)
{
    return !lint_has(c, EXT_CRL_DISTRIBUTION) || !c->crls.reasons ||
           lint_miss(c, "a distribution point has reasons");
}

static bool crldp_no_issuer(struct lint_case *c)
{
    return !lint_has(c, EXT_CRL_DISTRIBUTION) || !c->crls.issuer ||
           lint_miss(c, "a distribution point has a cRLIssuer");
}

static bool crldp_each(struct lint_case *c, bool (*fits)(const struct lint_location *),
                       const char *why)
{
    for (size_t i = 0; lint_has(c, EXT_CRL_DISTRIBUTION) && i < c->crls.count; i++)
        if (!fits(&c->crls.all[i]))
            return lint_miss(c, "a distribution point has %s", why);
    return true;
}

static bool crldp_uri(struct lint_case *c)
{
    return crldp_each(c, location_is_uri, "something else than a URL");
}

static bool crldp_http(struct lint_case *c)
{
    return crldp_each(c, location_http, "a URL that is not http");
}

static bool crldp_plain(struct lint_case *c)
{
    return crldp_each(c, location_plain, "a URL with a character that none has");
}

static bool crldp_absent(struct lint_case *c)
{
    return !c->extension[EXT_CRL_DISTRIBUTION] || lint_miss(c, "it has cRLDistributionPoints");
}

/* ---- the shard */

static bool digits_read(struct bytes s, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < s.size; i++)
        *out = *out * 10 + (unsigned)(s.data[i] - '0');
    return s.size > 0 && s.size <= 5;
}

/* What stands in the URL where the profile has {shard}: digits between what is before it as far as the
 * last mark, and all that is behind it. */
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
    const char *template = c->profile->crl_url;
    struct bytes s = c->tbs.serial, digits = { 0 };
    unsigned shard, shards = c->profile->crl_shards;
    uint32_t last = 0;

    if (!template || !strstr(template, "{shard}") || !lint_has(c, EXT_CRL_DISTRIBUTION) ||
        c->crls.count == 0 || c->crls.all[0].tag != NAME_URI)
        return true;
    for (size_t i = s.size < 4 ? 0 : s.size - 4; i < s.size; i++)
        last = last << 8 | s.data[i];
    return (shard_find(template, c->crls.all[0].value, &digits) && digits_read(digits, &shard) &&
            shards > 0 && shard == last % shards) ||
           lint_miss(c, "the distribution point is not that of the serial number's shard");
}

/* ---- both */

/* Somewhere its status can be asked for. */
static bool status_reachable(struct lint_case *c)
{
    return c->extension[EXT_CRL_DISTRIBUTION] || aia_has(c, OID_AD_OCSP) ||
           lint_miss(c, "it has neither an OCSP URL nor a CRL");
}

/* The value is how long one may last that nobody needs to revoke, in days. */
static bool status_unless_short(struct lint_case *c)
{
    struct duration length = instant_since(c->tbs.not_after, c->tbs.not_before);

    return length.us + seconds(1).us <= days(c->value).us || status_reachable(c);
}

// clang-format off
const struct lint url_lints[] = {
    { "aia_present",      "BR 7.1.2.7.6",     LINT_LEAF,   ASKED,  NULL, 0, aia_present },
    { "aia_not_empty",    "RFC 5280 4.2.2.1", LINT_ALL,    ALWAYS, NULL, 0, aia_not_empty },
    { "aia_method",       "BR 7.1.2.7.7",     LINT_ALL,    ALWAYS, NULL, 0, aia_method },
    { "aia_uri",          "BR 7.1.2.7.7",     LINT_ALL,    ALWAYS, NULL, 0, aia_uri },
    { "aia_http",         "BR 7.1.2.7.7",     LINT_ALL,    ALWAYS, NULL, 0, aia_http },
    { "aia_plain",        "RFC 3986 2",       LINT_ALL,    ALWAYS, NULL, 0, aia_plain },
    { "aia_unique",       "BR 7.1.2.7.7",     LINT_ALL,    ALWAYS, NULL, 0, aia_unique },
    { "aia_issuer",       "BR 7.1.2.7.7",     LINT_ISSUED, ASKED,  NULL, 0, aia_issuer },
    { "crldp_one",        "BR 7.1.2.11.2",    LINT_ALL,    ALWAYS, NULL, 0, crldp_one },
    { "crldp_full_name",  "BR 7.1.2.11.2",    LINT_ALL,    ALWAYS, NULL, 0, crldp_full_name },
    { "crldp_no_reasons", "BR 7.1.2.11.2",    LINT_ALL,    ALWAYS, NULL, 0, crldp_no_reasons },
    { "crldp_no_issuer",  "BR 7.1.2.11.2",    LINT_ALL,    ALWAYS, NULL, 0, crldp_no_issuer },
    { "crldp_uri",        "BR 7.1.2.11.2",    LINT_ALL,    ALWAYS, NULL, 0, crldp_uri },
    { "crldp_http",       "BR 7.1.2.11.2",    LINT_ALL,    ALWAYS, NULL, 0, crldp_http },
    { "crldp_plain",      "RFC 3986 2",       LINT_ALL,    ALWAYS, NULL, 0, crldp_plain },
    { "crldp_shard",      "RFC 5280 5.2.5",   LINT_LEAF,   ALWAYS, NULL, 0, crldp_shard },
    { "status_reachable", "RFC 5280 3.3",     LINT_LEAF,   ASKED,  NULL, 0, status_reachable },
    { "status_unless_short", "BR 7.1.2.11.2", LINT_LEAF,   ASKED,  "d",  0, status_unless_short },
    { "sub_crldp_present", "BR 7.1.2.10.2",   LINT_BELOW,  ALWAYS, NULL, 0, crldp_present },
    { "root_no_crldp",    "BR 7.1.2.1.2",     LINT_ROOT,   ASKED,  NULL, 0, crldp_absent },
    { "ocsp_no_crldp",    "BR 7.1.2.8.2",     LINT_OCSP,   ALWAYS, NULL, 0, crldp_absent },
    { 0 },
};
// clang-format on
