/* lint_rules - the rules of a policy in its folder, as the checks of the issuer take them. */
#ifndef CLI_LINT_RULES_H
#define CLI_LINT_RULES_H

#include "command.h"
#include "policy_source.h"
#include "services/issuer/lints/lint.h"
#include "services/issuer/lints/status_lint.h"

/* The policy in the folder of --policy, else as `chancery policy load` finds one. */
bool lint_policy(struct command_run *r, struct policy_source *out, struct fault *f);

/* Those that hold for the scope on that instant, into `out`. FAULT_INVALID for a scope that no rule has. */
bool lint_status_rules(struct arena *a, const struct policy_source *p, const char *scope,
                       struct instant at, struct status_input *out, struct fault *f);

/* Those of them that bring a check of certificates. */
struct lint_rule *lint_rules(struct arena *a, const struct policy_source *p, const char *scope,
                             struct instant at, size_t *count);

#endif
