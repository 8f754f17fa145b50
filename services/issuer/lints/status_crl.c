/* The fields of a TBSCertList outside its entries and extensions, RFC 5280 5.1.2. */
#include "lints/status_case.h"

enum { V2 = 1 };

static bool version(struct status_case *c)
{
    return (c->crl.has_version && c->crl.version == V2) || status_miss(c, "is not of version 2");
}

static bool algorithm_exact(struct status_case *c)
{
    return status_algorithm_fits(c->crl.algorithm, &c->in->issuer->key) ||
           status_miss(c, "the signature algorithm does not fit the issuer's key");
}

static bool algorithm_equal(struct status_case *c)
{
    return c->in->algorithm.size == 0 || bytes_equal(c->in->algorithm, c->crl.algorithm) ||
           status_miss(c, "signatureAlgorithm is not the one inside");
}

static bool issuer_exact(struct status_case *c)
{
    return bytes_equal(c->crl.issuer, c->in->issuer->subject) ||
           status_miss(c, "the issuer is not the authority's subject");
}

static bool time_encoding(struct status_case *c)
{
    return (status_time_fits(&c->crl.this_update) &&
            (!c->crl.next_update.tag || status_time_fits(&c->crl.next_update))) ||
           status_miss(c, "thisUpdate and nextUpdate: UTCTime through 2049, GeneralizedTime later");
}

static bool this_update_past(struct status_case *c)
{
    return !instant_before(c->in->now, c->crl.this_update.at) ||
           status_miss(c, "thisUpdate lies in the future");
}

static bool this_update_issuer(struct status_case *c)
{
    return !instant_before(c->crl.this_update.at, c->in->issuer->not_before) ||
           status_miss(c, "thisUpdate lies before the authority's certificate");
}

static bool next_update_present(struct status_case *c)
{
    return c->crl.next_update.tag || status_miss(c, "has no nextUpdate");
}

static bool next_update_order(struct status_case *c)
{
    return !c->crl.next_update.tag ||
           instant_before(c->crl.this_update.at, c->crl.next_update.at) ||
           status_miss(c, "nextUpdate is not after thisUpdate");
}

/* BR 4.9.7: not so many days beyond thisUpdate. */
static bool life_max(struct status_case *c)
{
    struct duration life = instant_since(c->crl.next_update.at, c->crl.this_update.at);

    return !c->crl.next_update.tag || life.us <= c->rule->value.us ||
           status_miss(c, "nextUpdate is %lld s after thisUpdate, %lld s at most are allowed",
                       (long long)(life.us / 1000000), (long long)(c->rule->value.us / 1000000));
}

/* RFC 5280 5.1.2.6: where nothing is revoked the list is absent. */
static bool entries_not_empty(struct status_case *c)
{
    return !c->crl.has_entries || !der_done(&c->crl.entries) ||
           status_miss(c, "revokedCertificates is there and has nothing in it");
}

// clang-format off
const struct status_lint status_crl_lints[] = {
    { "crl_version",             "RFC 5280 5.1.2.1", STATUS_CRL, NULL,           version },
    { "crl_algorithm_exact",     "BR 7.1.3.2",       STATUS_CRL, NULL,           algorithm_exact },
    { "crl_algorithm_equal",     "RFC 5280 5.1.1.2", STATUS_CRL, NULL,           algorithm_equal },
    { "crl_issuer_exact",        "RFC 5280 5.1.2.3", STATUS_CRL, NULL,           issuer_exact },
    { "crl_time_encoding",       "RFC 5280 5.1.2.4", STATUS_CRL, NULL,           time_encoding },
    { "crl_this_update_past",    "RFC 5280 5.1.2.4", STATUS_CRL, NULL,           this_update_past },
    { "crl_this_update_issuer",  "RFC 5280 5.1.2.4", STATUS_CRL, NULL,           this_update_issuer },
    { "crl_next_update_present", "RFC 5280 5.1.2.5", STATUS_CRL, NULL,           next_update_present },
    { "crl_next_update_order",   "RFC 5280 5.1.2.5", STATUS_CRL, NULL,           next_update_order },
    { "crl_life_max",            "BR 4.9.7",         STATUS_CRL, "crl.life.max", life_max },
    { "crl_entries_not_empty",   "RFC 5280 5.1.2.6", STATUS_CRL, NULL,           entries_not_empty },
    { 0 },
};
// clang-format on
