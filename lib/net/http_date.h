/* http_date - dates as HTTP writes them (RFC 9110 5.6.7).
 */
#ifndef NET_HTTP_DATE_H
#define NET_HTTP_DATE_H

#include <stdbool.h>

#include "base/clock.h"

enum { HTTP_DATE_SIZE = 32 };

/* "Sun, 06 Nov 1994 08:49:37 GMT", or one of the two forms that recipients must still read. False:
 * it is none, and `out` is as it was. */
bool http_date_read(const char *text, struct instant *out);

/* The form in use, to the second before. Returns `out`. */
char *http_date_write(struct instant at, char out[HTTP_DATE_SIZE]);

#endif
