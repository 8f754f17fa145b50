/* value - one value of a member from text (a JSON token, a path segment, a query parameter), and to
 * JSON. */
#ifndef MESSAGE_VALUE_H
#define MESSAGE_VALUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "message/lexer.h"
#include "message/plan.h"

/* Fills `slot`, which has the size of one value. A text's characters are not copied: they must
 * live as long as the message. False if the token is not what the member holds. */
bool value_read(struct arena *a, const struct plan_field *field, const struct token *token,
                void *slot);

/* Appends the value in `slot` as JSON. */
void value_write(const struct plan_field *field, const void *slot, struct text *out);

/* "must be true or false" */
const char *value_wanted(struct arena *a, const struct plan_field *field);

/* Marks an optional number, boolean, enum or bytes as there. */
void field_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* Required and not there; a number, boolean or enum when it is still as it was initialised. */
bool field_is_missing(const struct plan *plan, const struct plan_field *field,
                      const ProtobufCMessage *message);

#endif
