/* json_refuse - says of a text that is no JSON what was met, and where.
 */
#ifndef MESSAGE_JSON_REFUSE_H
#define MESSAGE_JSON_REFUSE_H

#include "base/fault.h"
#include "base/text.h"

/* Sets FAULT_BODY_FORMAT and returns false. `why` is what is known already ("has a member twice"), or NULL:
 * then it is told from what stands at `at`, inside a string or not. Of the text one character is shown
 * at the most. */
bool json_refuse(struct fault *f, struct bytes text, size_t at, const char *why, bool in_string);

#endif
