/* openapi_schema - messages as JSON Schema, as the codec writes them. */
#ifndef GATEWAY_OPENAPI_SCHEMA_H
#define GATEWAY_OPENAPI_SCHEMA_H

#include "base/text.h"
#include "message/field.h"
#include "message/plan.h"

enum { SCHEMAS_MAX = 512 };

struct schemas {
    struct text *out;
    bool comma;                                          /* between parameters */
    const ProtobufCMessageDescriptor *used[SCHEMAS_MAX]; /* that were referred to */
    size_t count;
};

void schema_add_field(struct schemas *s, const struct plan_field *field);
void schema_add_ref(struct schemas *s, const ProtobufCMessageDescriptor *type);

/* "schemas":{...} with all that was referred to, also by one another. */
void schemas_add_all(struct schemas *s);

#endif
