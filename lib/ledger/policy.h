/* policy - the catalogue and the profiles of one policy version, as loaded by `chancery policy
 * load`.
 *
 * A version never changes, so what is found lives as long as the process. Rules with dates are not
 * here: they are asked for an instant, with policy_at() in SQL.
 */
#ifndef LEDGER_POLICY_H
#define LEDGER_POLICY_H

#include "base/text.h"
#include "product.pb-c.h"
#include "store/store.h"

struct policy_profile {
    const Profile *profile;
    struct bytes sha256; /* of the stored document */
};

struct policy {
    int64_t version;
    const Product *const *products;
    size_t product_count;
    const struct policy_profile *profiles;
    size_t profile_count;
};

/* That version, from memory or from the database. Any thread with a store_mine(). */
bool policy_version_get(int64_t version, const struct policy **out, struct fault *f);

/* The active version; the database is asked at most once a second. UNAVAILABLE while none is
 * loaded. */
bool policy_now(const struct policy **out, struct fault *f);

/* The rows of Rule that give that parameter on that instant: one, or prohibitions. */
bool policy_rules_at(struct arena *a, struct instant at, const char *scope, const char *parameter,
                     struct rows *out, struct fault *f);

const Product *policy_product(const struct policy *p, const char *name_id); /* or NULL */
const struct policy_profile *policy_profile_find(const struct policy *p,
                                                 const char *name); /* or NULL */

#endif
