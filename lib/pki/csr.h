/* csr - certificate requests, PKCS #10 (RFC 2986).
 *
 * Read strictly and without OpenSSL's decoder; its signature proves that the sender has the key.
 * The certificate takes the key from it and nothing else.
 */
#ifndef PKI_CSR_H
#define PKI_CSR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"
#include "pki/digest.h"
#include "pki/key.h"
#include "pki/name.h"
#include "pki/signature.h"

/* What products take fits: as many names as an order has, each of full length and with its headers;
 * and a key, a signature and a subject, of which RSA-8192 with much around it needs less. */
enum { CSR_SIZE_MAX = NAME_LIST_MAX * (NAME_LENGTH_MAX + 4) + 8192 };

/* All bytes are borrowed from `der`. */
struct csr {
    struct bytes der;
    struct bytes tbs;        /* CertificationRequestInfo, whole */
    struct bytes subject;    /* Name, whole */
    struct bytes attributes; /* the content of [0] */
    struct bytes signature;
    struct signature_algorithm algorithm;
    struct key key; /* key.spki is the whole SubjectPublicKeyInfo */
    uint8_t sha256[SHA256_SIZE], spki_sha256[SHA256_SIZE];
};

/* What policy says on a day about requests. */
struct csr_rules {
    bool sha1; /* a signature with SHA-1 proves possession of the key */
};

/* Form, key rules (key_checks) and signature. Faults are FAULT_CSR on "certificate.csr". */
bool csr_read(struct bytes der, struct csr_rules rules, struct csr *out, struct fault *f);

/* The same without the check of the key and the signature: for requests that were read before. */
bool csr_read_form(struct bytes der, struct csr *out, struct fault *f);

/* From text as a client sends it, see pem_read_csr(). What is BER is taken as its DER (RFC 7468
 * section 7), over which it is signed (RFC 2986 4.2). */
bool csr_read_text(struct arena *a, const char *text, struct csr_rules rules, struct csr *out,
                   struct fault *f);

struct csr_names {
    const char **names;
    size_t count;
    bool others; /* it also asks for names that are no DNS names */
};

/* What it asks for (ACME compares that with the order, RFC 8555 7.4): each common name and each
 * dNSName of a subjectAltName, as written and in that order, duplicates included. False if the
 * subject or the extensions are malformed. */
bool csr_names(struct arena *a, const struct csr *csr, struct csr_names *out, struct fault *f);

#endif
