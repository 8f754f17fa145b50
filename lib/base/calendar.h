/* calendar - an instant as day and time of day, and back: UTC, the proleptic Gregorian calendar of RFC 3339, years
 * 0 to 9999. The one calendar of the house, below all texts in which instants are read or written.
 *
 * It takes no lock and no memory, so that it may be used wherever a line of the log may be written, also where
 * there is no memory (base/memory.h): the C library's takes both (docs/adr/0034). Any thread.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include "base/clock.h"

struct calendar {
    int year;       /* 0 to 9999 */
    int month, day; /* from 1 */
    int hour, minute, second;
    int weekday; /* 0: Sunday; calendar_instant() does not look at it */
};

/* The second in which it lies. What lies outside the years 0 to 9999 becomes the nearest that is inside. */
struct calendar calendar_of(struct instant at);

/* False: there is no such day or no such time. The instants of POSIX have no leap second (":60"). */
bool calendar_instant(const struct calendar *c, struct instant *out);

#endif
