/* witness - which name server answered a question.
 *
 * libunbound gives no such thing with an answer: it says so in its log alone, from level 2 on, as
 * "response for NAME TYPE IN" and then "reply from <ZONE> ADDRESS#PORT". Of the last questions it is kept
 * here who answered each. That is for people, as evidence, and decides nothing: where the library's words
 * change, nothing is known.
 */
#ifndef LOOK_WITNESS_H
#define LOOK_WITNESS_H

#include <stdbool.h>

#include "base/clock.h"

enum { WITNESS_ADDRESS_SIZE = 48, WITNESS_LEVEL = 2 };

/* A line of the library's log, from whatever thread writes it. False: it says nothing of this. */
bool witness_line(const char *line);

/* Who answered it last, if that was at `since` or later. The name as it was asked for, without the last dot. */
bool witness_find(const char *name, const char *type, struct tick since,
                  char address[WITNESS_ADDRESS_SIZE]);

#endif
