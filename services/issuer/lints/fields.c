/* Version, serial number and issuer of a TBSCertificate. */
#include "lints/read.h"

enum { V3 = 2, SERIAL_OCTETS_MAX = 20, SERIAL_TIME_OCTETS = 7 };

static bool version_v3(struct lint_case *c)
{
    return c->tbs.version == V3 || lint_miss(c, "the version is %u", c->tbs.version + 1);
}

static bool no_unique_ids(struct lint_case *c)
{
    return !c->tbs.unique_ids || lint_miss(c, "it has a unique identifier");
}

static bool serial_positive(struct lint_case *c)
{
    struct bytes s = c->tbs.serial;

    if (s.data[0] & 0x80)
        return lint_miss(c, "the serial number is negative");
    return s.size > 1 || s.data[0] != 0 || lint_miss(c, "the serial number is zero");
}

/* Below 2^159: 20 octets with the sign. */
static bool serial_length(struct lint_case *c)
{
    return c->tbs.serial.size <= SERIAL_OCTETS_MAX ||
           lint_miss(c, "the serial number has %zu octets", c->tbs.serial.size);
}

/* X.690 8.3.2: no leading octet that says nothing. */
static bool serial_minimal(struct lint_case *c)
{
    struct bytes s = c->tbs.serial;

    return s.size < 2 || s.data[0] != 0 || s.data[1] & 0x80 ||
           lint_miss(c, "the serial number has a needless leading octet");
}

/* What stands behind the time that the number begins with. */
static struct bytes serial_drawn(struct lint_case *c)
{
    struct bytes s = c->tbs.serial;

    return s.size > SERIAL_TIME_OCTETS
               ? (struct bytes){ s.data + SERIAL_TIME_OCTETS, s.size - SERIAL_TIME_OCTETS }
               : (struct bytes){ s.data, 0 };
}

static bool serial_entropy(struct lint_case *c)
{
    return (int64_t)serial_drawn(c).size * 8 >= c->value ||
           lint_miss(c, "the serial number has no room for %lld random bits", (long long)c->value);
}

/* Randomness cannot be seen, but a number that is filled with nothing can: of what counts up, few octets
 * differ from each other. Of nine random ones three or fewer do once in 10^11 times. */
static bool serial_not_sequential(struct lint_case *c)
{
    struct bytes s = serial_drawn(c);
    bool seen[256] = { false };
    size_t distinct = 0;

    for (size_t i = 0; i < s.size; i++) {
        distinct += !seen[s.data[i]];
        seen[s.data[i]] = true;
    }
    return distinct > s.size / 3 || s.size == 0 ||
           lint_miss(c, "the serial number does not look random");
}

static bool issuer_exact(struct lint_case *c)
{
    return bytes_equal(c->tbs.issuer, c->issuer_name) ||
           lint_miss(c, "the issuer is not the authority's subject, byte for byte");
}

/* Below others, nobody has the name of who signs. */
static bool not_self_issued(struct lint_case *c)
{
    return !bytes_equal(c->tbs.issuer, c->tbs.subject) ||
           lint_miss(c, "the subject is the issuer's");
}

// clang-format off
const struct lint field_lints[] = {
    { "version_v3",            "BR 7.1.2.7",       LINT_ALL,    ALWAYS, NULL,   0,  version_v3 },
    { "no_unique_ids",         "BR 7.1.2.7",       LINT_ALL,    ALWAYS, NULL,   0,  no_unique_ids },
    { "serial_positive",       "RFC 5280 4.1.2.2", LINT_ALL,    ALWAYS, NULL,   0,  serial_positive },
    { "serial_length",         "BR 7.1.2.7",       LINT_ALL,    ALWAYS, NULL,   0,  serial_length },
    { "serial_minimal",        "X.690 8.3.2",      LINT_ALL,    ALWAYS, NULL,   0,  serial_minimal },
    { "serial_entropy",        "BR 7.1.2.7",       LINT_ALL,    ALWAYS, "bits", 64, serial_entropy },
    { "serial_not_sequential", "BR 7.1.2.7",       LINT_ALL,    ALWAYS, NULL,   0,  serial_not_sequential },
    { "issuer_exact",          "BR 7.1.4.1",       LINT_ALL,    ALWAYS, NULL,   0,  issuer_exact },
    { "not_self_issued",       "RFC 5280 3.2",     LINT_ISSUED, ALWAYS, NULL,   0,  not_self_issued },
    { 0 },
};
// clang-format on
