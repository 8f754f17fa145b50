/* policy - the catalogue and the profiles of one policy version, as loaded by `chancery policy
 * load`.
 *
 * A version never changes, so what is found lives as long as the process. What holds on an instant is
 * asked with policy_at() in SQL.
 */
#ifndef LEDGER_POLICY_H
#define LEDGER_POLICY_H

#include "base/text.h"
#include "changelog.pb-c.h"
#include "product.pb-c.h"
#include "store/store.h"

struct policy_profile {
    const Profile *profile;
    struct bytes sha256; /* of the stored document */
};

struct policy_change {
    const ChangeEntry *entry;
    struct instant since; /* when a version was loaded that had an entry of its id, first */
};

struct ct_log; /* ledger/transparency.h */

struct policy {
    int64_t version;
    const Product *const *products;
    size_t product_count;
    const struct policy_profile *profiles;
    size_t profile_count;
    const Rule *const *rules; /* all of them, whenever they hold, by id */
    size_t rule_count;
    const Capability *const *capabilities;
    size_t capability_count;
    const struct policy_change *changes; /* by id; ledger/changelog.h says when each holds */
    size_t change_count;
    const struct ct_log *logs; /* in the list's order */
    size_t log_count;
    bool lists_logs; /* the list is not empty: also where this program cannot read it */
};

/* From now on only versions are believed that were signed with the private half of this key, which
 * lives as long as the process; others are UNAVAILABLE. */
struct ed25519_key;
void policy_trust(const struct ed25519_key *key);

/* That version, from memory or from the database. Any thread with a store_mine(). */
bool policy_version_get(int64_t version, const struct policy **out, struct fault *f);

/* The active version; the database is asked at most once a second. UNAVAILABLE while none is
 * loaded. */
bool policy_now(const struct policy **out, struct fault *f);

/* The rows of Rule that give that parameter on that instant: one, or prohibitions. */
bool policy_rules_at(struct arena *a, struct instant at, const char *scope, const char *parameter,
                     struct rows *out, struct fault *f);

/* Whether a rule of the scope says then that this is used: one of level M or S with the value 1. */
bool policy_uses(const struct policy *p, const char *scope, const char *parameter,
                 struct instant then);

/* The rule of the scope that gives the parameter then, or NULL. */
const Rule *policy_rule_then(const struct policy *p, const char *scope, const char *parameter,
                             struct instant then);

/* The rules of the scope that hold then and whose parameter begins so, one after the other: `*at` is 0 at
 * first; NULL after the last. */
const Rule *policy_next(const struct policy *p, const char *scope, const char *beginning,
                        struct instant then, size_t *at);

/* Does a rule of the scope prohibit then what the parameter names? */
bool policy_forbids(const struct policy *p, const char *scope, const char *parameter,
                    struct instant then);

const Product *policy_product(const struct policy *p, const char *name_id); /* or NULL */
const struct policy_profile *policy_profile_find(const struct policy *p,
                                                 const char *name); /* or NULL */

#endif
