/* range - a stretch of time as filters name it: "2024-03-01" (the whole day), "2024-03-01 10:20:30",
 * ">2024-03-01", "<2024-03-01", "2024-03-01...2024-03-31" (both ends belong to it). Each place but the year
 * may have one digit: "2024-3-1+2:0:41". */
#ifndef GATEWAY_RANGE_H
#define GATEWAY_RANGE_H

#include "base/clock.h"

/* For faults. */
#define RANGE_FORM                                                                                 \
    "takes a date like 2024-10-15 or a time like 2024-10-15T10:20:30+00:00, >that, <that, or two " \
    "with ... between them"

struct range {
    struct instant since, before; /* us INT64_MIN, INT64_MAX: open */
};

/* False when `text` is none of these. */
bool range_read(const char *text, struct range *out);

#endif
