/* certificate - what others than the issuer need to know of a certificate, from its DER. */
#ifndef PKI_CERTIFICATE_H
#define PKI_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"
#include "pki/digest.h"

/* All bytes are borrowed from `der`. */
struct certificate {
    struct bytes der;
    struct bytes tbs;             /* TBSCertificate, whole */
    struct bytes serial;          /* magnitude */
    struct bytes issuer, subject; /* Names, whole */
    struct bytes spki;            /* SubjectPublicKeyInfo, whole */
    struct bytes public_key;      /* the content of its BIT STRING */
    struct bytes extensions;      /* the content of the SEQUENCE; empty if there are none */
    struct bytes algorithm;       /* of the signature: AlgorithmIdentifier, whole */
    struct bytes signature;
    struct instant not_before, not_after;
};

/* An X.509 certificate of version 3 (RFC 5280 4.1), or of version 1 as old roots are. Its signature
 * is not checked. Faults are FAULT_INVALID on `field`. */
bool certificate_read(struct bytes der, struct certificate *out, struct fault *f,
                      const char *field);

/* The extension of that OID: the content of its OCTET STRING. */
bool certificate_extension(const struct certificate *c, struct bytes oid, struct bytes *value,
                           bool *critical);

/* "" if it has none. */
const char *certificate_common_name(struct arena *a, const struct certificate *c);
/* Hexadecimal, upper case, whole bytes: "0A1B". */
const char *certificate_serial(struct arena *a, const struct certificate *c);
/* SHA-1 of the whole, hexadecimal, upper case. */
const char *certificate_thumbprint(struct arena *a, const struct certificate *c);

/* SHA-1 of the public key's bits (RFC 5280 4.2.1.2 (1)): subject and authority key identifier, and
 * with it and the hash of the issuer's name the issuer in OCSP. */
void certificate_key_id(const struct certificate *c, uint8_t out[SHA1_SIZE]);

#endif
