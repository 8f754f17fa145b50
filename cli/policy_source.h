/* policy_source - the policy as it is in its folder: rules, products, profiles, change log, read and checked.
 */
#ifndef CLI_POLICY_SOURCE_H
#define CLI_POLICY_SOURCE_H

#include "changelog.pb-c.h"
#include "log_list.pb-c.h"
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
    const Capability **capabilities; /* by id */
    size_t capability_count;
    const ChangeEntry **changes; /* by id */
    size_t change_count;
    const LogList *logs; /* NULL: there is no logs.json */
};

/* Reads rules/, products/, profiles/ and, where they are there, logs.json, capabilities.json and changelog/
 * of `folder`. FAULT_INVALID with the file or the id that is wrong. */
bool policy_source_read(struct arena *a, const char *folder, struct policy_source *out,
                        struct fault *f);

/* The list of logs in that file, in place of the folder's. */
bool policy_source_logs(struct arena *a, const char *path, struct policy_source *out,
                        struct fault *f);

/* What a policy must be before it may be loaded. policy_source_read() has asked it. */
bool policy_source_check(const struct policy_source *p, struct fault *f);

/* changelog/ as a part of that, when rules and capabilities are there: the fault has file and line. */
bool changes_read(struct arena *a, const char *folder, struct policy_source *out, struct fault *f);

/* The next rule from `*from` on, which it moves, that begins after `since`, or ends then and no other follows it,
 * and that no entry of the change log announces; NULL: there is none. */
const Rule *change_unannounced(const struct policy_source *p, struct instant since, size_t *from);

/* The canonical text of one rule or document. */
char *policy_text(struct arena *a, const ProtobufCMessage *message);

bool rule_in_force(const Rule *rule, struct instant at);

#endif
