/* policy_table - rules as people read them. */
#ifndef CLI_POLICY_TABLE_H
#define CLI_POLICY_TABLE_H

#include "base/text.h"
#include "product.pb-c.h"

/* Appends one line a rule. */
void policy_table(const Rule *const *rules, size_t count, int indent, bool scope, struct text *out);

#endif
