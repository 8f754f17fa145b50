/* key - public keys as they stand in a SubjectPublicKeyInfo (RFC 5280 4.1.2.7), read without
 * OpenSSL's decoder, which costs more than a signature.
 */
#ifndef PKI_KEY_H
#define PKI_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/text.h"

struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

enum key_type { KEY_RSA, KEY_EC };

struct key_curve;

/* All bytes are borrowed from what was read. */
struct key {
    enum key_type type;
    int bits;                       /* of the modulus, or of the curve's field */
    struct bytes spki;              /* the whole SubjectPublicKeyInfo */
    struct bytes public_key;        /* the content of its BIT STRING: SHA-1 of it is the key id */
    struct bytes modulus, exponent; /* RSA: magnitudes without leading zero */
    const struct key_curve *curve;  /* EC */
};

/* The form: RSA with NULL parameters (TLS BR 7.1.3.1.1), or an uncompressed point on a named curve
 * P-256, P-384 or P-521 (7.1.3.1.2). What the key is worth is key_check()'s question; whether a
 * point is on its curve is key_evp()'s. Faults are FAULT_CSR. */
bool key_read(struct bytes spki, struct key *out, struct fault *f, const char *field);

const char *key_curve_name(const struct key_curve *curve); /* "P-256" */
/* "rsa" or "ecdsa", as the API says it. */
const char *key_type_name(enum key_type type);

/* For verification; NULL if libcrypto refuses the key (a point that is not on its curve). The
 * caller frees it. */
struct evp_pkey_st *key_evp(const struct key *key);

/* A rule about keys. `section` is where it comes from; `holds` is false for a key that must not be
 * certified, and then the fault says why. */
struct key_check {
    const char *name, *section;
    bool (*holds)(const struct key *key, struct fault *f, const char *field);
};

/* All rules for keys of subscribers, cheapest first; ends with a row whose name is NULL. */
extern const struct key_check key_checks[];

/* Those rules in turn: false at the first that does not hold. */
bool key_check(const struct key *key, struct fault *f, const char *field);

/* NULL if there is none of that name. */
const struct key_check *key_check_find(const char *name);

#endif
