/* extension - writing the extensions of a certificate (RFC 5280 4.2). */
#ifndef X509_EXTENSION_H
#define X509_EXTENSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/text.h"
#include "pki/identifier.h"

/* Named bits of KeyUsage (RFC 5280 4.2.1.3). */
enum key_usage {
    USAGE_DIGITAL_SIGNATURE = 1 << 0,
    USAGE_NON_REPUDIATION = 1 << 1,
    USAGE_KEY_ENCIPHERMENT = 1 << 2,
    USAGE_DATA_ENCIPHERMENT = 1 << 3,
    USAGE_KEY_AGREEMENT = 1 << 4,
    USAGE_KEY_CERT_SIGN = 1 << 5,
    USAGE_CRL_SIGN = 1 << 6,
};

/* "digital_signature", "key_encipherment" ... as profiles spell them. */
bool key_usage_read(char *const *names, size_t count, unsigned *set, struct fault *f);

void extension_key_usage(struct text *t, unsigned set);
/* Names as in profiles ("server_auth") or dotted decimals. Nothing is written where there is none. */
bool extension_ext_key_usage(struct text *t, char *const *names, size_t count, struct fault *f);
/* Nothing is written where there is none. */
bool extension_policies(struct text *t, char *const *dotted, size_t count, struct fault *f);
/* `path_length` -1: none. */
void extension_basic_constraints(struct text *t, bool ca, int path_length);
void extension_authority_key_id(struct text *t, struct bytes key_id);
void extension_subject_key_id(struct text *t, struct bytes key_id);
/* Either may be NULL; nothing is written when both are. */
void extension_authority_info(struct text *t, const char *ocsp, const char *ca_issuers);
void extension_crl_distribution(struct text *t, const char *url);
/* subjectAltName. FAULT_INTERNAL for an address that is none. */
bool extension_names(struct text *t, const struct identifier *names, size_t count, bool critical,
                     struct fault *f);

#endif
