/* caa_record - what a CAA record says (RFC 8659 4), read strictly; and of the properties that say who may issue,
 * issuer and parameters (RFC 8659 4.2, RFC 8657, RFC 9495).
 *
 * No look-ups here, no memory of its own: bytes in, answer out (fuzz/caa.c). What is read points into the record.
 */
#ifndef LOOK_CAA_RECORD_H
#define LOOK_CAA_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct caa_record {
    bool critical;
    struct bytes tag;   /* letters and digits, one or more */
    struct bytes value; /* any bytes */
};

/* False when the octets are no record: no tag, one with other characters, or one longer than the record. */
bool caa_record_read(struct bytes rdata, struct caa_record *out);

/* Letters of a tag count as equal in both cases (RFC 8659 4.1). */
bool caa_record_is(const struct caa_record *r, const char *tag);

/* A tag that this CA understands, so that its critical flag stops nothing (RFC 8659 4.1.1). */
bool caa_record_understood(const struct caa_record *r);

/* Values of issue, issuewild and issuemail. */
struct caa_issue {
    struct bytes issuer;      /* a domain name; empty: nobody */
    struct bytes account_uri; /* of the parameters of RFC 8657 */
    struct bytes methods;     /* labels with commas between */
    bool has_account_uri, has_methods;
    bool repeated; /* one of the two is there twice: nobody can satisfy that */
};

/* False when the value does not have the form of RFC 8659 4.2: such a one names nobody. */
bool caa_issue_read(struct bytes value, struct caa_issue *out);

/* Domain names are equal whatever the case of their letters. */
bool caa_issuer_is(struct bytes issuer, const char *domain);

/* The first label of a list "a,b", which moves on behind it. False at the end, and where no label is; a list
 * that is not used up then is none (RFC 8657 4). */
bool caa_method_next(struct bytes *list, struct bytes *label);

#endif
