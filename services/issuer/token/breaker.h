/* breaker - stops asking a device that failed several times in a row, for a while.
 *
 * After the rest one trial is let through, and one more after each further rest, until one goes
 * well. Not locked: its owner does that.
 */
#ifndef TOKEN_BREAKER_H
#define TOKEN_BREAKER_H

#include <stdbool.h>

#include "base/clock.h"

struct breaker {
    int limit; /* failures in a row */
    struct duration rest;
    int failures;
    struct tick failed_at, next_trial;
};

bool breaker_is_open(const struct breaker *b);
bool breaker_allows(struct breaker *b, struct tick now);
void breaker_note(struct breaker *b, bool good, struct tick now);

/* A look at the device went well, which says little about real work: it is let in again, and its
 * next failure opens the breaker once more. One that was asked for before the last failure says
 * nothing. Failures are forgotten only for what breaker_note is told. */
void breaker_probed(struct breaker *b, struct tick asked_at);

#endif
