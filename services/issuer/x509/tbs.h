/* tbs - a TBSCertificate read strictly (RFC 5280 4.1), with nothing in common with what writes one:
 * lints and comparisons stand on it.
 */
#ifndef X509_TBS_H
#define X509_TBS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"

enum { TBS_EXTENSIONS_MAX = 32 };

struct tbs_extension {
    struct bytes oid;
    bool critical;
    struct bytes value; /* inside the OCTET STRING */
};

/* All bytes are borrowed. */
struct tbs {
    struct bytes whole;
    unsigned version;                              /* as encoded: 2 is v3; 0 when absent */
    struct bytes serial;                           /* the INTEGER's content, sign and all */
    struct bytes algorithm, issuer, subject, spki; /* whole */
    struct instant not_before, not_after;
    unsigned not_before_tag, not_after_tag;
    bool unique_ids;
    struct tbs_extension extensions[TBS_EXTENSIONS_MAX];
    size_t extension_count;
};

/* FAULT_INTERNAL when it is malformed: it comes from us. */
bool tbs_read(struct bytes der, struct tbs *out, struct fault *f);

/* NULL when there is none. */
const struct tbs_extension *tbs_extension_find(const struct tbs *tbs, struct bytes oid);

/* A whole Certificate in its three parts; all borrowed, `tbs` and `algorithm` whole. */
struct certificate_parts {
    struct bytes tbs, algorithm, signature;
};
bool certificate_split(struct bytes der, struct certificate_parts *out, struct fault *f);

#endif
