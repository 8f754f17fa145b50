/* The fields of a TBSCertificate outside subject and extensions. */
#include "lints/lint.h"
#include "pki/der.h"

enum { V3 = 2, SERIAL_OCTETS_MAX = 20, SERIAL_TIME_OCTETS = 7 };

static bool version_v3(struct lint_case *c)
{
    return c->tbs.version == V3 || lint_miss(c, "version is %u", c->tbs.version + 1);
}

static bool no_unique_ids(struct lint_case *c)
{
    return !c->tbs.unique_ids || lint_miss(c, "has a unique identifier");
}

static bool serial_positive(struct lint_case *c)
{
    struct bytes s = c->tbs.serial;

    if (s.data[0] & 0x80)
        return lint_miss(c, "is negative");
    return s.size > 1 || s.data[0] != 0 || lint_miss(c, "is zero");
}

/* Below 2^159: 20 octets with the sign. */
static bool serial_length(struct lint_case *c)
{
    return c->tbs.serial.size <= SERIAL_OCTETS_MAX ||
           lint_miss(c, "has %zu octets", c->tbs.serial.size);
}

/* Randomness cannot be seen, but room for it can, behind the time that the number begins with; and so
 * can a number that fills it with nothing. */
static bool serial_entropy(struct lint_case *c)
{
    struct bytes all = c->tbs.serial, s = { NULL, 0 };
    if (all.size > SERIAL_TIME_OCTETS)
        s = (struct bytes){ all.data + SERIAL_TIME_OCTETS, all.size - SERIAL_TIME_OCTETS };
    bool seen[256] = { false };
    size_t distinct = 0;

    for (size_t i = 0; i < s.size; i++) {
        distinct += !seen[s.data[i]];
        seen[s.data[i]] = true;
    }
    if ((int64_t)s.size * 8 < c->value)
        return lint_miss(c, "has no room for %lld bits", (long long)c->value);
    return distinct > s.size / 2 || lint_miss(c, "does not look random");
}

static bool signature_exact(struct lint_case *c)
{
    static const struct {
        enum key_type type;
        int bits; /* 0: any */
        struct bytes der;
    } allowed[] = {
#define BYTES(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
        // clang-format off
        { KEY_EC, 256, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02") },
        { KEY_EC, 384, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03") },
        { KEY_EC, 521, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04") },
        { KEY_RSA, 0, BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00") },
        { KEY_RSA, 0, BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00") },
        { KEY_RSA, 0, BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00") },
        // clang-format on
    };
    const struct key *signer = &c->in->ca->public;

    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (allowed[i].type == signer->type &&
            (!allowed[i].bits || allowed[i].bits == signer->bits) &&
            bytes_equal(allowed[i].der, c->tbs.algorithm))
            return true;
    return lint_miss(c, "signature algorithm does not fit the authority's key");
}

static bool issuer_exact(struct lint_case *c)
{
    return bytes_equal(c->tbs.issuer, c->in->ca->subject) ||
           lint_miss(c, "issuer is not the authority's subject");
}

static bool validity_order(struct lint_case *c)
{
    return instant_before(c->tbs.not_before, c->tbs.not_after) ||
           lint_miss(c, "ends before it begins");
}

/* A day is 86,400 seconds, both ends are included, and a part of a day is a day. */
static bool validity_max(struct lint_case *c)
{
    struct duration length = instant_since(c->tbs.not_after, c->tbs.not_before);

    return length.us + seconds(1).us <= days(c->value).us ||
           lint_miss(c, "longer than %lld days", (long long)c->value);
}

static bool not_before_skew(struct lint_case *c)
{
    int64_t skew = instant_since(c->tbs.not_before, c->in->now).us;

    return (skew < 0 ? -skew : skew) <= seconds(c->value * 3600).us ||
           lint_miss(c, "notBefore is more than %lld hours from now", (long long)c->value);
}

static bool within_issuer(struct lint_case *c)
{
    if (instant_before(c->tbs.not_before, c->in->ca->not_before))
        return lint_miss(c, "begins before the authority's certificate");
    return !instant_before(c->in->ca->not_after, c->tbs.not_after) ||
           lint_miss(c, "ends after the authority's certificate");
}

static bool time_fits(struct instant at, unsigned tag)
{
    static const struct instant first_of_2050 = { INT64_C(2524608000) * 1000000 };

    return tag == (instant_before(at, first_of_2050) ? DER_UTC_TIME : DER_GENERALIZED_TIME);
}

static bool time_encoding(struct lint_case *c)
{
    return (time_fits(c->tbs.not_before, c->tbs.not_before_tag) &&
            time_fits(c->tbs.not_after, c->tbs.not_after_tag)) ||
           lint_miss(c, "UTCTime through 2049, GeneralizedTime later");
}

// clang-format off
const struct lint field_lints[] = {
    { "version_v3",      "BR 7.1.2.7",         NULL,   0,  version_v3 },
    { "no_unique_ids",   "BR 7.1.2.7",         NULL,   0,  no_unique_ids },
    { "serial_positive", "RFC 5280 4.1.2.2",   NULL,   0,  serial_positive },
    { "serial_length",   "BR 7.1.2.7",         NULL,   0,  serial_length },
    { "serial_entropy",  "BR 7.1.2.7",         "bits", 64, serial_entropy },
    { "signature_exact", "BR 7.1.3.2",         NULL,   0,  signature_exact },
    { "issuer_exact",    "BR 7.1.4.1",         NULL,   0,  issuer_exact },
    { "validity_order",  "RFC 5280 4.1.2.5",   NULL,   0,  validity_order },
    { "validity_max",    "BR 6.3.2",           "d",    0,  validity_max },
    { "not_before_skew", "BR 7.1.2.7",         "h",    48, not_before_skew },
    { "within_issuer",   "BR 7.1.2.7",         NULL,   0,  within_issuer },
    { "time_encoding",   "RFC 5280 4.1.2.5",   NULL,   0,  time_encoding },
    { 0 },
};
// clang-format on
