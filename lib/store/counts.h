/* counts - what all stores of the process have done: for metrics. */
#ifndef STORE_COUNTS_H
#define STORE_COUNTS_H

#include <stdint.h>

struct store_counts {
    int64_t open;       /* connections */
    int64_t busy;       /* of these: with a statement under way */
    int64_t statements; /* sent so far */
    int64_t connected, refused;
    int64_t lost; /* statements whose connection ended, or whose time ran out */
};

void store_count(struct store_counts *out);

#endif
