/* precertificate - what becomes of a TBSCertificate on its way through the logs (RFC 6962 3.1, 3.2; BR 7.1.2.9):
 *
 *     with the poison       is signed, and given to the logs
 *     without it            is what they sign
 *     with their promises   is signed, and is the certificate: all else is the same, in the same order
 *
 * All from one TBSCertificate by changing one extension, so that nothing else can differ. Faults are FAULT_INTERNAL:
 * the bytes are ours. All results are in the arena.
 */
#ifndef PKI_PRECERTIFICATE_H
#define PKI_PRECERTIFICATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

/* 1.3.6.1.4.1.11129.2.4.3 and .2: contents of the OIDs. */
extern const struct bytes oid_ct_poison, oid_sct_list;

/* Puts the poison (critical, NULL) after all other extensions of a TBSCertificate that has neither it nor timestamps. */
bool precertificate_poison(struct bytes tbs, struct arena *a, struct bytes *out, struct fault *f);

/* Takes it out; there is exactly one. */
bool precertificate_logged(struct bytes poisoned, struct arena *a, struct bytes *out,
                           struct fault *f);

/* In its place the list of timestamps: `value` is sct_list_write()'s. */
bool precertificate_final(struct bytes poisoned, struct bytes value, struct arena *a,
                          struct bytes *out, struct fault *f);

/* Whether the two are one, but that the one has the poison where the other has a list of timestamps. Read anew, by
 * nothing that has written them. */
bool precertificate_matches(struct bytes poisoned, struct bytes final, struct fault *f);

#endif
