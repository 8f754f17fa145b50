/* policy_table - rules as people read them. */
#ifndef CLI_POLICY_TABLE_H
#define CLI_POLICY_TABLE_H

#include "base/text.h"
#include "product.pb-c.h"
#include "table.h"

/* `t` becomes a row for each rule, below headings. */
void policy_rows(struct table *t, struct arena *a, const Rule *const *rules, size_t count,
                 bool scope);

/* Appends the same as text. */
void policy_table(const Rule *const *rules, size_t count, int indent, bool scope, struct text *out);

#endif
