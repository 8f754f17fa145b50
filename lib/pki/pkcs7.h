/* pkcs7 - certificates in a bundle that signs nothing (RFC 2315 9.1, "degenerate"). */
#ifndef PKI_PKCS7_H
#define PKI_PKCS7_H

#include <stddef.h>

#include "base/text.h"

/* DER of a SignedData without signers that holds these certificates, in this order. */
void pkcs7_bundle(struct text *out, const struct bytes *certificates, size_t count);

#endif
