/* plain_line - somebody's words as one line among ours.
 *
 * Whoever reads a mail or a page of ours must be able to tell what he says from what we say: nothing in it
 * begins a line, moves a cursor, hides, or turns the direction of what stands beside it (Unicode UAX 9).
 */
#ifndef BASE_PLAIN_LINE_H
#define BASE_PLAIN_LINE_H

#include "base/arena.h"

/* What may not stand there, and what is no UTF-8, becomes '?'; what is longer than `most` characters ends
 * with "...". NULL: "". */
char *plain_line(struct arena *a, const char *text, size_t most);

#endif
