/* tables - all routes of the Services API. */
#ifndef GATEWAY_API_TABLES_H
#define GATEWAY_API_TABLES_H

#include "route.h"

/* Ends with NULL; below /services/v2. */
extern const struct route *const api_tables[];

#endif
