/* published - the calls of the published Services API, as published.txt has them (see `make coverage`):
 * a client shall hear which of them are not served here, and which he has misspelt.
 */
#ifndef GATEWAY_PUBLISHED_H
#define GATEWAY_PUBLISHED_H

#include "route.h"

extern const struct published published_calls[]; /* ends with a row without a path */

#endif
