/* Which extensions there are, how often, whether they are critical and of their ASN.1 (BR 7.1.2, RFC 5280 4.2).
 * A row's `what` is the extension it looks at. */
#include "lints/read.h"

static const char *what_it_is(const struct lint_case *c)
{
    return lint_extension_names[c->lint->what];
}

/* ---- all of them */

#define BIT(e) (1U << (e))

static const struct {
    enum lint_kind kind;
    unsigned may;
} allowed[] = {
    { LINT_LEAF, BIT(EXT_SUBJECT_KEY_ID) | BIT(EXT_KEY_USAGE) | BIT(EXT_SUBJECT_ALT_NAME) |
                     BIT(EXT_BASIC_CONSTRAINTS) | BIT(EXT_CRL_DISTRIBUTION) | BIT(EXT_POLICIES) |
                     BIT(EXT_AUTHORITY_KEY_ID) | BIT(EXT_EXT_KEY_USAGE) | BIT(EXT_AUTHORITY_INFO) |
                     BIT(EXT_SCT_LIST) | BIT(EXT_POISON) | BIT(EXT_ORGANIZATION_ID) },
    { LINT_CA, BIT(EXT_SUBJECT_KEY_ID) | BIT(EXT_KEY_USAGE) | BIT(EXT_BASIC_CONSTRAINTS) |
                   BIT(EXT_NAME_CONSTRAINTS) | BIT(EXT_CRL_DISTRIBUTION) | BIT(EXT_POLICIES) |
                   BIT(EXT_AUTHORITY_KEY_ID) | BIT(EXT_EXT_KEY_USAGE) | BIT(EXT_AUTHORITY_INFO) },
    { LINT_OCSP, BIT(EXT_SUBJECT_KEY_ID) | BIT(EXT_KEY_USAGE) | BIT(EXT_SUBJECT_ALT_NAME) |
                     BIT(EXT_BASIC_CONSTRAINTS) | BIT(EXT_NAME_CONSTRAINTS) |
                     BIT(EXT_CRL_DISTRIBUTION) | BIT(EXT_POLICIES) | BIT(EXT_AUTHORITY_KEY_ID) |
                     BIT(EXT_EXT_KEY_USAGE) | BIT(EXT_AUTHORITY_INFO) | BIT(EXT_OCSP_NO_CHECK) },
};

static bool extensions_known(struct lint_case *c)
{
    unsigned may = 0;

    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        may |= allowed[i].kind & c->kind ? allowed[i].may : 0;
    for (size_t i = 0; i < c->tbs.extension_count; i++) {
        enum lint_extension e = lint_extension_of(c->tbs.extensions[i].oid);
        if (e == EXTENSIONS || !(may & BIT(e)))
            return lint_miss(c, "extension %zu (%s) is none that it may have", i + 1,
                             e == EXTENSIONS ? "unknown" : lint_extension_names[e]);
    }
    return true;
}

static bool extensions_unique(struct lint_case *c)
{
    for (size_t i = 0; i < c->tbs.extension_count; i++)
        for (size_t j = i + 1; j < c->tbs.extension_count; j++)
            if (bytes_equal(c->tbs.extensions[i].oid, c->tbs.extensions[j].oid))
                return lint_miss(c, "extension %zu is there again", i + 1);
    return true;
}

/* ---- one */

static bool formed(struct lint_case *c)
{
    enum lint_extension e = (enum lint_extension)c->lint->what;

    return !c->extension[e] || lint_has(c, e) || lint_miss(c, "%s is malformed", what_it_is(c));
}

static bool critical(struct lint_case *c)
{
    const struct tbs_extension *e = c->extension[c->lint->what];

    return !e || e->critical || lint_miss(c, "%s is not critical", what_it_is(c));
}

static bool not_critical(struct lint_case *c)
{
    const struct tbs_extension *e = c->extension[c->lint->what];

    return !e || !e->critical || lint_miss(c, "%s is critical", what_it_is(c));
}

static bool present(struct lint_case *c)
{
    return c->extension[c->lint->what] || lint_miss(c, "it has no %s", what_it_is(c));
}

static bool absent(struct lint_case *c)
{
    return !c->extension[c->lint->what] || lint_miss(c, "it has %s", what_it_is(c));
}

/* ---- key identifiers (BR 7.1.2.11.1) */

static bool aki_exact(struct lint_case *c)
{
    return !lint_has(c, EXT_AUTHORITY_KEY_ID) || c->authority_key.id.size == 0 ||
           bytes_equal(c->authority_key.id, c->issuer_key_id) ||
           lint_miss(c, "authorityKeyIdentifier is not the issuer's");
}

static bool aki_has_id(struct lint_case *c)
{
    return !lint_has(c, EXT_AUTHORITY_KEY_ID) || c->authority_key.id.size > 0 ||
           lint_miss(c, "authorityKeyIdentifier has no keyIdentifier");
}

static bool aki_id_alone(struct lint_case *c)
{
    return !lint_has(c, EXT_AUTHORITY_KEY_ID) || !c->authority_key.more ||
           lint_miss(c, "authorityKeyIdentifier is more than a keyIdentifier");
}

/* ---- basicConstraints, nameConstraints */

static bool not_a_ca(struct lint_case *c)
{
    return !lint_has(c, EXT_BASIC_CONSTRAINTS) || !c->constraints.ca ||
           lint_miss(c, "basicConstraints say that it is a CA");
}

static bool no_path_length(struct lint_case *c)
{
    return !lint_has(c, EXT_BASIC_CONSTRAINTS) || !c->constraints.has_path_length ||
           lint_miss(c, "basicConstraints have a path length");
}

static bool constraints_say(struct lint_case *c)
{
    return !lint_has(c, EXT_NAME_CONSTRAINTS) || c->trees.subtrees > 0 ||
           lint_miss(c, "nameConstraints are empty");
}

static bool constraints_unbounded(struct lint_case *c)
{
    return !lint_has(c, EXT_NAME_CONSTRAINTS) || !c->trees.bounds ||
           lint_miss(c, "nameConstraints have a minimum or a maximum");
}

// clang-format off
const struct lint extension_lints[] = {
    { "extensions_known",  "BR 7.1.2",          LINT_ALL, ALWAYS, NULL, 0, extensions_known },
    { "extensions_unique", "RFC 5280 4.2",      LINT_ALL, ALWAYS, NULL, 0, extensions_unique },

    { "ski_der",    "RFC 5280 4.2.1.2",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_SUBJECT_KEY_ID },
    { "ku_der",     "RFC 5280 4.2.1.3",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_KEY_USAGE },
    { "san_der",    "RFC 5280 4.2.1.6",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_SUBJECT_ALT_NAME },
    { "bc_der",     "RFC 5280 4.2.1.9",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_BASIC_CONSTRAINTS },
    { "nc_der",     "RFC 5280 4.2.1.10", LINT_CA,   ALWAYS, NULL, 0, formed, EXT_NAME_CONSTRAINTS },
    { "crldp_der",  "RFC 5280 4.2.1.13", LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_CRL_DISTRIBUTION },
    { "policy_der", "RFC 5280 4.2.1.4",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_POLICIES },
    { "aki_der",    "RFC 5280 4.2.1.1",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_AUTHORITY_KEY_ID },
    { "eku_der",    "RFC 5280 4.2.1.12", LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_EXT_KEY_USAGE },
    { "aia_der",    "RFC 5280 4.2.2.1",  LINT_ALL,  ALWAYS, NULL, 0, formed, EXT_AUTHORITY_INFO },
    { "sct_der",    "RFC 6962 3.3",      LINT_LOGGED,  ALWAYS, NULL, 0, formed, EXT_SCT_LIST },
    { "poison_der", "RFC 6962 3.1",      LINT_PRECERT, ALWAYS, NULL, 0, formed, EXT_POISON },
    { "ev_id_der",  "EVG 7.1.2.2",       LINT_LEAF, ALWAYS, NULL, 0, formed, EXT_ORGANIZATION_ID },

    { "ku_critical",     "BR 7.1.2.7.6",      LINT_ALL,  ALWAYS, NULL, 0, critical,     EXT_KEY_USAGE },
    { "bc_critical",     "BR 7.1.2.7.6",      LINT_ALL,  ALWAYS, NULL, 0, critical,     EXT_BASIC_CONSTRAINTS },
    { "nc_critical",     "RFC 5280 4.2.1.10", LINT_CA,   ALWAYS, NULL, 0, critical,     EXT_NAME_CONSTRAINTS },
    { "poison_critical", "RFC 6962 3.1",      LINT_PRECERT, ALWAYS, NULL, 0, critical,  EXT_POISON },
    { "ski_critical",    "RFC 5280 4.2.1.2",  LINT_ALL,  ALWAYS, NULL, 0, not_critical, EXT_SUBJECT_KEY_ID },
    { "aki_critical",    "RFC 5280 4.2.1.1",  LINT_ALL,  ALWAYS, NULL, 0, not_critical, EXT_AUTHORITY_KEY_ID },
    { "eku_critical",    "BR 7.1.2.7.6",      LINT_ALL,  ALWAYS, NULL, 0, not_critical, EXT_EXT_KEY_USAGE },
    { "policy_critical", "BR 7.1.2.7.6",      LINT_ALL,  ALWAYS, NULL, 0, not_critical, EXT_POLICIES },
    { "aia_critical",    "RFC 5280 4.2.2.1",  LINT_ALL,  ALWAYS, NULL, 0, not_critical, EXT_AUTHORITY_INFO },
    { "crldp_critical",  "BR 7.1.2.7.6",      LINT_ALL,  ALWAYS, NULL, 0, not_critical, EXT_CRL_DISTRIBUTION },
    { "sct_critical",    "RFC 6962 3.3",      LINT_LOGGED, ALWAYS, NULL, 0, not_critical, EXT_SCT_LIST },
    { "ev_id_critical",  "EVG 7.1.2.2",       LINT_LEAF, ALWAYS, NULL, 0, not_critical, EXT_ORGANIZATION_ID },

    { "aki_present",  "BR 7.1.2.11.1", LINT_ISSUED, ALWAYS, NULL, 0, present, EXT_AUTHORITY_KEY_ID },
    { "aki_exact",    "BR 7.1.2.11.1", LINT_ALL,    ALWAYS, NULL, 0, aki_exact },
    { "aki_has_id",   "BR 7.1.2.11.1", LINT_ALL,    ALWAYS, NULL, 0, aki_has_id },
    { "aki_id_alone", "BR 7.1.2.11.1", LINT_ALL,    ALWAYS, NULL, 0, aki_id_alone },
    { "no_ski",       "BR 7.1.2.11.4", LINT_LEAF,   ASKED,  NULL, 0, absent, EXT_SUBJECT_KEY_ID },

    { "poison_present", "RFC 6962 3.1", LINT_PRECERT,                 ALWAYS, NULL, 0, present, EXT_POISON },
    { "no_poison",      "RFC 6962 3.1", LINT_UNLOGGED | LINT_LOGGED,  ALWAYS, NULL, 0, absent,  EXT_POISON },
    { "sct_present",    "RFC 6962 3.3", LINT_LOGGED,                  ALWAYS, NULL, 0, present, EXT_SCT_LIST },
    { "no_sct",         "RFC 6962 3.1", LINT_UNLOGGED | LINT_PRECERT, ALWAYS, NULL, 0, absent,  EXT_SCT_LIST },

    { "basic_constraints",  "BR 7.1.2.7.8",      LINT_LEAF | LINT_OCSP, ALWAYS, NULL, 0, not_a_ca },
    { "bc_no_path_length",  "RFC 5280 4.2.1.9",  LINT_LEAF | LINT_OCSP, ALWAYS, NULL, 0, no_path_length },
    { "root_no_path_length", "BR 7.1.2.1.4",     LINT_ROOT, ASKED,  NULL, 0, no_path_length },
    { "nc_not_empty",       "RFC 5280 4.2.1.10", LINT_CA,   ALWAYS, NULL, 0, constraints_say },
    { "nc_unbounded",       "RFC 5280 4.2.1.10", LINT_CA,   ALWAYS, NULL, 0, constraints_unbounded },
    { 0 },
};
// clang-format on
