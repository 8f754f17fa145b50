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

/* For the profile of a product in a policy version. UNAVAILABLE while the token has no answer; any
 * thread with a store_mine(). */
bool signer_find(const struct policy *policy, const Product *product, const char *ca_id,
                 const char *hash, struct signer *out, struct fault *f);

/* The authority with its key in the token. */
bool signer_authority(const char *ca_id, const struct ca **out, struct fault *f);

#endif
