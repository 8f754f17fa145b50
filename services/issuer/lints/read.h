/* read - a certificate as the checks see it: read once, before the first of them. Only they include this.
 *
 * Nothing is refused here but what is no TBSCertificate at all. An extension that is not what it should
 * be is not `formed`: there is a check for that alone, and the others take it for one that is not there.
 * All bytes are borrowed.
 */
#ifndef LINTS_READ_H
#define LINTS_READ_H

#include "lints/lint.h"
#include "pki/dn.h"
#include "x509/tbs.h"

enum lint_extension {
    EXT_SUBJECT_KEY_ID,
    EXT_KEY_USAGE,
    EXT_SUBJECT_ALT_NAME,
    EXT_BASIC_CONSTRAINTS,
    EXT_NAME_CONSTRAINTS,
    EXT_CRL_DISTRIBUTION,
    EXT_POLICIES,
    EXT_AUTHORITY_KEY_ID,
    EXT_EXT_KEY_USAGE,
    EXT_AUTHORITY_INFO,
    EXT_SCT_LIST,
    EXT_POISON,
    EXT_OCSP_NO_CHECK,
    EXT_ORGANIZATION_ID,
    EXTENSIONS
};
/* The name of RFC 5280, and its place here; EXTENSIONS for any other. */
extern const char *const lint_extension_names[EXTENSIONS];
enum lint_extension lint_extension_of(struct bytes oid);

enum { LINT_ATTRIBUTES_MAX = 32, LINT_LIST_MAX = 16 };

/* subject, issuer */
struct lint_name {
    bool formed;   /* or nothing else is there */
    bool multiple; /* an RDN has more than one attribute */
    bool crowded;  /* more than LINT_ATTRIBUTES_MAX */
    size_t count;
    struct dn_attribute attribute[LINT_ATTRIBUTES_MAX];
};

/* KeyUsage as bits from the left: digitalSignature is 0x8000 (RFC 5280 4.2.1.3). */
enum lint_usage {
    KU_DIGITAL_SIGNATURE = 0x8000,
    KU_NON_REPUDIATION = 0x4000,
    KU_KEY_ENCIPHERMENT = 0x2000,
    KU_DATA_ENCIPHERMENT = 0x1000,
    KU_KEY_AGREEMENT = 0x0800,
    KU_CERT_SIGN = 0x0400,
    KU_CRL_SIGN = 0x0200,
    KU_KNOWN = 0xff80 /* nine of them */
};

/* Key purposes that a rule speaks of, as a set. */
enum lint_purpose {
    PURPOSE_SERVER_AUTH = 1 << 0,
    PURPOSE_CLIENT_AUTH = 1 << 1,
    PURPOSE_CODE_SIGNING = 1 << 2,
    PURPOSE_EMAIL = 1 << 3,
    PURPOSE_TIME_STAMPING = 1 << 4,
    PURPOSE_OCSP_SIGNING = 1 << 5,
    PURPOSE_ANY = 1 << 6,
    PURPOSE_PRECERT_SIGNING = 1 << 7,
    PURPOSE_OTHER = 1 << 8
};

/* A set of what stands in certificatePolicies. */
enum lint_policy {
    POLICY_DV = 1 << 0,
    POLICY_OV = 1 << 1,
    POLICY_IV = 1 << 2,
    POLICY_EV = 1 << 3,
    POLICY_RESERVED_TLS = POLICY_DV | POLICY_OV | POLICY_IV | POLICY_EV,
    POLICY_ANY = 1 << 4,
    POLICY_FORUM = 1 << 5, /* below 2.23.140.1, of whatever kind */
    POLICY_OTHER = 1 << 6
};

/* What can be wrong with a dNSName. */
enum lint_dns_fault {
    DNS_EMPTY,
    DNS_NOT_IA5,
    DNS_CHARACTER,
    DNS_UNDERSCORE,
    DNS_EMPTY_LABEL,
    DNS_LONG_LABEL,
    DNS_LONG,
    DNS_HYPHEN,
    DNS_RESERVED,
    DNS_PUNYCODE,
    DNS_TRAILING_DOT,
    DNS_WILDCARD,
    DNS_NUMBER,
    DNS_SINGLE,
    DNS_NO_TOP_LEVEL,
    DNS_SUFFIX,
    DNS_WILD_SUFFIX,
    DNS_REVERSE,
    DNS_ONION,
    DNS_FAULTS
};

struct lint_location {
    struct bytes method; /* authorityInfoAccess */
    unsigned tag;
    struct bytes value;
};

struct lint_case {
    const struct lint_input *in;
    const Profile *profile;
    enum lint_kind kind;
    const struct lint *lint; /* that is run */
    int64_t value;           /* that it is given */
    char why[120];           /* out: what is wrong */

    struct tbs tbs;
    bool key_formed;
    struct key key;           /* of the subject */
    const struct key *signer; /* of who signs; not formed where the key signs itself and is not */
    struct bytes issuer_name, issuer_key_id;
    struct lint_name subject, issuer;

    const struct tbs_extension *extension[EXTENSIONS]; /* the first of each */
    unsigned formed;                                   /* set of 1 << enum lint_extension */

    struct {
        uint16_t bits;
        bool minimal; /* no trailing zero (X.690 11.2.2) */
    } usage;
    struct {
        unsigned set;
        size_t count;
        bool twice;
    } purposes;
    struct {
        unsigned set, first;
        size_t count, reserved;
        bool twice, other_qualifier, bad_cps;
    } policies;
    struct {
        struct lint_location all[LINT_LIST_MAX];
        size_t count;
    } access;
    struct {
        struct lint_location all[LINT_LIST_MAX];
        size_t count, points;
        bool no_full_name, reasons, issuer;
    } crls;
    struct {
        bool ca, has_path_length;
        unsigned path_length;
    } constraints;
    struct {
        struct bytes id;
        bool more; /* authorityCertIssuer, authorityCertSerialNumber */
    } authority_key;
    struct bytes subject_key_id;
    struct {
        size_t subtrees;
        bool bounds; /* minimum or maximum are there */
    } trees;
    struct {
        struct bytes all[LINT_LIST_MAX]; /* each SignedCertificateTimestamp, whole */
        size_t count;
    } scts;
    struct {
        struct bytes scheme, country, state, reference;
    } organization;
    struct {
        struct der list;
        size_t count, dns;
    } names;
    struct {
        unsigned faults; /* set of 1 << enum lint_dns_fault */
        struct bytes culprit[DNS_FAULTS];
    } dns;
};

/* False with FAULT_LINT when it is no TBSCertificate. `*c` has its input, profile and kind. */
bool lint_read(struct lint_case *c, struct fault *f);

static inline bool lint_has(const struct lint_case *c, enum lint_extension e)
{
    return c->extension[e] && (c->formed & 1U << e);
}

/* Writes why a check does not hold; returns false. */
bool lint_miss(struct lint_case *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- names, RFC 5280 4.2.1.6 */

enum {
    NAME_EMAIL = DER_CONTEXT(1),
    NAME_DNS = DER_CONTEXT(2),
    NAME_URI = DER_CONTEXT(6),
    NAME_IP = DER_CONTEXT(7)
};

/* Is the name in the certificate that one, of its kind? */
bool lint_name_is(unsigned tag, struct bytes name, const struct identifier *wanted);
/* The kind of a name in a certificate; false for one that no identifier has. */
bool lint_name_kind(unsigned tag, enum identifier_kind *out);

/* One table a file; each ends with a row whose name is NULL. */
extern const struct lint field_lints[], validity_lints[], algorithm_lints[], key_lints[],
    name_lints[], subject_lints[], ev_lints[], san_lints[], dns_lints[], extension_lints[],
    usage_lints[], purpose_lints[], policy_lints[], url_lints[], authority_lints[],
    responder_lints[], profile_lints[], transparency_lints[];

#endif
