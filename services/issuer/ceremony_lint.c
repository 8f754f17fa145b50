#include "ceremony_lint.h"

#include "base/log.h"
#include "lint_plans.h"

static const char *profile_name(const struct ceremony_tbs *what)
{
    static const char *const names[2][2] = { { "ca-private-root", "ca-private-subordinate" },
                                             { "ca-root", "ca-subordinate" } };

    return names[what->public][what->issuer != NULL];
}

static void warn(const struct ceremony_tbs *what, const struct lint_found *warnings)
{
    for (size_t i = 0; i < warnings->count; i++)
        log_warn("the certificate of an authority is not as it is recommended",
                 LOG_TEXT("authority", what->name), LOG_TEXT("lint", warnings->names[i]));
}

bool ceremony_lint(const struct policy *policy, const struct ceremony_tbs *what, struct instant now,
                   struct fault *f)
{
    const struct policy_profile *profile = policy_profile_find(policy, profile_name(what));
    struct lint_input in = { .tbs = what->tbs, .ca = what->issuer, .now = now, .spki = what->spki };
    struct lint_outcome out;
    struct lints_now lints;

    if (!profile)
        return fault_set(f, FAULT_UNAVAILABLE, what->name,
                         "the policy in force has no profile %s: chancery policy load",
                         profile_name(what));
    if (!lint_plans_find(policy, profile->profile, now, &lints, f) ||
        !lint_run(lints.plan, &in, &out, f))
        return false;
    warn(what, &out.warnings);
    return true;
}
