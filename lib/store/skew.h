/* skew - this host's clock beside the database's. What a process writes is dated by its own clock,
 * and leases by the database's; when they differ, a calendar goes wrong that nobody looks at. */
#ifndef STORE_SKEW_H
#define STORE_SKEW_H

#include "store/store.h"

/* How far `there`, read between the other two, certainly is from our clock; ahead is positive. */
struct duration skew_least(struct instant before, struct instant there, struct instant after);

/* Asks the database, and judges our clock by it (clock_judge()). False when it differs by more than
 * CLOCK_TOLERANCE, or when nobody answered: then the judgement stays. */
bool store_clock_check(struct store *s, struct fault *f);

#endif
