/* keyUsage (RFC 5280 4.2.1.3, BR 7.1.2.7.11) and extKeyUsage (BR 7.1.2.7.10, 7.1.2.10.6). A row's `what` is a set
 * of usages or purposes. */
#include "lints/read.h"

static bool is_ec(const struct lint_case *c)
{
    return c->key_formed && c->key.type == KEY_EC;
}

/* ---- keyUsage */

static bool ku_present(struct lint_case *c)
{
    return c->extension[EXT_KEY_USAGE] || lint_miss(c, "it has no keyUsage");
}

static bool ku_minimal(struct lint_case *c)
{
    return !lint_has(c, EXT_KEY_USAGE) || c->usage.bits == 0 || c->usage.minimal ||
           lint_miss(c, "keyUsage has trailing zeros");
}

static bool ku_some(struct lint_case *c)
{
    return !lint_has(c, EXT_KEY_USAGE) || c->usage.bits != 0 ||
           lint_miss(c, "keyUsage allows nothing");
}

static bool ku_within(struct lint_case *c)
{
    unsigned more = c->usage.bits & ~(unsigned)c->lint->what;

    return !lint_has(c, EXT_KEY_USAGE) || !more ||
           lint_miss(c, "keyUsage has bits that it may not have: 0x%04x", more);
}

static bool ku_has(struct lint_case *c)
{
    unsigned missing = (unsigned)c->lint->what & ~(unsigned)c->usage.bits;

    return !lint_has(c, EXT_KEY_USAGE) || !missing ||
           lint_miss(c, "keyUsage lacks 0x%04x", missing);
}

/* RFC 8813 3: such a key enciphers nothing. */
static bool ku_ec(struct lint_case *c)
{
    return !is_ec(c) || ku_within(c);
}

static bool ku_rsa(struct lint_case *c)
{
    return !c->key_formed || is_ec(c) || ku_within(c);
}

// clang-format off
const struct lint usage_lints[] = {
    { "ku_present",   "BR 7.1.2.7.6",     LINT_ALL,  ALWAYS, NULL, 0, ku_present },
    { "ku_minimal",   "X.690 11.2.2",     LINT_ALL,  ALWAYS, NULL, 0, ku_minimal },
    { "ku_some",      "RFC 5280 4.2.1.3", LINT_ALL,  ALWAYS, NULL, 0, ku_some },
    { "ku_no_ca",     "BR 7.1.2.7.11",    LINT_LEAF, ALWAYS, NULL, 0, ku_within, KU_KNOWN & ~(KU_CERT_SIGN | KU_CRL_SIGN) },
    { "ku_leaf",      "RFC 5280 4.2.1.3", LINT_LEAF, ALWAYS, NULL, 0, ku_rsa,
      KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_CERT_SIGN | KU_CRL_SIGN },
    { "ku_ec",        "RFC 8813 3",       LINT_LEAF, ALWAYS, NULL, 0, ku_ec,
      KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION | KU_CERT_SIGN | KU_CRL_SIGN },
    { "ku_signs",     "RFC 5280 4.2.1.3", LINT_LEAF, ALWAYS, NULL, 0, ku_has, KU_DIGITAL_SIGNATURE },
    { "ku_no_repudiation", "BR 7.1.2.7.11", LINT_LEAF, ASKED, NULL, 0, ku_within, KU_KNOWN & ~KU_NON_REPUDIATION },
    { "ku_no_data",   "BR 7.1.2.7.11",    LINT_LEAF, ASKED,  NULL, 0, ku_rsa,
      KU_KNOWN & ~KU_DATA_ENCIPHERMENT },
    { "ca_ku_cert_sign", "BR 7.1.2.10.7", LINT_CA,   ALWAYS, NULL, 0, ku_has, KU_CERT_SIGN },
    { "ca_ku_crl_sign",  "BR 7.1.2.10.7", LINT_CA,   ALWAYS, NULL, 0, ku_has, KU_CRL_SIGN },
    { "ca_ku_only",      "BR 7.1.2.10.7", LINT_CA,   ALWAYS, NULL, 0, ku_within, KU_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE },
    { "ocsp_ku",         "BR 7.1.2.8.8",  LINT_OCSP, ALWAYS, NULL, 0, ku_within, KU_DIGITAL_SIGNATURE },
    { 0 },
};
// clang-format on

/* ---- extKeyUsage */

static bool eku_present(struct lint_case *c)
{
    return c->extension[EXT_EXT_KEY_USAGE] || lint_miss(c, "it has no extKeyUsage");
}

static bool eku_absent(struct lint_case *c)
{
    return !c->extension[EXT_EXT_KEY_USAGE] || lint_miss(c, "it has an extKeyUsage");
}

static bool eku_not_empty(struct lint_case *c)
{
    return !lint_has(c, EXT_EXT_KEY_USAGE) || c->purposes.count > 0 ||
           lint_miss(c, "extKeyUsage is empty");
}

static bool eku_once(struct lint_case *c)
{
    return !lint_has(c, EXT_EXT_KEY_USAGE) || !c->purposes.twice ||
           lint_miss(c, "extKeyUsage has a purpose twice");
}

static bool eku_has(struct lint_case *c)
{
    return !lint_has(c, EXT_EXT_KEY_USAGE) || c->purposes.count == 0 ||
           (c->purposes.set & (unsigned)c->lint->what) ||
           lint_miss(c, "extKeyUsage lacks the purpose it is for");
}

static bool eku_is(struct lint_case *c)
{
    return !lint_has(c, EXT_EXT_KEY_USAGE) || c->purposes.count == 0 ||
           c->purposes.set == (unsigned)c->lint->what ||
           lint_miss(c, "extKeyUsage is not exactly the purpose it is for");
}

static bool eku_free_of(struct lint_case *c)
{
    return !lint_has(c, EXT_EXT_KEY_USAGE) || !(c->purposes.set & (unsigned)c->lint->what) ||
           lint_miss(c, "extKeyUsage has a purpose that it may not have");
}

// clang-format off
#define UNFIT (PURPOSE_CODE_SIGNING | PURPOSE_EMAIL | PURPOSE_TIME_STAMPING | PURPOSE_OCSP_SIGNING)

const struct lint purpose_lints[] = {
    { "eku_present",         "BR 7.1.2.7.6",   LINT_LEAF | LINT_OCSP, ALWAYS, NULL, 0, eku_present },
    { "eku_not_empty",       "RFC 5280 4.2.1.12", LINT_ALL, ALWAYS, NULL, 0, eku_not_empty },
    { "eku_once",            "RFC 5280 4.2.1.12", LINT_ALL, ALWAYS, NULL, 0, eku_once },
    { "eku_server_auth",     "BR 7.1.2.7.10",  LINT_LEAF,  ALWAYS, NULL, 0, eku_has, PURPOSE_SERVER_AUTH },
    { "eku_forbidden",       "BR 7.1.2.7.10",  LINT_LEAF,  ALWAYS, NULL, 0, eku_free_of, UNFIT | PURPOSE_ANY | PURPOSE_PRECERT_SIGNING },
    { "eku_tls_only",        "BR 7.1.2.7.10",  LINT_LEAF,  ASKED,  NULL, 0, eku_free_of, PURPOSE_OTHER },
    { "eku_no_client_auth",  "CRP 1.8 1.3.2",  LINT_LEAF,  ASKED,  NULL, 0, eku_free_of, PURPOSE_CLIENT_AUTH },
    { "root_no_eku",         "BR 7.1.2.1.2",   LINT_ROOT,  ASKED,  NULL, 0, eku_absent },
    { "sub_eku_present",     "BR 7.1.2.6.1",   LINT_SUBORDINATE, ALWAYS, NULL, 0, eku_present },
    { "cross_eku_present",   "CCADB 6",        LINT_CROSS, ASKED,  NULL, 0, eku_present },
    { "ca_eku_server_auth",  "BR 7.1.2.10.6",  LINT_BELOW, ASKED,  NULL, 0, eku_has, PURPOSE_SERVER_AUTH },
    { "ca_eku_no_any",       "BR 7.1.2.10.6",  LINT_BELOW, ALWAYS, NULL, 0, eku_free_of, PURPOSE_ANY },
    { "ca_eku_unmixed",      "BR 7.1.2.10.6",  LINT_BELOW, ASKED,  NULL, 0, eku_free_of, UNFIT },
    { "ca_eku_no_other",     "BR 7.1.2.10.6",  LINT_BELOW, ASKED,  NULL, 0, eku_free_of, PURPOSE_OTHER },
    { "ca_eku_no_client",    "CRP 1.8 1.3.2",  LINT_BELOW, ASKED,  NULL, 0, eku_free_of, PURPOSE_CLIENT_AUTH },
    { "ca_no_precert_signer", "BR 7.1.2.4",    LINT_BELOW, ASKED,  NULL, 0, eku_free_of, PURPOSE_PRECERT_SIGNING },
    { "ocsp_eku",            "BR 7.1.2.8.6",   LINT_OCSP,  ALWAYS, NULL, 0, eku_is, PURPOSE_OCSP_SIGNING },
    { 0 },
};
// clang-format on
