/* signers - what a certificate is made with: the authority, its key, the template of its profile.
 * Everything is prepared once and kept: authorities and policy versions never change. */
#ifndef ISSUER_SIGNERS_H
#define ISSUER_SIGNERS_H

#include "ledger/policy.h"
#include "x509/leaf.h"

struct signer {
    const struct ca *ca;
    const struct leaf_template *template;
    const struct policy_profile *profile;
};

/* What the order asks for: all of it must agree with the policy version. */
struct signer_wanted {
    const char *rule_scope, *product, *option, *ca_id, *hash; /* option: NULL for none */
};

/* For the profile of the product in a policy version. INTERNAL where the product is of another rule
 * scope than the order, or the authority is none of that scope: what has proved a name for one
 * hierarchy, or needs no proof in it, must never be signed by another. UNAVAILABLE while the token has no answer; any
 * thread with a store_mine(). */
bool signer_find(const struct policy *policy, const struct signer_wanted *wanted,
                 struct signer *out, struct fault *f);

/* The authority with its key in the token. */
bool signer_authority(const char *ca_id, const struct ca **out, struct fault *f);

#endif
