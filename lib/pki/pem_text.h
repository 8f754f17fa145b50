/* pem_text - what editors, mailers and encoders make of a text with armour, undone (RFC 7468
 * section 2: parsers ignore white space, and any text may stand before and after). */
#ifndef PKI_PEM_TEXT_H
#define PKI_PEM_TEXT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

/* A copy whose blanks of all kinds are ASCII ones: marks of byte order, spaces of other widths,
 * form feeds, and escapes that a text has after it was quoted once too often ("\n", "\/"). */
struct bytes pem_text_plain(struct arena *a, struct bytes given);

/* Whether a line of it, wherever it stands, begins or ends a private key of any format. */
bool pem_text_has_private_key(struct bytes plain);

#endif
