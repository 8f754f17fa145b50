/* What a certificate may be used for: keyUsage, extKeyUsage, certificatePolicies. */
#include "lints/lint.h"
#include "pki/der.h"
#include "x509/oid.h"

/* The first byte of KeyUsage's bits, RFC 5280 4.2.1.3. */
enum { DIGITAL_SIGNATURE = 0x80, KEY_ENCIPHERMENT = 0x20 };

#define RESERVED(arc) DER_BYTES("\x67\x81\x0c\x01" arc) /* 2.23.140.1 */

/* RSA: digitalSignature, with or without keyEncipherment. ECC: digitalSignature alone. */
static bool ku_allowed(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_KEY_USAGE);
    struct bytes bits;
    struct der all;

    if (!e)
        return lint_miss(c, "has no keyUsage");
    all = der_open(e->value);
    if (!der_take(&all, DER_BIT_STRING, &bits) || !der_done(&all) || bits.size != 2)
        return lint_miss(c, "keyUsage is malformed or has unusual bits");
    /* trailing zeros are cut (X.690 11.2.2): the count of unused bits follows from the bits */
    if (bits.data[1] == DIGITAL_SIGNATURE && bits.data[0] == 7)
        return true;
    return (c->key.type == KEY_RSA && bits.data[0] == 5 &&
            (bits.data[1] | DIGITAL_SIGNATURE) == (DIGITAL_SIGNATURE | KEY_ENCIPHERMENT)) ||
           lint_miss(c, "keyUsage 0x%02x does not fit the key", bits.data[1]);
}

/* serverAuth and nothing that must not stand beside it. clientAuth has a check of its own, since it
 * ends on a date. */
static bool eku_server_auth(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_EXT_KEY_USAGE);
    struct bytes purpose;
    struct der all, list;
    bool server = false;

    if (!e)
        return lint_miss(c, "has no extKeyUsage");
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all))
        return lint_miss(c, "extKeyUsage is malformed");
    while (der_take(&list, DER_OID, &purpose)) {
        if (bytes_equal(purpose, OID_SERVER_AUTH))
            server = true;
        else if (!bytes_equal(purpose, OID_CLIENT_AUTH))
            return lint_miss(c, "extKeyUsage has a purpose beside serverAuth and clientAuth");
    }
    return (server && der_done(&list)) || lint_miss(c, "extKeyUsage lacks serverAuth");
}

static bool eku_no_client_auth(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_EXT_KEY_USAGE);
    struct bytes purpose;
    struct der all, list;

    if (!e)
        return true;
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list))
        return lint_miss(c, "extKeyUsage is malformed");
    while (der_take(&list, DER_OID, &purpose))
        if (bytes_equal(purpose, OID_CLIENT_AUTH))
            return lint_miss(c, "extKeyUsage has clientAuth");
    return true;
}

/* DV, OV, IV, EV */
static bool is_reserved(struct bytes policy)
{
    return bytes_equal(policy, RESERVED("\x02\x01")) || bytes_equal(policy, RESERVED("\x02\x02")) ||
           bytes_equal(policy, RESERVED("\x02\x03")) || bytes_equal(policy, RESERVED("\x01"));
}

/* Exactly one reserved policy, no anyPolicy, no qualifier. */
static bool policy_reserved_oid(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_POLICIES);
    struct bytes policy;
    struct der all, list, information;
    size_t reserved = 0;

    if (!e)
        return lint_miss(c, "has no certificatePolicies");
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all))
        return lint_miss(c, "certificatePolicies are malformed");
    while (der_enter(&list, DER_SEQUENCE, &information)) {
        if (!der_take(&information, DER_OID, &policy) || !der_done(&information))
            return lint_miss(c, "a policy has qualifiers");
        if (bytes_equal(policy, OID_ANY_POLICY))
            return lint_miss(c, "has anyPolicy");
        reserved += is_reserved(policy);
    }
    return (reserved == 1 && der_done(&list)) ||
           lint_miss(c, "has %zu reserved policies", reserved);
}

// clang-format off
const struct lint usage_lints[] = {
    { "ku_allowed",          "BR 7.1.2.7.11", NULL, 0, ku_allowed },
    { "eku_server_auth",     "BR 7.1.2.7.10", NULL, 0, eku_server_auth },
    { "eku_no_client_auth",  "CRP 1.8 1.3.2", NULL, 0, eku_no_client_auth },
    { "policy_reserved_oid", "BR 7.1.2.7.9",  NULL, 0, policy_reserved_oid },
    { 0 },
};
// clang-format on
