/* addresses - where a certificate says that more about it is found: its issuer's certificate, OCSP, CRLs. */
#ifndef PKI_ADDRESSES_H
#define PKI_ADDRESSES_H

#include "pki/certificate.h"

enum { ADDRESSES_MAX = 16 };

struct addresses {
    const char *urls[ADDRESSES_MAX];
    size_t count;
};

/* The URIs of authority information access and CRL distribution points (RFC 5280 4.2.2.1, 4.2.1.13), in
 * the arena; those beyond ADDRESSES_MAX are left out. */
void certificate_addresses(struct arena *a, const struct certificate *c, struct addresses *out);

#endif
