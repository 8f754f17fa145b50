/* percent - percent-encoding, RFC 3986 section 2.1. */
#ifndef GATEWAY_PERCENT_H
#define GATEWAY_PERCENT_H

#include <stddef.h>

#include "base/arena.h"

/* Decodes %XX into the arena; NULL when malformed, when a NUL would come out, or no UTF-8. */
char *percent_decode(struct arena *a, const char *text, size_t length);

#endif
