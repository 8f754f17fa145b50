/* signers - what a certificate is made with: the authority, its key, the template of its profile.
 * Everything is prepared once and kept: authorities and policy versions never change. */
#ifndef ISSUER_SIGNERS_H
#define ISSUER_SIGNERS_H

#include "certificate.pb-c.h"
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
 * hierarchy, or needs no proof in it, must never be signed by another. UNAVAILABLE where the key is not
 * loaded, or the policy has no such product, profile or option now. Never waits for the token; any
 * thread with a store_mine(). */
bool signer_find(const struct policy *policy, const struct signer_wanted *wanted,
                 struct signer *out, struct fault *f);

/* The authority with its key in the token; UNAVAILABLE while that is not loaded. */
bool signer_authority(const char *ca_id, const struct ca **out, struct fault *f);

/* Loads the key of an authority; waits for the token, so nobody calls it with a transaction open. */
bool signer_load(const Authority *a, struct fault *f);

/* Could every order of the product be signed by that authority: is its key loaded, and does each
 * option with each hash make a template? */
bool signer_try(const struct policy *policy, const Product *product, const char *key_label,
                struct fault *f);

/* ---- signers_load.c: the thread that loads the key of every authority that may sign, and looks
 * whether everything that the policy in force asks for can be done. */

/* Returns when that was done once, as far as the token answers. */
void signers_open(const struct store_options *options);
void signers_close(void);

/* Look again, soon: somebody has missed an authority. Any thread, never waits. */
void signers_wake(void);

/* As above; and orders that were put off while it did not sign are due now. The same happens when the
 * policy, its signature or a key that was missing comes. */
void signers_token_is_back(void);
void signers_refresh(void); /* look again, and wait for that; for tests */

/* Of the last look; `f` names what is missing. */
bool signers_ready(struct fault *f);

#endif
