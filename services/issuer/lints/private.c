/* What RFC 5280 asks of certificates that no public root vouches for: where it is less than the
 * Baseline Requirements, and the one thing more, that they never look like public ones. */
#include <ctype.h>
#include <string.h>

#include "lints/lint.h"
#include "lints/names.h"
#include "pki/ip.h"
#include "pki/name.h"
#include "x509/oid.h"

enum { LABEL_MAX = 63, HOST_MAX = 253, IPV4_SIZE = 4, IPV6_SIZE = 16 };

/* Named bits of keyUsage as the first byte of the BIT STRING has them (RFC 5280 4.2.1.3). */
enum {
    DIGITAL_SIGNATURE = 0x80,
    NON_REPUDIATION = 0x40,
    KEY_ENCIPHERMENT = 0x20,
    DATA_ENCIPHERMENT = 0x10
};

/* RFC 5280 4.2.1.6: dNSName, and iPAddress of 4 or 16 octets. */
static bool san_hosts_only(struct lint_case *c)
{
    struct name_walk walk;
    struct bytes name;
    unsigned tag;

    name_walk_open(c, &walk);
    while (name_walk_any(&walk, &tag, &name))
        if (tag == NAME_IP ? name.size != IPV4_SIZE && name.size != IPV6_SIZE : tag != NAME_DNS)
            return lint_miss(c, "subjectAltName has a name of type %u, %zu bytes", tag & 0x1f,
                             name.size);
    return true;
}

static bool label_fits(const uint8_t *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum(at[i]) && at[i] != '-')
            return false;
    return size > 0 && size <= LABEL_MAX && at[0] != '-' && at[size - 1] != '-';
}

/* LDH labels (RFC 5280 4.2.1.6, RFC 1034 3.5), one or more, behind "*." or not; the last no number. */
static bool is_host(struct bytes name)
{
    const uint8_t *at = name.data, *end = name.data + name.size, *dot;

    if (name.size > 2 && memcmp(at, "*.", 2) == 0)
        at += 2;
    for (; (dot = memchr(at, '.', (size_t)(end - at))); at = dot + 1)
        if (!label_fits(at, (size_t)(dot - at)))
            return false;
    return name.size <= HOST_MAX && label_fits(at, (size_t)(end - at)) &&
           !name_ends_in_number((const char *)at, (size_t)(end - at));
}

/* An address that one host can have; how long it is, san_hosts_only says. */
static bool is_address(struct bytes name)
{
    struct ip ip = { .size = name.size };

    if (name.size > sizeof ip.octets)
        return true;
    memcpy(ip.octets, name.data, name.size);
    return !ip_not_of_host(&ip);
}

static bool san_host_syntax(struct lint_case *c)
{
    struct name_walk walk;
    struct bytes name;
    unsigned tag;

    name_walk_open(c, &walk);
    while (name_walk_any(&walk, &tag, &name)) {
        if (tag == NAME_DNS && !is_host(name))
            return lint_miss(c, "%.*s is no host name", (int)name.size, (const char *)name.data);
        if (tag == NAME_IP && !is_address(name))
            return lint_miss(c, "has an address that no host can have");
    }
    return true;
}

/* RFC 5280 4.2.1.3; an elliptic curve's key enciphers nothing (RFC 8813 3). */
static bool ku_fits_key(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_KEY_USAGE);
    unsigned allowed = DIGITAL_SIGNATURE | NON_REPUDIATION, unused = 0;
    struct bytes bits;
    struct der all;

    if (!e)
        return lint_miss(c, "has no keyUsage");
    all = der_open(e->value);
    if (!der_take(&all, DER_BIT_STRING, &bits) || !der_done(&all) || bits.size != 2)
        return lint_miss(c, "keyUsage is malformed or has unusual bits");
    if (c->key.type == KEY_RSA)
        allowed |= KEY_ENCIPHERMENT | DATA_ENCIPHERMENT;
    while (unused < 8 && !(bits.data[1] & (1U << unused)))
        unused++;
    /* trailing zeros are cut (X.690 11.2.2) */
    return (bits.data[0] == unused && (bits.data[1] & DIGITAL_SIGNATURE) &&
            (bits.data[1] & ~allowed) == 0) ||
           lint_miss(c, "keyUsage 0x%02x does not fit the key", bits.data[1]);
}

/* BR 7.1.6.1: 2.23.140.1 says that the certificate is issued by the rules of public ones. */
static bool policy_not_reserved(struct lint_case *c)
{
    static const uint8_t forum[] = { 0x67, 0x81, 0x0c, 0x01 };
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_POLICIES);
    struct der all, list, information;
    struct bytes policy;

    if (!e)
        return true;
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all))
        return lint_miss(c, "certificatePolicies are malformed");
    while (der_enter(&list, DER_SEQUENCE, &information))
        if (!der_take(&information, DER_OID, &policy) ||
            (policy.size >= sizeof forum && memcmp(policy.data, forum, sizeof forum) == 0))
            return lint_miss(c, "has a policy of public certificates");
    return true;
}

// clang-format off
const struct lint private_lints[] = {
    { "san_hosts_only",      "RFC 5280 4.2.1.6", NULL, 0, san_hosts_only },
    { "san_host_syntax",     "RFC 5280 4.2.1.6", NULL, 0, san_host_syntax },
    { "ku_fits_key",         "RFC 5280 4.2.1.3", NULL, 0, ku_fits_key },
    { "policy_not_reserved", "BR 7.1.6.1",       NULL, 0, policy_not_reserved },
    { 0 },
};
// clang-format on
