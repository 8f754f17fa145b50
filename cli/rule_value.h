/* rule_value - is what a rule says of the form that its parameter has (lib/ledger/parameters.def)? */
#ifndef CLI_RULE_VALUE_H
#define CLI_RULE_VALUE_H

#include "base/fault.h"
#include "ledger/parameter.h"
#include "product.pb-c.h"

/* Level, unit and value; the fault's field is the rule's id. */
bool rule_value_fits(const Rule *r, const struct parameter *p, struct fault *f);

/* Is what stands behind a parameter's beginning what it must be? */
bool rule_key_fits(const Rule *r, const struct parameter *p, struct fault *f);

/* "200": a number from 0 on, as rule_interval() of the database can count it. */
bool rule_value_counts(const char *value);

#endif
