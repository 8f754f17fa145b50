/* lint_rules - the rules of a policy in its folder as the checks of CRLs and OCSP responses take them. */
#ifndef CLI_LINT_RULES_H
#define CLI_LINT_RULES_H

#include "command.h"
#include "services/issuer/lints/status_lint.h"

/* Those that hold for the scope on that instant, into `out`; of the folder of --policy, else as
 * `chancery policy load` finds one. FAULT_INVALID for a scope that no rule has. */
bool lint_rules(struct command_run *r, const char *scope, struct instant at,
                struct status_input *out, struct fault *f);

#endif
