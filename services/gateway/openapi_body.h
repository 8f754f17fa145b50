/* openapi_body - what a client sends, as the description has it. */
#ifndef GATEWAY_OPENAPI_BODY_H
#define GATEWAY_OPENAPI_BODY_H

#include "openapi_schema.h"
#include "route.h"

/* ,"requestBody":{...} of a row that takes a body. */
void openapi_body(struct schemas *s, const struct route_entry *e);

#endif
