/* certificatePolicies (BR 7.1.2.7.9, 7.1.2.10.5; RFC 5280 4.2.1.4). A row's `what` is a set of policies. */
#include "lints/read.h"

static bool has(const struct lint_case *c)
{
    return lint_has(c, EXT_POLICIES);
}

static bool policy_present(struct lint_case *c)
{
    return c->extension[EXT_POLICIES] || lint_miss(c, "it has no certificatePolicies");
}

static bool policy_absent(struct lint_case *c)
{
    return !c->extension[EXT_POLICIES] || lint_miss(c, "it has certificatePolicies");
}

static bool policy_not_empty(struct lint_case *c)
{
    return !has(c) || c->policies.count > 0 || lint_miss(c, "certificatePolicies are empty");
}

static bool policy_once(struct lint_case *c)
{
    return !has(c) || !c->policies.twice || lint_miss(c, "a policy stands there twice");
}

/* Exactly one of DV, OV, IV, EV. Twice the same is another check's. */
static bool policy_one_reserved(struct lint_case *c)
{
    unsigned set = c->policies.set & POLICY_RESERVED_TLS;

    return !has(c) || c->policies.count == 0 || (set && !(set & (set - 1))) ||
           lint_miss(c, "it has %zu reserved policies", c->policies.reserved);
}

static bool policy_fits(struct lint_case *c)
{
    unsigned set = c->policies.set & POLICY_RESERVED_TLS;

    return !has(c) || !set || (set & (unsigned)c->lint->what) ||
           lint_miss(c, "the reserved policy is another than its subject's");
}

static bool policy_free_of(struct lint_case *c)
{
    return !has(c) || !(c->policies.set & (unsigned)c->lint->what) ||
           lint_miss(c, "it has a policy that it may not have");
}

static bool policy_reserved_first(struct lint_case *c)
{
    return !has(c) || !(c->policies.set & POLICY_RESERVED_TLS) ||
           (c->policies.first & POLICY_RESERVED_TLS) ||
           lint_miss(c, "the reserved policy is not the first");
}

static bool policy_cps_only(struct lint_case *c)
{
    return !has(c) || !c->policies.other_qualifier ||
           lint_miss(c, "a policy has another qualifier than the address of a CPS");
}

static bool policy_cps_http(struct lint_case *c)
{
    return !has(c) || !c->policies.bad_cps ||
           lint_miss(c, "the address of a CPS is no http or https URL");
}

/* Of one that is not affiliated: reserved ones. Of an affiliate: those, or anyPolicy alone. */
static bool ca_policy(struct lint_case *c)
{
    return !has(c) || c->policies.count == 0 || (c->policies.set & POLICY_RESERVED_TLS) ||
           (c->policies.set & POLICY_ANY) || lint_miss(c, "it has no reserved policy");
}

static bool ca_any_alone(struct lint_case *c)
{
    return !has(c) || !(c->policies.set & POLICY_ANY) || c->policies.count == 1 ||
           lint_miss(c, "anyPolicy does not stand alone");
}

// clang-format off
const struct lint policy_lints[] = {
    { "policy_present",        "BR 7.1.2.7.6",     LINT_LEAF,  ASKED,  NULL, 0, policy_present },
    { "policy_not_empty",      "RFC 5280 4.2.1.4", LINT_ALL,   ALWAYS, NULL, 0, policy_not_empty },
    { "policy_once",           "RFC 5280 4.2.1.4", LINT_ALL,   ALWAYS, NULL, 0, policy_once },
    { "policy_reserved_oid",   "BR 7.1.2.7.9",     LINT_LEAF,  ASKED,  NULL, 0, policy_one_reserved },
    { "policy_dv",             "BR 7.1.6.1",       LINT_LEAF,  ASKED,  NULL, 0, policy_fits, POLICY_DV },
    { "policy_ov",             "BR 7.1.6.1",       LINT_LEAF,  ASKED,  NULL, 0, policy_fits, POLICY_OV },
    { "policy_iv",             "BR 7.1.6.1",       LINT_LEAF,  ASKED,  NULL, 0, policy_fits, POLICY_IV },
    { "policy_ev",             "BR 7.1.6.1",       LINT_LEAF,  ASKED,  NULL, 0, policy_fits, POLICY_EV },
    { "policy_no_any",         "BR 7.1.2.7.9",     LINT_LEAF,  ALWAYS, NULL, 0, policy_free_of, POLICY_ANY },
    { "policy_not_reserved",   "BR 7.1.6.1",       LINT_ALL,   ASKED,  NULL, 0, policy_free_of, POLICY_FORUM },
    { "policy_reserved_first", "BR 7.1.2.7.9",     LINT_LEAF,  ASKED,  NULL, 0, policy_reserved_first },
    { "policy_cps_only",       "BR 7.1.2.7.9",     LINT_ALL,   ASKED,  NULL, 0, policy_cps_only },
    { "policy_cps_http",       "BR 7.1.2.7.9",     LINT_ALL,   ASKED,  NULL, 0, policy_cps_http },
    { "root_no_policy",        "BR 7.1.2.1.2",     LINT_ROOT,  ASKED,  NULL, 0, policy_absent },
    { "ca_policy_present",     "BR 7.1.2.6.1",     LINT_BELOW, ASKED,  NULL, 0, policy_present },
    { "ca_policy",             "BR 7.1.2.10.5",    LINT_BELOW, ASKED,  NULL, 0, ca_policy },
    { "ca_any_alone",          "BR 7.1.2.10.5",    LINT_BELOW, ASKED,  NULL, 0, ca_any_alone },
    { "ocsp_no_policy",        "BR 7.1.2.8.2",     LINT_OCSP,  ASKED,  NULL, 0, policy_absent },
    { 0 },
};
// clang-format on
