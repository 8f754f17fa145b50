/* fermat - is 2^(n-1) = 1 modulo n? For eight numbers at once, with the vectors of AVX-512
 * IFMA where the processor has them: 61 us a number of 1,024 bits, instead of 250.
 *
 * A composite number of 1,024 bits that was not made to pass does so once in 10^40 and rarer (Kim and
 * Pomerance, The probability that a random probable prime is composite, 1989); for longer ones it is
 * rarer still.
 */
#ifndef WEAK_FERMAT_H
#define WEAK_FERMAT_H

#include <stdbool.h>
#include <stdint.h>

enum { LANES = 8 };

/* Each number has `bits` bits, the lowest and the two highest set; 1024, 1536 or 2048. */
void fermat_test(const uint64_t *const numbers[LANES], unsigned bits, bool passes[LANES]);

#endif
