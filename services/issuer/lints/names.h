/* names - walking over the names of a certificate (RFC 5280 4.2.1.6). */
#ifndef LINTS_NAMES_H
#define LINTS_NAMES_H

#include "lints/lint.h"
#include "pki/der.h"

enum { NAME_EMAIL = DER_CONTEXT(1), NAME_DNS = DER_CONTEXT(2), NAME_IP = DER_CONTEXT(7) };

struct name_walk {
    struct der list;
};

/* Nothing follows when there is no subjectAltName. */
void name_walk_open(const struct lint_case *c, struct name_walk *out);
bool name_walk_next(struct name_walk *walk, struct bytes *name); /* the dNSNames alone */
bool name_walk_any(struct name_walk *walk, unsigned *tag, struct bytes *name);

/* Is the name in the certificate that one, of its kind? */
bool name_is(unsigned tag, struct bytes name, const struct identifier *wanted);

/* The kind of a name in a certificate; false for one that no identifier has. */
bool name_kind(unsigned tag, enum identifier_kind *out);

#endif
