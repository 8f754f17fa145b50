/* Is it what its own profile says that is signed? A certificate that keeps every rule may still be another than
 * the one that was meant. */
#include <string.h>

#include "lints/read.h"
#include "x509/oid.h"

static bool aia_as_profiled(struct lint_case *c, const char *url, struct bytes method,
                            const char *what)
{
    bool there = false;

    for (size_t i = 0; lint_has(c, EXT_AUTHORITY_INFO) && i < c->access.count; i++)
        there |= bytes_equal(c->access.all[i].method, method);
    return !url || there || lint_miss(c, "%s, which its profile has, is missing", what);
}

static bool profile_ocsp(struct lint_case *c)
{
    return aia_as_profiled(c, c->profile->ocsp_url, OID_AD_OCSP, "an OCSP URL");
}

static bool profile_ca_issuers(struct lint_case *c)
{
    return aia_as_profiled(c, c->profile->ca_issuers_url, OID_AD_CA_ISSUERS,
                           "the URL of the issuer's certificate");
}

static bool profile_crl(struct lint_case *c)
{
    return (c->profile->crl_url != NULL) == (c->extension[EXT_CRL_DISTRIBUTION] != NULL) ||
           lint_miss(c, "the URL of a CRL is there, or is not, unlike its profile");
}

static bool profile_ski(struct lint_case *c)
{
    return c->profile->include_subject_key_identifier ==
               (c->extension[EXT_SUBJECT_KEY_ID] != NULL) ||
           lint_miss(c, "subjectKeyIdentifier is there, or is not, unlike its profile");
}

static bool profile_constraints(struct lint_case *c)
{
    return c->profile->basic_constraints == (c->extension[EXT_BASIC_CONSTRAINTS] != NULL) ||
           lint_miss(c, "basicConstraints are there, or are not, unlike its profile");
}

static bool profile_policies(struct lint_case *c)
{
    size_t count = lint_has(c, EXT_POLICIES) ? c->policies.count : 0;

    return count == c->profile->n_policy_oids ||
           lint_miss(c, "it has %zu policies, its profile %zu", count, c->profile->n_policy_oids);
}

static unsigned purpose_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned purpose;
    } purposes[] = { { "server_auth", PURPOSE_SERVER_AUTH },
                     { "client_auth", PURPOSE_CLIENT_AUTH },
                     { "ocsp_signing", PURPOSE_OCSP_SIGNING } };

    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
        if (strcmp(purposes[i].name, name) == 0)
            return purposes[i].purpose;
    return PURPOSE_OTHER;
}

static bool profile_purposes(struct lint_case *c)
{
    unsigned wanted = 0;

    for (size_t i = 0; i < c->profile->n_ext_key_usage; i++)
        wanted |= purpose_of(c->profile->ext_key_usage[i]);
    return !lint_has(c, EXT_EXT_KEY_USAGE) || c->purposes.set == wanted ||
           lint_miss(c, "its purposes are others than its profile's");
}

// clang-format off
const struct lint profile_lints[] = {
    { "profile_ocsp",        "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_ocsp },
    { "profile_ca_issuers",  "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_ca_issuers },
    { "profile_crl",         "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_crl },
    { "profile_ski",         "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_ski },
    { "profile_constraints", "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_constraints },
    { "profile_policies",    "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_policies },
    { "profile_purposes",    "BR 2.2", LINT_LEAF, ALWAYS, NULL, 0, profile_purposes },
    { 0 },
};
// clang-format on
