/* anchor - which keys of the DNS root a trust anchor file vouches for: records of DS or DNSKEY of ".", one
 * a line, as of RFC 1035 section 5.1; comments and other names are passed over.
 */
#ifndef LOOK_ANCHOR_H
#define LOOK_ANCHOR_H

#include <stddef.h>

#include "base/fault.h"

/* How many different keys: two DS of one key are one. None is a fault. */
size_t anchor_keys(const char *path, struct fault *f);

#endif
