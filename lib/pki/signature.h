/* signature - the signature algorithms that we accept from others, by their AlgorithmIdentifier:
 * RSA with PKCS #1 v1.5 or PSS (RFC 4055) and ECDSA (RFC 5758), over SHA-256, SHA-384 or SHA-512.
 */
#ifndef PKI_SIGNATURE_H
#define PKI_SIGNATURE_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/text.h"
#include "pki/key.h"

struct signature_hash;

struct signature_algorithm {
    enum key_type type;
    const struct signature_hash *hash;
    bool pss;
    unsigned salt; /* PSS: its length in bytes */
};

/* `der` is the whole AlgorithmIdentifier. Weak hashes are refused by name; faults are FAULT_CSR. */
bool signature_algorithm_read(struct bytes der, struct signature_algorithm *out, struct fault *f,
                              const char *field);

/* The same for a signature that proves who has a key and never reaches a certificate: SHA-1, too. */
bool signature_proof_read(struct bytes der, struct signature_algorithm *out, struct fault *f,
                          const char *field);
bool signature_is_sha1(const struct signature_algorithm *algorithm);

/* Refuses its hash by name; false. */
bool signature_hash_refuse(const struct signature_algorithm *algorithm, struct fault *f,
                           const char *field);

/* Of which hash: "SHA-256". */
const char *signature_hash_name(const struct signature_algorithm *algorithm);

/* Whether `signature` is one of `message` by `key`, which is of the algorithm's type. */
bool signature_verify(const struct signature_algorithm *algorithm, struct evp_pkey_st *key,
                      struct bytes message, struct bytes signature);

/* The same, all read from DER: `algorithm` is the whole AlgorithmIdentifier. Faults are FAULT_CSR, and
 * FAULT_INVALID where the signature is not of that key. */
bool signature_check(const struct key *key, struct bytes algorithm, struct bytes message,
                     struct bytes signature, struct fault *f, const char *field);

#endif
