/* caa_verdict - whether a set of CAA records lets this CA issue (RFC 8659 3 and 4, RFC 8657).
 *
 * A decision about records that somebody has found (caa.h), apart from how and from where: no look-ups here.
 */
#ifndef LOOK_CAA_VERDICT_H
#define LOOK_CAA_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/text.h"

/* By which it is decided: what policy says on the day, and who asks. */
struct caa_terms {
    const char *const *identities; /* issuer domain names of this CA */
    size_t identity_count;
    int64_t account_id; /* its URI is acct:ID@IDENTITY (RFC 7565), with any of them */
    bool parameters;    /* RFC 8657 is in force */
};

struct caa_verdict {
    bool permitted;
    const char
        *methods; /* permitted for validation by these alone: labels with commas; NULL: by any */
    const char *reason; /* for people, when it is not permitted */
};

/* `records` is the relevant set, rdata on the wire; none permits. For a wildcard issuewild counts before issue. What
 * is given lives in `a`. */
void caa_verdict(struct arena *a, const struct bytes *records, size_t count, bool wildcard,
                 const struct caa_terms *terms, struct caa_verdict *out);

/* As in a zone file, with commas between, cut when it is long. */
const char *caa_shown(struct arena *a, const struct bytes *records, size_t count);

#endif
