/* lint_rules - the rules of a policy that bring a check, as the lints take them. */
#ifndef ISSUER_LINT_RULES_H
#define ISSUER_LINT_RULES_H

#include "ledger/policy.h"
#include "lints/lint.h"

/* Those of the scope that hold then, `*count` of them, in the arena. `*until` comes no later than the first
 * instant at which one begins or ends: what was linted before is to be signed before, afterwards other lints
 * would have been run. */
const struct lint_rule *lint_rules_then(const struct policy *p, const char *scope,
                                        struct instant then, struct arena *a, size_t *count,
                                        struct instant *until);

#endif
