/* openapi_component - what many operations of the description share: headers, refusals, the key. */
#ifndef GATEWAY_OPENAPI_COMPONENT_H
#define GATEWAY_OPENAPI_COMPONENT_H

#include "base/text.h"

/* "securitySchemes":{...},"parameters":{...},"headers":{...},"responses":{...}, */
void openapi_components(struct text *out);

/* "Errors":{...}, the schema of what is answered instead. */
void openapi_errors(struct text *out);

#endif
