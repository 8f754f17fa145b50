/* fold - text for people at a terminal: folded to its width, and nothing in it that a terminal would obey. */
#ifndef CLI_FOLD_H
#define CLI_FOLD_H

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"

/* How many characters a line of `out` may have: of its terminal, else what COLUMNS says, else 100; 40 at least. */
size_t fold_width(FILE *out);

/* What came from outside is for the eye: a control character as \u001b. May be `text` itself. */
const char *fold_harmless(struct arena *a, const char *text);

/* Appends `text` as lines of at most `width` characters, each with `indent` spaces before it, cut between words; a
 * word that is longer is cut where it must be. Control characters are shown. */
void fold_add(struct text *out, const char *text, size_t indent, size_t width);

/* Characters of UTF-8, not bytes. */
size_t fold_characters(const char *text);

/* "2026-01-02 10:00:00 (3 h ago)", in UTC. */
const char *fold_time(struct arena *a, struct instant at, struct instant now);

#endif
