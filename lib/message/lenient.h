/* lenient - what requests of existing clients write otherwise than the rule, and what it means. */
#ifndef MESSAGE_LENIENT_H
#define MESSAGE_LENIENT_H

#include <stdbool.h>

#include "message/lexer.h"
#include "message/plan.h"

/* Is it "" or 0, which for a member that a request may lack means that it is not given? For a
 * boolean 0 is false, and for the rows ZERO_COUNTS of wire.def the zero of their type is a value. */
bool lenient_is_nothing(const struct plan_field *field, const struct token *token);

/* Respelled as the rule wants it: upper case of words, 1.0 for a whole number, true for a flag. */
void lenient_respell(const struct plan_field *field, struct token *token);

/* null, [] or "" for a whole document? If not, nothing is consumed. */
bool lenient_no_document(struct lexer *l);

#endif
