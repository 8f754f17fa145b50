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

/* "description":"...", from the comments of proto/, if there is one. */
void schema_add_comment(struct schemas *s, const char *owner, const char *name);

void schema_add_field(struct schemas *s, const struct plan_field *field);
void schema_add_ref(struct schemas *s, const ProtobufCMessageDescriptor *type);

/* The members of a message for which `has` is true; NULL: all of them. `needs` tells which of them must be
 * there; NULL: those that the message requires. */
struct schema_part {
    const ProtobufCMessageDescriptor *type;
    bool (*has)(const void *context, const ProtobufCFieldDescriptor *field);
    bool (*needs)(const void *context, const ProtobufCFieldDescriptor *field);
    const void *context;
};

void schema_add_object(struct schemas *s, const struct schema_part *part);
bool schema_needs_any(const struct schema_part *part); /* is one of them required? */

/* ,"Name":{...} for all that was referred to, also by one another. */
void schemas_add_all(struct schemas *s);

#endif
