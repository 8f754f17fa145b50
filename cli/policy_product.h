/* policy_product - what the commands that ask the policy in force take: a day, and --product. */
#ifndef CLI_POLICY_PRODUCT_H
#define CLI_POLICY_PRODUCT_H

#include "base/clock.h"
#include "command.h"
#include "product.pb-c.h"

/* "2027-03-15", or with a time. */
bool policy_day_read(const char *word, struct instant *out, struct fault *f);

/* The product that --product names, in the run's arena; NULL without the option. After command_store(). */
bool policy_product_read(struct command_run *r, const Product **product, struct fault *f);

#endif
