/* lint_plans - what is run on the certificates of a profile at an instant, by the rules of a policy version. Made
 * once for the time in which the same rules are in force, and kept: versions never change. */
#ifndef ISSUER_LINT_PLANS_H
#define ISSUER_LINT_PLANS_H

#include "ledger/policy.h"
#include "lints/lint.h"

struct lints_now {
    const struct lint_plan *plan;
    struct instant until; /* exclusive: afterwards other lints would be run */
};

/* `profile` is one of the policy's. Any thread. Faults as of lint_plan_new(). */
bool lint_plans_find(const struct policy *policy, const Profile *profile, struct instant now,
                     struct lints_now *out, struct fault *f);

#endif
