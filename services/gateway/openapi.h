/* openapi - the API's description, OpenAPI 3.1, written from the route rows and the messages.
 *
 * Served at /openapi.json, printed by `chancery-gateway --openapi`; docs/api/openapi.json is that.
 */
#ifndef GATEWAY_OPENAPI_H
#define GATEWAY_OPENAPI_H

#include "route.h"

void openapi_write(const struct router *r, struct text *out);

/* For main(): prints it; an exit status. */
int openapi_print(const struct route_family *families);

/* Of a family with an empty base. What they serve is made at the first request. */
extern const struct route *const openapi_tables[];

#endif
