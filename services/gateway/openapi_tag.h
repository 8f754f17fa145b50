/* openapi_tag - the chapters of the API's description: which services of proto/ make up which. */
#ifndef GATEWAY_OPENAPI_TAG_H
#define GATEWAY_OPENAPI_TAG_H

#include "base/text.h"

/* The chapter of a service; one that is in none is its own. */
const char *openapi_tag_of(const char *service);

/* "tags":[...], */
void openapi_tags(struct text *out);

#endif
