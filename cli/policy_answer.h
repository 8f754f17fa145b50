/* policy_answer - what one asks of a product and a day, in a line each: how long, by which methods, who else looks,
 * which keys. The rules behind it are named. */
#ifndef CLI_POLICY_ANSWER_H
#define CLI_POLICY_ANSWER_H

#include "base/text.h"
#include "product.pb-c.h"

/* `rules` are those of the product's scope that are in force on the day. */
void policy_answer_write(const Product *product, const Rule *const *rules, size_t count,
                         struct text *out);

#endif
