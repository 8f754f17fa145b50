/* policy_source - the policy as it is in its folder: rules, products, profiles, read and checked.
 */
#ifndef CLI_POLICY_SOURCE_H
#define CLI_POLICY_SOURCE_H

#include "product.pb-c.h"
#include "store/store.h"

struct policy_source {
    const Rule **rules;      /* by id */
    const char **rule_files; /* the file of each */
    size_t rule_count;
    const Product **products; /* by name_id */
    size_t product_count;
    const Profile **profiles; /* by name */
    size_t profile_count;
};

/* Reads rules/, products/ and profiles/ of `folder`. FAULT_INVALID with the file or the id that is
 * wrong. */
bool policy_source_read(struct arena *a, const char *folder, struct policy_source *out,
                        struct fault *f);

/* What a policy must be before it may be loaded. policy_source_read() has asked it. */
bool policy_source_check(const struct policy_source *p, struct fault *f);

/* The canonical text of one rule, product or profile. */
char *policy_text(struct arena *a, const ProtobufCMessage *message);

bool rule_in_force(const Rule *rule, struct instant at);

#endif
