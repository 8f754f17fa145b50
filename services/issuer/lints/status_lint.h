/* status_lint - rules that a CRL (RFC 5280 5, BR 7.2) and an OCSP response (RFC 6960, RFC 5019, BR 7.3) must
 * meet, checked on the bytes that are signed.
 *
 * Each check is one short function over what was read back by a reader that shares nothing with a builder.
 * The code holds no number that has a date and no date: those are given with each call, as rules of policy
 * (policy/rules/status.json) that hold on the day. A check without a parameter always runs; one with a
 * parameter runs while a rule gives that.
 *
 * This file includes nothing of the issuer: `chancery lint` asks the same checks.
 */
#ifndef LINTS_STATUS_LINT_H
#define LINTS_STATUS_LINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"
#include "pki/key.h"

/* What is said, and of which certificates; as a set in a check. */
enum status_kind {
    STATUS_CRL_LEAF = 1 << 0,
    STATUS_CRL_CA = 1 << 1, /* of the certificates of authorities */
    STATUS_OCSP_LEAF = 1 << 2,
    STATUS_OCSP_CA = 1 << 3,

    STATUS_CRL = STATUS_CRL_LEAF | STATUS_CRL_CA,
    STATUS_OCSP = STATUS_OCSP_LEAF | STATUS_OCSP_CA
};

/* The authority whose certificates it is about; all bytes are borrowed. */
struct status_issuer {
    struct bytes subject; /* Name, whole */
    struct bytes key_id;  /* its subjectKeyIdentifier */
    struct key key;
    struct instant not_before, not_after;
};

/* From its certificate. FAULT_INVALID when that is none, or without a subjectKeyIdentifier. */
bool status_issuer_read(struct bytes certificate, struct status_issuer *out, struct fault *f);

/* A rule of policy that holds for the scope and on the day. */
struct status_rule {
    const char *parameter;
    struct duration value; /* 0: it gives none */
    char level;            /* 'M' mandatory, 'X' prohibited, 'S' recommended */
};

struct status_input {
    enum status_kind kind;
    struct bytes der; /* a TBSCertList, or a ResponseData */
    struct bytes
        algorithm; /* the AlgorithmIdentifier beside it, whole; empty: it is not signed yet, and a
                               ResponseData does not say which one it will be */
    const struct status_issuer *issuer;
    struct instant now;
    const struct status_rule *rules;
    size_t rule_count;

    const char
        *url; /* CRL: that of its shard, as its certificates have it; NULL: it is the only one */

    struct bytes
        signer; /* OCSP: the certificate of whom the issuer lets sign; empty: it signs itself */
    size_t certificates; /* OCSP: how many are sent along */
    struct bytes serial; /* OCSP: the magnitude of what was asked for; empty: any */
    bool issued;         /* OCSP: there is a certificate or precertificate of that number */
    struct bytes crl;    /* OCSP: the TBSCertList to agree with; empty: none */
};

struct status_case; /* status_case.h */

struct status_lint {
    const char *name;
    const char *source; /* the section of the standard */
    unsigned kinds;     /* of enum status_kind */
    const char *
        parameter; /* of the rules that bring it; with '.' at its end a beginning; NULL: it always runs */
    bool (*holds)(struct status_case *c);
};

/* All of them, a table for each file; ends with NULL. Each table ends with a row whose name is NULL. */
extern const struct status_lint *const status_tables[];

/* Does a rule that gives the parameter bring it? */
bool status_rule_brings(const char *parameter, const struct status_lint *lint);

/* NULL if there is none. */
const struct status_lint *status_lint_find(const char *name);

/* Runs all checks of the kind in their order and tells each that was run: `why` is NULL where it holds, and
 * lives until `tell` returns. FAULT_INTERNAL when the bytes are no TBSCertList or ResponseData. */
bool status_each(const struct status_input *in,
                 void (*tell)(void *data, const struct status_lint *lint, bool advice,
                              const char *why),
                 void *data, struct fault *f);

/* Before it is signed. FAULT_INTERNAL at the first check that does not hold, with its name as the field; what
 * is only recommended is logged. */
bool lint_crl(const struct status_input *in, struct fault *f);
bool lint_ocsp(const struct status_input *in, struct fault *f);

/* ---- whole ones, as others get them; all bytes are borrowed */

struct crl_parts {
    struct bytes tbs, algorithm, signature; /* the first two whole */
};
bool crl_split(struct bytes der, struct crl_parts *out, struct fault *f);

struct ocsp_parts {
    struct bytes data, algorithm, signature; /* the first two whole */
    struct bytes certificate;                /* the first that is sent along; empty: none is */
    size_t certificates;
};
/* A successful OCSPResponse with a BasicOCSPResponse in it; FAULT_INVALID for others (RFC 6960 4.2.1). */
bool ocsp_split(struct bytes der, struct ocsp_parts *out, struct fault *f);

#endif
