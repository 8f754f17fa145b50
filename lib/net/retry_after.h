/* retry_after - when a server would like to be asked again (RFC 9110 section 10.2.3). */
#ifndef NET_RETRY_AFTER_H
#define NET_RETRY_AFTER_H

#include "base/clock.h"

/* Reads seconds or an HTTP date. What a stranger asks for is cut at `now + longest`; a date that is
 * over reads as it is. False if `text` is neither. */
bool retry_after_read(const char *text, struct instant now, struct duration longest,
                      struct instant *out);

#endif
