/* gate - what is under way in this process, so that it can come to an end in good order: first
 * nothing new begins, then nothing new is asked of the resolver, then all is over.
 */
#ifndef VALIDATION_GATE_H
#define VALIDATION_GATE_H

#include <stdbool.h>

#include "base/clock.h"

void gate_open(void);

/* False: nothing begins any more. Whoever entered leaves, on whatever thread his work ends. */
bool gate_enter(void);
void gate_leave(void);

/* Between the two, other threads than the resolver's may ask it. False: no more questions. */
bool gate_ask_begin(void);
void gate_ask_end(void);
bool gate_is_cut(void);

/* Nobody enters from now on; true when all have left within `wait`. */
bool gate_close(struct duration wait);
/* No question is put after this returns. */
void gate_cut(void);
/* All have left. */
void gate_await(void);

#endif
