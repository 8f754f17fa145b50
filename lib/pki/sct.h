/* sct - signed certificate timestamps, version 1 (RFC 6962 3.2, 3.3): a log's promise to publish what it was shown.
 *
 * What is read is hostile; all bytes are borrowed from it. Faults are FAULT_INVALID and say what is wrong.
 */
#ifndef PKI_SCT_H
#define PKI_SCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"

enum { SCT_LOG_ID_SIZE = 32, SCT_SIZE_MAX = 1024, SCTS_MAX = 16 };

struct sct {
    struct bytes log_id;   /* SHA-256 of the log's SubjectPublicKeyInfo */
    uint64_t timestamp_ms; /* since 1970, as it is signed */
    struct bytes extensions;
    struct bytes
        signature; /* a DigitallySigned, whole: hash, algorithm, length, bytes (RFC 5246 4.7) */
};

/* One SignedCertificateTimestamp as TLS serializes it, nothing after it. Only v1. */
bool sct_read(struct bytes serialized, struct sct *out, struct fault *f, const char *field);
struct bytes sct_write(const struct sct *s, struct arena *a);

/* A log's answer to add-pre-chain or add-chain (RFC 6962 4.1, 4.2): JSON of at most 8 KiB. */
bool sct_answer_read(struct bytes json, struct arena *a, struct sct *out, struct fault *f);

/* The content of the extension's OCTET STRING (RFC 6962 3.3): an OCTET STRING with the list. At least one, at most
 * SCTS_MAX, each serialized. */
struct bytes sct_list_write(const struct bytes *scts, size_t count, struct arena *a);
bool sct_list_read(struct bytes value, struct bytes scts[SCTS_MAX], size_t *count, struct fault *f,
                   const char *field);

/* A key that a log may have: P-256, or RSA of 2048 bits or more (RFC 6962 2.1.4). */
bool sct_log_key_check(struct bytes spki, struct fault *f, const char *field);

/* Whether the log with that SubjectPublicKeyInfo has signed this for a precertificate: `tbs` is what is logged of it,
 * without the poison (pki/precertificate.h), and `issuer_spki` the key that will sign the certificate. The log id is
 * compared as well. Faults are FAULT_INVALID on "timestamp" or "key". */
bool sct_verify(const struct sct *s, struct bytes log_spki, struct bytes tbs,
                struct bytes issuer_spki, struct fault *f);

/* The time that is said in it; the last instant there is, for one beyond. */
struct instant sct_time(const struct sct *s);

#endif
