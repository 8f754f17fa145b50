/* status_case - a CRL or an OCSP response as the checks of status_*.c see it. Only they include this. */
#ifndef LINTS_STATUS_CASE_H
#define LINTS_STATUS_CASE_H

#include "lints/status_lint.h"
#include "lints/status_read.h"
#include "pki/certificate.h"

struct status_case {
    const struct status_input *in;
    const struct status_rule *rule; /* that brings the check; NULL: none does */
    char why[160];                  /* out: what is wrong */

    struct crl crl; /* to be checked, or that an OCSP response is to agree with */
    struct ocsp ocsp;
    struct {
        bool formed; /* the certificate of whom the issuer lets sign, and its key, can be read */
        struct certificate certificate;
        struct key key;
    } signer;
};

/* Writes why a check does not hold; returns false. */
bool status_miss(struct status_case *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Does a rule prohibit it: "revocation.reason.6"? */
bool status_forbids(const struct status_case *c, const char *beginning, unsigned key);

/* Is that the signature algorithm for a key, byte for byte (BR 7.1.3.2)? */
bool status_algorithm_fits(struct bytes algorithm, const struct key *key);

/* The content of a reasonCode, RFC 5280 5.3.1: one octet, and neither 0, which is left out, nor what no such
 * list may have. */
bool status_reason_formed(struct status_case *c, struct bytes content);

/* Above zero and of at most 20 octets; `what` for the miss. */
bool status_serial_formed(struct status_case *c, struct bytes serial, const char *what);

/* UTCTime through 2049, GeneralizedTime later (RFC 5280 5.1.2.4). */
bool status_time_fits(const struct status_time *at);

/* ---- one table a file */
extern const struct status_lint status_crl_lints[], status_entry_lints[], status_extension_lints[],
    status_ocsp_lints[], status_single_lints[], status_signer_lints[];

#define STATUS_OID_CRL_NUMBER       DER_BYTES("\x55\x1d\x14")
#define STATUS_OID_REASON           DER_BYTES("\x55\x1d\x15")
#define STATUS_OID_INVALIDITY_DATE  DER_BYTES("\x55\x1d\x18")
#define STATUS_OID_IDP              DER_BYTES("\x55\x1d\x1c") /* issuingDistributionPoint */
#define STATUS_OID_KEY_USAGE        DER_BYTES("\x55\x1d\x0f")
#define STATUS_OID_AUTHORITY_KEY_ID DER_BYTES("\x55\x1d\x23")
#define STATUS_OID_EXT_KEY_USAGE    DER_BYTES("\x55\x1d\x25")
#define STATUS_OID_OCSP_SIGNING     DER_BYTES("\x2b\x06\x01\x05\x05\x07\x03\x09")
#define STATUS_OID_NONCE            DER_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x02")
#define STATUS_OID_NO_CHECK         DER_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x01\x05")

#endif
