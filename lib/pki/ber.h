/* ber - values in BER (X.690 section 8) written as DER has them (section 10). */
#ifndef PKI_BER_H
#define PKI_BER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

/* The one value in `ber`, and all inside it, with definite lengths of minimal size and strings in one
 * piece. The order of sets and what a value says are left as they are. False for what is no BER, for
 * something after it, and for tags of more than one byte. */
bool ber_to_der(struct arena *a, struct bytes ber, struct bytes *der);

#endif
