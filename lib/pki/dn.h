/* dn - distinguished names (RFC 5280 4.1.2.4), walked over in DER. */
#ifndef PKI_DN_H
#define PKI_DN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "pki/der.h"

/* Where a walk is. */
struct dn {
    struct der sets, set;
};

struct dn_attribute {
    struct bytes oid;
    unsigned tag; /* of the value: which string type */
    struct bytes value;
};

#define DN_COMMON_NAME  DER_BYTES("\x55\x04\x03")
#define DN_ORGANIZATION DER_BYTES("\x55\x04\x0a")

/* `name` is a whole Name. False if it is not well formed; then no walk may begin. */
bool dn_open(struct bytes name, struct dn *out);
/* False at the end. */
bool dn_next(struct dn *at, struct dn_attribute *out);

/* The attribute's value as UTF-8, or NULL if its type is no string of one-byte characters or
 * UTF-8, if it is not valid UTF-8, or if it has a control character. */
char *dn_text(struct arena *a, const struct dn_attribute *attribute);

/* The last attribute of that type, or NULL. */
char *dn_find(struct arena *a, struct bytes name, struct bytes oid);

#endif
