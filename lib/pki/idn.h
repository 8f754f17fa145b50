/* idn - internationalised names by the rules of registration (IDNA2008, RFC 5891 section 4): what
 * may not be registered is nobody's name.
 *
 * Of the mappings that programs apply to what people type (RFC 5895, UTS #46) only those are made
 * that leave a name the same to its reader: of case, of width, and of other full stops. With the rest
 * a name would become another without a word: a ligature two letters, a circled digit a digit.
 */
#ifndef PKI_IDN_H
#define PKI_IDN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

bool idn_is_ascii(const char *text);

/* The name, which is UTF-8, in lower case and with A-labels; labels of ASCII are not looked at. NULL
 * and a reason, which fits behind the name, for what is no U-label; it shows what others make of it. */
const char *idn_to_ascii(struct arena *a, const char *text, const char **reason);

/* A P-label: what follows "xn--" is the one spelling of a label that IDNA2008 allows. */
bool idn_is_a_label(const char *label);

/* A character in lower case or of usual width; others are returned as they are. */
uint32_t idn_fold_case(uint32_t c);
uint32_t idn_fold_width(uint32_t c);

#endif
