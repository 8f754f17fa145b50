/* anchor - which keys of the DNS root a trust anchor file vouches for: records of DS or DNSKEY of ".", one
 * a line, as of RFC 1035 section 5.1, with comments.
 *
 * What is read here is all that a resolver is given: one reader, so that no line means one thing to us and
 * another to the library. A record of another name, which would be a root of its own beside that of IANA, and
 * a line that is no such record make the file unusable. What nobody validates with is passed over: an
 * algorithm or a digest that RFC 8624 does not have validators know, SHA-1 as a digest (RFC 4509), a DNSKEY
 * that is revoked or signs no keys (RFC 5011). A library that has only such keys would find nothing wrong with any answer.
 */
#ifndef LOOK_ANCHOR_H
#define LOOK_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"

/* Gives `take` (NULL: nobody) each record, until it returns false. Returns how many different keys there are:
 * two DS of one key are one. None, and a `take` that returned false, is a fault. */
size_t anchor_read(const char *path, bool (*take)(void *context, const char *record), void *context,
                   struct fault *f);

#endif
