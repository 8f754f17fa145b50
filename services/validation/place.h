/* place - where a point of view stands, as two are as far from each other as the rules ask for (BR 3.2.2.9). */
#ifndef VALIDATION_PLACE_H
#define VALIDATION_PLACE_H

#include <stdbool.h>

enum { PLACE_TEXT_SIZE = 32 };

/* Degrees; what is north and what is east is positive. */
struct place {
    double north, east;
};

/* "50.11,8.68". False: it is none on this Earth, or is written in another way. */
bool place_read(const char *text, struct place *out);

void place_write(struct place p, char out[PLACE_TEXT_SIZE]);

/* In a straight line, which is the shorter way where it goes through the Earth: what is far enough by it is
 * so on the ground. */
double place_apart_km(struct place a, struct place b);

#endif
