/* cadence - when what a challenge asks for is looked for again.
 *
 * Written as in rule dcv.poll, "1m/15m 5m/1h": each minute for 15 minutes, then each 5 minutes for
 * an hour. The phases follow one another; the first begins where polling begins.
 */
#ifndef VALIDATION_CADENCE_H
#define VALIDATION_CADENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

enum { CADENCE_PHASES_MAX = 8 };

struct cadence {
    struct {
        struct duration every, lasts;
    } phases[CADENCE_PHASES_MAX];
    size_t count;
};

/* False unless the whole text reads. */
bool cadence_read(const char *text, struct cadence *out);

/* The first check after `now`; the instant `from` itself is none. False: polling has ended. */
bool cadence_next(const struct cadence *c, struct instant from, struct instant now,
                  struct instant *next);

#endif
