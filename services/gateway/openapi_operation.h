/* openapi_operation - one row of a route as an OpenAPI operation. */
#ifndef GATEWAY_OPENAPI_OPERATION_H
#define GATEWAY_OPENAPI_OPERATION_H

#include "openapi_schema.h"
#include "route.h"

/* The rows of one path. Its members may have other names in other rows, which OpenAPI does not allow
 * ("templated paths with the same hierarchy but different templated names MUST NOT exist"): `fields`
 * are the names that the description has for them, as many as entry->fields. */
struct openapi_item {
    const struct route_entry *all; /* of the router */
    const char *path;
    const char *const *fields;
};

/* The member of "paths" whose path is `item`: "get":{...}. */
void openapi_operation(struct schemas *s, const struct openapi_item *item,
                       const struct route_entry *e);

/* A row's path as OpenAPI writes it, with `fields` in the place of its members: "{rest...}" is "{rest}". */
const char *openapi_path(struct arena *a, const struct route_entry *e, const char *const *fields);

#endif
