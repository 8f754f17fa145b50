/* ec - the key that EC_KEY_generate_key() of OpenSSL 0.9.8 made of weak numbers. */
#ifndef WEAK_EC_H
#define WEAK_EC_H

#include "weak_random.h"

enum { EC_FIELD_MAX = 66 };

/* The public point's x, big-endian, of as many bytes as the curve's field has; returned. `bits` is
 * 256, 384 or 521. */
size_t ec_x(unsigned bits, const struct weak_machine *machine, enum weak_file file, unsigned pid,
            uint8_t out[EC_FIELD_MAX]);

#endif
