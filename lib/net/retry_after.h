/* retry_after - when a server would like to be asked again (RFC 9110 section 10.2.3). Not by
 * CURLINFO_RETRY_AFTER: that says 0 where there is no such header, where it cannot be read and where it is 0; it
 * reads "5 minutes" as five seconds, "1.5" as one, and a year of two digits as 1999; and it counts from the
 * machine's clock, where we count from the business time that deliveries go by. */
#ifndef NET_RETRY_AFTER_H
#define NET_RETRY_AFTER_H

#include "base/clock.h"

/* Reads seconds or an HTTP date. What a stranger asks for is cut at `now + longest`; a date that is
 * over reads as it is. False if `text` is neither. */
bool retry_after_read(const char *text, struct instant now, struct duration longest,
                      struct instant *out);

#endif
