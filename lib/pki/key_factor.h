/* key_factor - does a modulus fall to a method that anybody can run? For key_check.c only.
 *
 * A modulus is big-endian without leading zero. What is found here is arithmetic; which rule asks
 * for it and what the client is told stands in key_check.c.
 */
#ifndef PKI_KEY_FACTOR_H
#define PKI_KEY_FACTOR_H

#include <stdbool.h>

#include "base/text.h"

/* An odd prime below 752 that divides it, or 0: as far as BR 6.1.6 asks, 2.5 us for 2048 bits. Farther is
 * not looked: up to 2^16 costs 0.2 ms, and Pollard's rho 2.7 s for a factor of 40 bits. */
unsigned key_factor_small(struct bytes modulus);

/* Whether it has the form of the keys that Infineon's library made, CVE-2017-15361: modulo each
 * small prime it is a power of 65537. */
bool key_factor_roca(struct bytes modulus);

/* The least prime k from 3 on of which it is the k-th power, or 0, of a modulus without a factor below 752.
 * Squares fall to Fermat's method in its first round. Whether it is itself prime is not looked at: 1.8 ms, for a
 * mistake that no program makes and that harms nobody but its maker. */
unsigned key_factor_power(struct bytes modulus);

/* Whether its factors are so close together that Fermat's method finds them in that many rounds. */
bool key_factor_fermat(struct bytes modulus, unsigned rounds);

#endif
