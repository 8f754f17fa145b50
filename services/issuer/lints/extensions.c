/* Which extensions there are, how often, and which are critical (BR 7.1.2.7.6). */
#include "lints/lint.h"
#include "pki/der.h"
#include "x509/oid.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

/* What a leaf may have, and whether it is critical there. subjectAltName is a case of its own. */
enum criticality { NEVER, ALWAYS, DEPENDS };

// clang-format off
static const struct known {
    struct bytes oid;
    enum criticality critical;
} known[] = {
    { BYTES("\x55\x1d\x0e"),                             NEVER },   /* subjectKeyIdentifier */
    { BYTES("\x55\x1d\x0f"),                             ALWAYS },  /* keyUsage */
    { BYTES("\x55\x1d\x11"),                             DEPENDS }, /* subjectAltName */
    { BYTES("\x55\x1d\x13"),                             ALWAYS },  /* basicConstraints */
    { BYTES("\x55\x1d\x1f"),                             NEVER },   /* cRLDistributionPoints */
    { BYTES("\x55\x1d\x20"),                             NEVER },   /* certificatePolicies */
    { BYTES("\x55\x1d\x23"),                             NEVER },   /* authorityKeyIdentifier */
    { BYTES("\x55\x1d\x25"),                             NEVER },   /* extKeyUsage */
    { BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01"),         NEVER },   /* authorityInfoAccess */
    { BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"), NEVER },   /* SCT list */
    { BYTES("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"), ALWAYS },  /* poison */
};
// clang-format on

static const struct known *known_find(struct bytes oid)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_equal(known[i].oid, oid))
            return &known[i];
    return NULL;
}

static bool extensions_known(struct lint_case *c)
{
    for (size_t i = 0; i < c->tbs.extension_count; i++)
        if (!known_find(c->tbs.extensions[i].oid))
            return lint_miss(c, "extension %zu is none that a leaf may have", i + 1);
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

static bool extension_criticality(struct lint_case *c)
{
    for (size_t i = 0; i < c->tbs.extension_count; i++) {
        const struct tbs_extension *e = &c->tbs.extensions[i];
        const struct known *k = known_find(e->oid);
        if (k && k->critical != DEPENDS && e->critical != (k->critical == ALWAYS))
            return lint_miss(c, "extension %zu is %scritical", i + 1, e->critical ? "" : "not ");
    }
    return true;
}

static bool aki_present(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_AUTHORITY_KEY_ID);
    struct bytes id;
    struct der all, list;

    if (!e)
        return lint_miss(c, "has no authorityKeyIdentifier");
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_take(&list, DER_CONTEXT(0), &id) ||
        !der_done(&list) || !der_done(&all))
        return lint_miss(c, "authorityKeyIdentifier is not a keyIdentifier alone");
    return bytes_equal(id, c->in->ca->key_id) || lint_miss(c, "keyIdentifier is not the issuer's");
}

static bool no_ski(struct lint_case *c)
{
    return !tbs_extension_find(&c->tbs, OID_SUBJECT_KEY_ID) ||
           lint_miss(c, "has a subjectKeyIdentifier");
}

static bool no_sct(struct lint_case *c)
{
    return !tbs_extension_find(&c->tbs, OID_SCT_LIST) || lint_miss(c, "has an SCT list");
}

static bool no_poison(struct lint_case *c)
{
    return !tbs_extension_find(&c->tbs, OID_POISON) || lint_miss(c, "is a precertificate");
}

/* Absent, or SEQUENCE {}: cA FALSE is the default, which DER leaves out. */
static bool basic_constraints(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_BASIC_CONSTRAINTS);

    return !e || bytes_equal(e->value, DER_BYTES("\x30\x00")) ||
           lint_miss(c, "basicConstraints are not those of a leaf");
}

// clang-format off
const struct lint extension_lints[] = {
    { "extensions_known",      "BR 7.1.2.7.6",  NULL, 0, extensions_known },
    { "extensions_unique",     "RFC 5280 4.2",  NULL, 0, extensions_unique },
    { "extension_criticality", "BR 7.1.2.7.6",  NULL, 0, extension_criticality },
    { "aki_present",           "BR 7.1.2.11.1", NULL, 0, aki_present },
    { "no_ski",                "BR 7.1.2.11.4", NULL, 0, no_ski },
    { "no_sct",                "RFC 6962 3.1",  NULL, 0, no_sct },
    { "no_poison",             "RFC 6962 3.1",  NULL, 0, no_poison },
    { "basic_constraints",     "BR 7.1.2.7.8",  NULL, 0, basic_constraints },
    { 0 },
};
// clang-format on
