/* certificate - a certificate put together around stored bytes, and looked at again.
 *
 * The bytes that were stored are the bytes that were signed: a certificate is never rebuilt, it is
 * assembled around them and then compared.
 */
#ifndef X509_CERTIFICATE_H
#define X509_CERTIFICATE_H

#include "x509/ca.h"

/* `tbs` and `signature` as stored and as token_sign gave it. The signature algorithm is the one that
 * the bytes name (RFC 5280 4.1.1.2). */
bool certificate_assemble(struct arena *a, struct bytes tbs, struct bytes signature,
                          struct bytes *out, struct fault *f);

/* Reads `der` strictly: its TBSCertificate must be `tbs` byte for byte, its two signature
 * algorithms the same, its signature one of the issuer's key. FAULT_INTERNAL when not. */
bool certificate_compare(struct bytes der, struct bytes tbs, struct fault *f);
bool certificate_verify(struct bytes der, const struct ca *issuer, struct fault *f);

#endif
