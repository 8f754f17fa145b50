/* fermat_vectors - fermat_test() on processors with AVX-512 IFMA. */
#ifndef WEAK_FERMAT_VECTORS_H
#define WEAK_FERMAT_VECTORS_H

#include "fermat.h"

bool fermat_has_vectors(void);

/* As fermat_test(); only where there are such vectors. */
void fermat_vectors_test(const uint64_t *const numbers[LANES], unsigned bits, bool passes[LANES]);

#endif
