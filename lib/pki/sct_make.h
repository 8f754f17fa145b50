/* sct_make - signs timestamps as a log does: for tests and the peers of tests. The key is one of csr_make_key(). */
#ifndef PKI_SCT_MAKE_H
#define PKI_SCT_MAKE_H

#include "base/arena.h"
#include "base/text.h"

struct evp_pkey_st;

struct sct_promise {
    uint64_t timestamp_ms;
    struct bytes extensions;
    struct bytes tbs;         /* what is logged of the precertificate (pki/precertificate.h) */
    struct bytes issuer_spki; /* the key that will sign the certificate */
};

/* One serialized SignedCertificateTimestamp (RFC 6962 3.2), in the arena. */
struct bytes sct_make(struct arena *a, struct evp_pkey_st *log, const struct sct_promise *promise);

#endif
