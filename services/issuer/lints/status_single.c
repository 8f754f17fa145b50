/* The answer about one certificate: SingleResponse, RFC 6960 4.2.1. None of these is run where there is none. */
#include "lints/status_case.h"
#include "pki/digest.h"

/* ---- for which certificate */

/* RFC 5019 2.1.1: SHA-1, which names and proves nothing here; its parameters are NULL (RFC 3370 2.1) or absent. */
static bool hash(struct status_case *c)
{
    struct bytes h = c->ocsp.single.hash;

    return bytes_equal(h, DER_BYTES("\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00")) ||
           bytes_equal(h, DER_BYTES("\x30\x07\x06\x05\x2b\x0e\x03\x02\x1a")) ||
           status_miss(c, "certID is not by SHA-1");
}

static bool is_hash_of(struct bytes hash, struct bytes what)
{
    uint8_t sha1[SHA1_SIZE];

    digest_sha1(what, sha1);
    return bytes_equal(hash, (struct bytes){ sha1, sizeof sha1 });
}

static bool issuer_exact(struct status_case *c)
{
    const struct status_issuer *issuer = c->in->issuer;

    return (is_hash_of(c->ocsp.single.name_hash, issuer->subject) &&
            is_hash_of(c->ocsp.single.key_hash, issuer->key.public_key)) ||
           status_miss(c, "certID has the hashes of another issuer");
}

static bool serial_formed(struct status_case *c)
{
    return status_serial_formed(c, c->ocsp.single.serial, "certID");
}

static struct bytes magnitude_of(struct bytes serial)
{
    if (serial.size > 1 && serial.data[0] == 0)
        return (struct bytes){ serial.data + 1, serial.size - 1 };
    return serial;
}

static bool serial_asked(struct status_case *c)
{
    return c->in->serial.size == 0 ||
           bytes_equal(magnitude_of(c->ocsp.single.serial), c->in->serial) ||
           status_miss(c, "certID has another serial number than was asked for");
}

/* ---- what is said of it */

static bool status_known(struct status_case *c)
{
    return !c->in->issued || c->ocsp.single.status != OCSP_UNKNOWN ||
           status_miss(c, "says unknown of a certificate that was issued");
}

/* A number that nobody has been given is not good. */
static bool status_unassigned(struct status_case *c)
{
    return c->in->issued || c->ocsp.single.status != OCSP_GOOD ||
           status_miss(c, "says good of a number that no certificate has");
}

static bool revoked_past(struct status_case *c)
{
    const struct ocsp_single *s = &c->ocsp.single;

    return s->status != OCSP_REVOKED || !instant_before(c->ocsp.produced, s->revoked) ||
           status_miss(c, "revocationTime lies after producedAt");
}

static bool reason_formed(struct status_case *c)
{
    return !c->ocsp.single.has_reason || status_reason_formed(c, c->ocsp.single.reason);
}

static bool reason_allowed(struct status_case *c)
{
    const struct ocsp_single *s = &c->ocsp.single;

    return !s->has_reason || !status_forbids(c, "revocation.reason.", s->reason.data[0]) ||
           status_miss(c, "reasonCode %u is prohibited", s->reason.data[0]);
}

/* BR 7.3.2: it stands in RevokedInfo. */
static bool no_reason_extension(struct status_case *c)
{
    struct status_extension x;

    return !status_extension_find(&c->ocsp.single.extensions, STATUS_OID_REASON, &x) ||
           status_miss(c, "singleExtensions have a reasonCode");
}

static bool no_other_extension(struct status_case *c)
{
    struct der walk = c->ocsp.single.extensions.list;
    struct status_extension x;

    while (c->ocsp.single.extensions.present && status_extension_next(&walk, &x))
        if (!bytes_equal(x.oid, STATUS_OID_REASON))
            return status_miss(c, "has singleExtensions");
    return true;
}

/* ---- as the CRL says it */

static bool listed(const struct status_case *c, struct crl_entry *entry)
{
    return crl_find(&c->crl, magnitude_of(c->ocsp.single.serial), entry);
}

static bool status_as_crl(struct status_case *c)
{
    struct crl_entry entry;

    if (c->in->crl.size == 0 || listed(c, &entry) == (c->ocsp.single.status == OCSP_REVOKED))
        return true;
    return status_miss(c, "the CRL says otherwise");
}

static struct bytes reason_in(const struct crl_entry *entry)
{
    struct status_extension x;
    struct bytes reason = { NULL, 0 };

    if (status_extension_find(&entry->extensions, STATUS_OID_REASON, &x)) {
        struct der all = der_open(x.value);
        if (!der_take(&all, DER_ENUMERATED, &reason))
            reason = (struct bytes){ NULL, 0 };
    }
    return reason;
}

static bool reason_as_crl(struct status_case *c)
{
    const struct ocsp_single *s = &c->ocsp.single;
    struct crl_entry entry;

    if (c->in->crl.size == 0 || s->status != OCSP_REVOKED || !listed(c, &entry))
        return true;
    if (entry.revoked.at.us != s->revoked.us)
        return status_miss(c, "the CRL has another time of revocation");
    return bytes_equal(reason_in(&entry), s->reason) ||
           status_miss(c, "the CRL has another reason");
}

/* ---- when */

static bool this_update_past(struct status_case *c)
{
    return !instant_before(c->ocsp.produced, c->ocsp.single.this_update) ||
           status_miss(c, "thisUpdate lies after producedAt");
}

static bool next_update_present(struct status_case *c)
{
    return c->ocsp.single.has_next_update || status_miss(c, "has no nextUpdate");
}

static bool next_update_order(struct status_case *c)
{
    const struct ocsp_single *s = &c->ocsp.single;

    return !s->has_next_update || instant_before(s->this_update, s->next_update) ||
           status_miss(c, "nextUpdate is not after thisUpdate");
}

/* BR 4.9.9: both ends are included. */
static struct duration life_of(const struct ocsp_single *s)
{
    return (struct duration){ instant_since(s->next_update, s->this_update).us + seconds(1).us };
}

static bool has_life(const struct ocsp_single *s)
{
    return s->has_next_update && instant_before(s->this_update, s->next_update);
}

static bool life_min(struct status_case *c)
{
    const struct ocsp_single *s = &c->ocsp.single;

    return !has_life(s) || life_of(s).us >= c->rule->value.us ||
           status_miss(c, "is valid for %lld s, %lld s at least are needed",
                       (long long)(life_of(s).us / 1000000),
                       (long long)(c->rule->value.us / 1000000));
}

static bool life_max(struct status_case *c)
{
    const struct ocsp_single *s = &c->ocsp.single;

    return !has_life(s) || life_of(s).us <= c->rule->value.us ||
           status_miss(c, "is valid for %lld s, %lld s at most are allowed",
                       (long long)(life_of(s).us / 1000000),
                       (long long)(c->rule->value.us / 1000000));
}

// clang-format off
const struct status_lint status_single_lints[] = {
    { "ocsp_hash",                "RFC 5019 2.1.1",   STATUS_OCSP, NULL, hash },
    { "ocsp_issuer_exact",        "RFC 6960 4.1.1",   STATUS_OCSP, NULL, issuer_exact },
    { "ocsp_serial",              "RFC 5280 4.1.2.2", STATUS_OCSP, NULL, serial_formed },
    { "ocsp_serial_asked",        "RFC 6960 4.2.2.3", STATUS_OCSP, NULL, serial_asked },
    { "ocsp_status_known",        "BR 4.9.9",         STATUS_OCSP, NULL, status_known },
    { "ocsp_status_unassigned",   "BR 4.9.9",         STATUS_OCSP, NULL, status_unassigned },
    { "ocsp_revoked_past",        "RFC 6960 4.2.1",   STATUS_OCSP, NULL, revoked_past },
    { "ocsp_reason",              "RFC 5280 5.3.1",   STATUS_OCSP, NULL, reason_formed },
    { "ocsp_reason_allowed",      "BR 7.3",           STATUS_OCSP, "revocation.reason.", reason_allowed },
    { "ocsp_no_reason_extension", "BR 7.3.2",         STATUS_OCSP, NULL, no_reason_extension },
    { "ocsp_no_other_extension",  "RFC 5019 2.2.1",   STATUS_OCSP, NULL, no_other_extension },
    { "ocsp_status_as_crl",       "practice of this CA", STATUS_OCSP, NULL, status_as_crl },
    { "ocsp_reason_as_crl",       "BR 7.3",           STATUS_OCSP, NULL, reason_as_crl },
    { "ocsp_this_update_past",    "RFC 6960 4.2.2.1", STATUS_OCSP, NULL, this_update_past },
    { "ocsp_next_update_present", "RFC 5019 2.2.4",   STATUS_OCSP, NULL, next_update_present },
    { "ocsp_next_update_order",   "RFC 6960 4.2.2.1", STATUS_OCSP, NULL, next_update_order },
    { "ocsp_life_min",            "BR 4.9.9",         STATUS_OCSP, "ocsp.life.min", life_min },
    { "ocsp_life_max",            "BR 4.9.9",         STATUS_OCSP, "ocsp.life.max", life_max },
    { 0 },
};
// clang-format on
