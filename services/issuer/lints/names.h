/* names - walking over the dNSNames of a certificate. */
#ifndef LINTS_NAMES_H
#define LINTS_NAMES_H

#include "lints/lint.h"
#include "pki/der.h"

struct name_walk {
    struct der list;
};

/* Nothing follows when there is no subjectAltName. */
void name_walk_open(const struct lint_case *c, struct name_walk *out);
bool name_walk_next(struct name_walk *walk, struct bytes *name);

#endif
