#include "lints/read_extensions.h"

#include <string.h>
#include <strings.h>

#include "lints/read.h"

#define OID(literal)                                                                               \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

static bool subject_key_id_read(struct lint_case *c, struct der *in)
{
    return der_take(in, DER_OCTET_STRING, &c->subject_key_id) && c->subject_key_id.size > 0;
}

/* A BIT STRING of nine named bits at most; which of its last bits are unused comes first. */
static bool key_usage_read(struct lint_case *c, struct der *in)
{
    struct bytes b;

    if (!der_take(in, DER_BIT_STRING, &b) || b.size < 1 || b.size > 3 || b.data[0] > 7)
        return false;
    unsigned unused = b.data[0];
    uint8_t last = b.size > 1 ? b.data[b.size - 1] : 0;
    c->usage.bits = (uint16_t)((b.size > 1 ? b.data[1] << 8 : 0) | (b.size > 2 ? b.data[2] : 0));
    c->usage.minimal = b.size == 1 || (last >> unused & 1);
    return (b.size == 1 ? unused == 0 : (last & ((1U << unused) - 1)) == 0) &&
           (c->usage.bits & ~KU_KNOWN) == 0;
}

static bool names_read(struct lint_case *c, struct der *in)
{
    struct der walk;
    unsigned tag;

    if (!der_enter(in, DER_SEQUENCE, &c->names.list))
        return false;
    for (walk = c->names.list; der_next(&walk, &tag, NULL, NULL); c->names.count++)
        c->names.dns += tag == NAME_DNS;
    return der_done(&walk);
}

/* cA FALSE is the default, which DER leaves out (X.690 11.5). */
static bool basic_constraints_read(struct lint_case *c, struct der *in)
{
    struct der list;

    if (!der_enter(in, DER_SEQUENCE, &list))
        return false;
    if (der_at(&list, DER_BOOLEAN) &&
        (!der_take_bool(&list, &c->constraints.ca) || !c->constraints.ca))
        return false;
    c->constraints.has_path_length = der_at(&list, DER_INTEGER);
    return (!c->constraints.has_path_length ||
            der_take_small(&list, &c->constraints.path_length)) &&
           der_done(&list);
}

/* GeneralSubtree ::= SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] OPTIONAL } */
static bool subtrees_read(struct lint_case *c, struct der *in, unsigned tag)
{
    struct der list, tree;

    if (!der_at(in, tag))
        return true;
    if (!der_enter(in, tag, &list) || der_done(&list))
        return false;
    for (; der_enter(&list, DER_SEQUENCE, &tree); c->trees.subtrees++) {
        if (!der_next(&tree, NULL, NULL, NULL))
            return false;
        c->trees.bounds |= !der_done(&tree);
    }
    return der_done(&list);
}

static bool name_constraints_read(struct lint_case *c, struct der *in)
{
    struct der list;

    return der_enter(in, DER_SEQUENCE, &list) && subtrees_read(c, &list, DER_CONTEXT_OF(0)) &&
           subtrees_read(c, &list, DER_CONTEXT_OF(1)) && der_done(&list);
}

static bool location_add(struct lint_location *all, size_t *count, struct der *list,
                         struct bytes method)
{
    struct lint_location *one = &all[*count];

    if (*count == LINT_LIST_MAX || !der_next(list, &one->tag, &one->value, NULL))
        return false;
    one->method = method;
    ++*count;
    return true;
}

static bool full_name_read(struct lint_case *c, struct der *name)
{
    struct der full;

    if (!der_at(name, DER_CONTEXT_OF(0))) {
        c->crls.no_full_name = true; /* nameRelativeToCRLIssuer */
        return der_next(name, NULL, NULL, NULL) && der_done(name);
    }
    if (!der_enter(name, DER_CONTEXT_OF(0), &full) || der_done(&full) || !der_done(name))
        return false;
    while (!der_done(&full))
        if (!location_add(c->crls.all, &c->crls.count, &full, (struct bytes){ NULL, 0 }))
            return false;
    return true;
}

/* DistributionPoint ::= SEQUENCE { distributionPoint [0], reasons [1], cRLIssuer [2] }, all OPTIONAL */
static bool point_read(struct lint_case *c, struct der *point)
{
    struct der name;

    if (der_enter(point, DER_CONTEXT_OF(0), &name)) {
        if (!full_name_read(c, &name))
            return false;
    } else {
        c->crls.no_full_name = true;
    }
    c->crls.reasons |= der_take(point, DER_CONTEXT(1), NULL);
    c->crls.issuer |= der_take(point, DER_CONTEXT_OF(2), NULL);
    return der_done(point);
}

static bool crl_distribution_read(struct lint_case *c, struct der *in)
{
    struct der list, point;

    if (!der_enter(in, DER_SEQUENCE, &list))
        return false;
    for (; der_enter(&list, DER_SEQUENCE, &point); c->crls.points++)
        if (!point_read(c, &point))
            return false;
    return der_done(&list);
}

// clang-format off
static const struct {
    struct bytes oid;
    unsigned in_set;
} policies[] = { /* BR 7.1.6.1 */
    { OID("\x67\x81\x0c\x01\x02\x01"), POLICY_DV }, { OID("\x67\x81\x0c\x01\x02\x02"), POLICY_OV },
    { OID("\x67\x81\x0c\x01\x02\x03"), POLICY_IV }, { OID("\x67\x81\x0c\x01\x01"), POLICY_EV },
    { OID("\x55\x1d\x20\x00"), POLICY_ANY },
}, purposes[] = { /* RFC 5280 4.2.1.12 */
    { OID("\x2b\x06\x01\x05\x05\x07\x03\x01"), PURPOSE_SERVER_AUTH },
    { OID("\x2b\x06\x01\x05\x05\x07\x03\x02"), PURPOSE_CLIENT_AUTH },
    { OID("\x2b\x06\x01\x05\x05\x07\x03\x03"), PURPOSE_CODE_SIGNING },
    { OID("\x2b\x06\x01\x05\x05\x07\x03\x04"), PURPOSE_EMAIL },
    { OID("\x2b\x06\x01\x05\x05\x07\x03\x08"), PURPOSE_TIME_STAMPING },
    { OID("\x2b\x06\x01\x05\x05\x07\x03\x09"), PURPOSE_OCSP_SIGNING },
    { OID("\x55\x1d\x25\x00"), PURPOSE_ANY },
    { OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x04"), PURPOSE_PRECERT_SIGNING },
};
// clang-format on

static unsigned policy_of(struct bytes oid)
{
    static const struct bytes forum = OID("\x67\x81\x0c\x01");

    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
        if (bytes_equal(policies[i].oid, oid))
            return policies[i].in_set | (i < 4 ? (unsigned)POLICY_FORUM : 0);
    return oid.size >= forum.size && memcmp(oid.data, forum.data, forum.size) == 0 ? POLICY_FORUM
                                                                                   : POLICY_OTHER;
}

static unsigned purpose_of(struct bytes oid)
{
    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++)
        if (bytes_equal(purposes[i].oid, oid))
            return purposes[i].in_set;
    return PURPOSE_OTHER;
}

/* PolicyQualifierInfo: only id-qt-cps with an http or https URI is fine (BR 7.1.2.7.9). */
static bool qualifiers_read(struct lint_case *c, struct der *information)
{
    static const struct bytes cps = OID("\x2b\x06\x01\x05\x05\x07\x02\x01");
    struct der list, one;
    struct bytes id, value;
    unsigned tag;

    if (der_done(information))
        return true;
    if (!der_enter(information, DER_SEQUENCE, &list) || der_done(&list) || !der_done(information))
        return false;
    while (der_enter(&list, DER_SEQUENCE, &one)) {
        if (!der_take(&one, DER_OID, &id) || !der_next(&one, &tag, &value, NULL) || !der_done(&one))
            return false;
        bool is_cps = bytes_equal(id, cps);
        const char *uri = (const char *)value.data;
        c->policies.other_qualifier |= !is_cps;
        c->policies.bad_cps |=
            is_cps &&
            (tag != DER_IA5_STRING || value.size < 9 ||
             (strncasecmp(uri, "http://", 7) != 0 && strncasecmp(uri, "https://", 8) != 0));
    }
    return der_done(&list);
}

static bool policies_read(struct lint_case *c, struct der *in)
{
    struct bytes seen[LINT_LIST_MAX];
    struct der list, information;

    if (!der_enter(in, DER_SEQUENCE, &list))
        return false;
    for (; der_enter(&list, DER_SEQUENCE, &information); c->policies.count++) {
        size_t n = c->policies.count;
        if (n == LINT_LIST_MAX || !der_take(&information, DER_OID, &seen[n]) ||
            !qualifiers_read(c, &information))
            return false;
        for (size_t i = 0; i < n; i++)
            c->policies.twice |= bytes_equal(seen[i], seen[n]);
        unsigned policy = policy_of(seen[n]);
        c->policies.set |= policy;
        c->policies.first = n == 0 ? policy : c->policies.first;
        c->policies.reserved += (policy & POLICY_RESERVED_TLS) != 0;
    }
    return der_done(&list);
}

static bool authority_key_id_read(struct lint_case *c, struct der *in)
{
    struct der list;

    if (!der_enter(in, DER_SEQUENCE, &list))
        return false;
    der_take(&list, DER_CONTEXT(0), &c->authority_key.id);
    while (der_next(&list, NULL, NULL, NULL))
        c->authority_key.more = true;
    return der_done(&list);
}

static bool ext_key_usage_read(struct lint_case *c, struct der *in)
{
    struct bytes seen[LINT_LIST_MAX];
    struct der list;

    if (!der_enter(in, DER_SEQUENCE, &list))
        return false;
    for (; !der_done(&list); c->purposes.count++) {
        size_t n = c->purposes.count;
        if (n == LINT_LIST_MAX || !der_take(&list, DER_OID, &seen[n]))
            return false;
        for (size_t i = 0; i < n; i++)
            c->purposes.twice |= bytes_equal(seen[i], seen[n]);
        c->purposes.set |= purpose_of(seen[n]);
    }
    return true;
}

static bool authority_info_read(struct lint_case *c, struct der *in)
{
    struct der list, one;
    struct bytes method;

    if (!der_enter(in, DER_SEQUENCE, &list))
        return false;
    while (der_enter(&list, DER_SEQUENCE, &one))
        if (!der_take(&one, DER_OID, &method) ||
            !location_add(c->access.all, &c->access.count, &one, method) || !der_done(&one))
            return false;
    return der_done(&list);
}

/* SignedCertificateTimestampList (RFC 6962 3.3): lengths of two bytes; at least one, none of them empty. */
static bool sct_list_read(struct lint_case *c, struct der *in)
{
    struct bytes b;

    if (!der_take(in, DER_OCTET_STRING, &b) || b.size < 2 ||
        (size_t)(b.data[0] << 8 | b.data[1]) != b.size - 2)
        return false;
    for (size_t at = 2; at < b.size;) {
        size_t size = at + 2 <= b.size ? (size_t)(b.data[at] << 8 | b.data[at + 1]) : 0;
        if (size == 0 || size > b.size - at - 2 || c->scts.count == LINT_LIST_MAX)
            return false;
        c->scts.all[c->scts.count++] = (struct bytes){ b.data + at + 2, size };
        at += 2 + size;
    }
    return c->scts.count > 0;
}

static bool null_read(struct lint_case *c, struct der *in)
{
    struct bytes content;

    (void)c;
    return der_take(in, DER_NULL, &content) && content.size == 0;
}

/* CABFOrganizationIdentifier (EVG 7.1.2): scheme, country, [0] state OPTIONAL, reference */
static bool organization_id_read(struct lint_case *c, struct der *in)
{
    struct der list;

    if (!der_enter(in, DER_SEQUENCE, &list) ||
        !der_take(&list, DER_PRINTABLE_STRING, &c->organization.scheme) ||
        !der_take(&list, DER_PRINTABLE_STRING, &c->organization.country))
        return false;
    der_take(&list, DER_CONTEXT(0), &c->organization.state);
    return der_take(&list, DER_UTF8_STRING, &c->organization.reference) && der_done(&list);
}

// clang-format off
static const struct {
    struct bytes oid;
    bool (*read)(struct lint_case *c, struct der *in);
} rows[EXTENSIONS] = {
    [EXT_SUBJECT_KEY_ID]    = { OID("\x55\x1d\x0e"), subject_key_id_read },
    [EXT_KEY_USAGE]         = { OID("\x55\x1d\x0f"), key_usage_read },
    [EXT_SUBJECT_ALT_NAME]  = { OID("\x55\x1d\x11"), names_read },
    [EXT_BASIC_CONSTRAINTS] = { OID("\x55\x1d\x13"), basic_constraints_read },
    [EXT_NAME_CONSTRAINTS]  = { OID("\x55\x1d\x1e"), name_constraints_read },
    [EXT_CRL_DISTRIBUTION]  = { OID("\x55\x1d\x1f"), crl_distribution_read },
    [EXT_POLICIES]          = { OID("\x55\x1d\x20"), policies_read },
    [EXT_AUTHORITY_KEY_ID]  = { OID("\x55\x1d\x23"), authority_key_id_read },
    [EXT_EXT_KEY_USAGE]     = { OID("\x55\x1d\x25"), ext_key_usage_read },
    [EXT_AUTHORITY_INFO]    = { OID("\x2b\x06\x01\x05\x05\x07\x01\x01"), authority_info_read },
    [EXT_SCT_LIST]          = { OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"), sct_list_read },
    [EXT_POISON]            = { OID("\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"), null_read },
    [EXT_OCSP_NO_CHECK]     = { OID("\x2b\x06\x01\x05\x05\x07\x30\x01\x05"), null_read },
    [EXT_ORGANIZATION_ID]   = { OID("\x67\x81\x0c\x03\x01"), organization_id_read },
};

const char *const lint_extension_names[EXTENSIONS] = {
    "subjectKeyIdentifier", "keyUsage", "subjectAltName", "basicConstraints", "nameConstraints",
    "cRLDistributionPoints", "certificatePolicies", "authorityKeyIdentifier", "extKeyUsage",
    "authorityInfoAccess", "the SCT list", "the poison", "ocsp-nocheck", "cabfOrganizationIdentifier",
};
// clang-format on

enum lint_extension lint_extension_of(struct bytes oid)
{
    enum lint_extension e = 0;

    while (e < EXTENSIONS && !bytes_equal(rows[e].oid, oid))
        e++;
    return e;
}

void read_extensions(struct lint_case *c)
{
    for (size_t i = 0; i < c->tbs.extension_count; i++) {
        const struct tbs_extension *extension = &c->tbs.extensions[i];
        enum lint_extension e = lint_extension_of(extension->oid);
        if (e == EXTENSIONS || c->extension[e])
            continue;
        struct der in = der_open(extension->value);
        c->extension[e] = extension;
        if (rows[e].read(c, &in) && der_done(&in))
            c->formed |= 1U << e;
    }
}
