/* candidate - numbers that OpenSSL 0.9.8 held to be worth a test of primality.
 *
 * A number is an array of 64-bit limbs, the lowest first.
 */
#ifndef WEAK_CANDIDATE_H
#define WEAK_CANDIDATE_H

#include "weak_random.h"

enum { LIMBS_MAX = 32 }; /* 2,048 bits: half of the longest key */

/* Call once, before all else. */
void candidate_tables(void);

/* probable_prime(): a drawn number whose two highest bits and lowest bit are set, made larger until
 * neither it nor it less one has a factor among the odd ones of the first 2,048 primes. `bits` is a
 * multiple of 64. */
void candidate_draw(struct weak_random *r, unsigned bits, uint64_t *out);

/* Draws what a round of Miller and Rabin's test would be made with, and throws it away. */
void candidate_skip_witness(struct weak_random *r, unsigned bits, const uint64_t *candidate);

/* Whether 65537 divides it less one: no factor for that exponent. */
bool candidate_bad_for_f4(unsigned bits, const uint64_t *candidate);

#endif
