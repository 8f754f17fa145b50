/* nearest - how far a word is from a known one, to tell somebody what he may have meant. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <limits.h>
#include <stddef.h>

enum { NOT_NEAR = INT_MAX };

/* How many letters have to be put in, left out, replaced or exchanged with their neighbour (the optimal string
 * alignment distance), whatever their case; NOT_NEAR when more than one of three is wrong, or more than
 * 64 there. The lengths are given since a word may stand inside a text. */
int nearest_distance(const char *word, size_t length, const char *known, size_t known_length);

#endif
