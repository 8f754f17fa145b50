#include "x509/extension.h"

#include <string.h>

#include "pki/ip.h"
#include "x509/oid.h"

static const struct usage_name {
    const char *name;
    unsigned bit;
} usage_names[] = {
    { "digital_signature", USAGE_DIGITAL_SIGNATURE },
    { "non_repudiation", USAGE_NON_REPUDIATION },
    { "key_encipherment", USAGE_KEY_ENCIPHERMENT },
    { "data_encipherment", USAGE_DATA_ENCIPHERMENT },
    { "key_agreement", USAGE_KEY_AGREEMENT },
    { "key_cert_sign", USAGE_KEY_CERT_SIGN },
    { "crl_sign", USAGE_CRL_SIGN },
};

static bool usage_read(const char *name, unsigned *set)
{
    for (size_t i = 0; i < sizeof usage_names / sizeof *usage_names; i++)
        if (strcmp(usage_names[i].name, name) == 0) {
            *set |= usage_names[i].bit;
            return true;
        }
    return false;
}

bool key_usage_read(char *const *names, size_t count, unsigned *set, struct fault *f)
{
    *set = 0;
    for (size_t i = 0; i < count; i++)
        if (!usage_read(names[i], set))
            return fault_set(f, FAULT_INVALID, "key_usage", "%s is no key usage", names[i]);
    return true;
}

/* What is nested in an extension; ended in reverse order. */
struct mark {
    size_t list, octets;
};

static struct mark begin(struct text *t, struct bytes oid, bool critical)
{
    struct mark m = { .list = der_begin(t, DER_SEQUENCE) };

    der_add(t, DER_OID, oid);
    if (critical) /* FALSE is the default and left out (X.690 11.5) */
        der_add_bool(t, true);
    m.octets = der_begin(t, DER_OCTET_STRING);
    return m;
}

static void end(struct text *t, struct mark m)
{
    der_end(t, m.octets);
    der_end(t, m.list);
}

void extension_key_usage(struct text *t, unsigned set)
{
    struct mark m = begin(t, OID_KEY_USAGE, true);

    der_add_named_bits(t, set);
    end(t, m);
}

static bool add_dotted(struct text *t, const char *dotted)
{
    struct bytes oid;

    if (!der_oid_read(t->arena, dotted, &oid))
        return false;
    der_add(t, DER_OID, oid);
    return true;
}

static bool add_purpose(struct text *t, const char *name)
{
    if (strcmp(name, "server_auth") == 0)
        der_add(t, DER_OID, OID_SERVER_AUTH);
    else if (strcmp(name, "client_auth") == 0)
        der_add(t, DER_OID, OID_CLIENT_AUTH);
    else
        return add_dotted(t, name);
    return true;
}

bool extension_ext_key_usage(struct text *t, char *const *names, size_t count, struct fault *f)
{
    if (count == 0) /* SEQUENCE SIZE (1..MAX): RFC 5280 4.2.1.12 */
        return true;
    struct mark m = begin(t, OID_EXT_KEY_USAGE, false);
    size_t list = der_begin(t, DER_SEQUENCE);

    for (size_t i = 0; i < count; i++)
        if (!add_purpose(t, names[i]))
            return fault_set(f, FAULT_INVALID, "ext_key_usage", "%s is no purpose", names[i]);
    der_end(t, list);
    end(t, m);
    return true;
}

bool extension_policies(struct text *t, char *const *dotted, size_t count, struct fault *f)
{
    if (count == 0) /* SEQUENCE SIZE (1..MAX): RFC 5280 4.2.1.4 */
        return true;
    struct mark m = begin(t, OID_POLICIES, false);
    size_t list = der_begin(t, DER_SEQUENCE);

    for (size_t i = 0; i < count; i++) {
        size_t policy = der_begin(t, DER_SEQUENCE);
        if (!add_dotted(t, dotted[i]))
            return fault_set(f, FAULT_INVALID, "policy_oids", "%s is no OID", dotted[i]);
        der_end(t, policy);
    }
    der_end(t, list);
    end(t, m);
    return true;
}

void extension_basic_constraints(struct text *t, bool ca, int path_length)
{
    struct mark m = begin(t, OID_BASIC_CONSTRAINTS, true);
    size_t list = der_begin(t, DER_SEQUENCE);

    if (ca)
        der_add_bool(t, true);
    if (ca && path_length >= 0)
        der_add_small(t, (unsigned)path_length);
    der_end(t, list);
    end(t, m);
}

/* TLS BR 7.1.2.11.1: keyIdentifier and nothing else. */
void extension_authority_key_id(struct text *t, struct bytes key_id)
{
    struct mark m = begin(t, OID_AUTHORITY_KEY_ID, false);
    size_t list = der_begin(t, DER_SEQUENCE);

    der_add(t, DER_CONTEXT(0), key_id);
    der_end(t, list);
    end(t, m);
}

void extension_subject_key_id(struct text *t, struct bytes key_id)
{
    struct mark m = begin(t, OID_SUBJECT_KEY_ID, false);

    der_add(t, DER_OCTET_STRING, key_id);
    end(t, m);
}

static void add_access(struct text *t, struct bytes method, const char *url)
{
    if (!url)
        return;
    size_t list = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, method);
    der_add_text(t, DER_CONTEXT(6), url); /* GeneralName: uniformResourceIdentifier */
    der_end(t, list);
}

void extension_authority_info(struct text *t, const char *ocsp, const char *ca_issuers)
{
    if (!ocsp && !ca_issuers)
        return;
    struct mark m = begin(t, OID_AUTHORITY_INFO, false);
    size_t list = der_begin(t, DER_SEQUENCE);

    add_access(t, OID_AD_OCSP, ocsp);
    add_access(t, OID_AD_CA_ISSUERS, ca_issuers);
    der_end(t, list);
    end(t, m);
}

/* TLS BR 7.1.2.11.2: one DistributionPoint with a fullName. */
void extension_crl_distribution(struct text *t, const char *url)
{
    struct mark m = begin(t, OID_CRL_DISTRIBUTION, false);
    size_t list = der_begin(t, DER_SEQUENCE);
    size_t point = der_begin(t, DER_SEQUENCE);
    size_t name = der_begin(t, DER_CONTEXT_OF(0)); /* DistributionPoint.distributionPoint */
    size_t full = der_begin(t, DER_CONTEXT_OF(0)); /* DistributionPointName.fullName */

    der_add_text(t, DER_CONTEXT(6), url);
    der_end(t, full);
    der_end(t, name);
    der_end(t, point);
    der_end(t, list);
    end(t, m);
}

static bool add_address(struct text *t, const char *text, struct fault *f)
{
    struct ip ip;

    if (!ip_read(text, &ip))
        return fault_set(f, FAULT_INTERNAL, "names", "%s is no address", text);
    der_add(t, DER_CONTEXT(7), (struct bytes){ ip.octets, ip.size });
    return true;
}

/* GeneralName */
static bool add_name(struct text *t, const struct identifier *name, struct fault *f)
{
    if (name->kind == IDENTIFIER_IP)
        return add_address(t, name->value, f);
    der_add_text(t, name->kind == IDENTIFIER_EMAIL ? DER_CONTEXT(1) : DER_CONTEXT(2), name->value);
    return true;
}

bool extension_names(struct text *t, const struct identifier *names, size_t count, bool critical,
                     struct fault *f)
{
    struct mark m = begin(t, OID_SUBJECT_ALT_NAME, critical);
    size_t list = der_begin(t, DER_SEQUENCE);

    for (size_t i = 0; i < count; i++)
        if (!add_name(t, &names[i], f))
            return false;
    der_end(t, list);
    end(t, m);
    return true;
}
