#include "policy_source.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "ledger/log_list.h"
#include "message/json.h"

char *policy_text(struct arena *a, const ProtobufCMessage *message)
{
    struct text t;
    text_init(&t, a);
    message_to_json(message, &t);
    return t.data;
}

/* ---- files */

/* Without the white space outside strings. */
static char *minified(struct arena *a, const char *json)
{
    struct text t;
    bool inside = false;
    text_init(&t, a);
    for (; *json; json++) {
        if (*json == '"')
            inside = !inside;
        if (inside || !isspace((unsigned char)*json))
            text_add_char(&t, *json);
        if (inside && *json == '\\' && json[1])
            text_add_char(&t, *++json);
    }
    return t.data;
}

/* The codec passes over members that it does not know. In a policy such a member is a mistake
 * ("untill"), so a file must say exactly what was understood, in the order of product.proto. */
static bool is_canonical(struct arena *a, const char *path, const char *json,
                         const ProtobufCMessage *message, struct fault *f)
{
    const char *said = minified(a, json), *understood = policy_text(a, message);
    size_t same = 0;
    while (said[same] && said[same] == understood[same])
        same++;
    if (!said[same] && !understood[same])
        return true;
    while (same > 0 && said[same - 1] != ',' && said[same - 1] != '{')
        same--;
    return fault_set(f, FAULT_INVALID, path,
                     "has a member that is unknown, misplaced or spelled otherwise at: %.60s",
                     said + same);
}

static const ProtobufCMessage *text_read(struct arena *a, const char *path,
                                         const ProtobufCMessageDescriptor *type, char **json,
                                         struct fault *f)
{
    struct fault why = { 0 };
    if (!file_read(a, path, json, f))
        return NULL;
    const ProtobufCMessage *m = message_from_json(a, type, *json, strlen(*json), &why);
    if (!m)
        fault_set(f, FAULT_INVALID, path, "%s %s", why.field, why.detail);
    return m;
}

static const ProtobufCMessage *document_read(struct arena *a, const char *path,
                                             const ProtobufCMessageDescriptor *type,
                                             struct fault *f)
{
    char *json = NULL;
    const ProtobufCMessage *m = text_read(a, path, type, &json, f);
    return m && is_canonical(a, path, json, m, f) ? m : NULL;
}

/* All documents of one folder. */
static bool documents_read(struct arena *a, const char *folder,
                           const ProtobufCMessageDescriptor *type, const ProtobufCMessage ***out,
                           size_t *count, char ***names, struct fault *f)
{
    if (!folder_list(a, folder, ".json", names, count, f))
        return false;
    if (*count == 0)
        return fault_set(f, FAULT_INVALID, folder, "has no .json file");
    *out = arena_array(a, const ProtobufCMessage *, *count);
    for (size_t i = 0; i < *count; i++) {
        const char *path = arena_format(a, "%s/%s", folder, (*names)[i]);
        (*out)[i] = document_read(a, path, type, f);
        if (!(*out)[i])
            return false;
    }
    return true;
}

/* ---- what is in them */

struct filed_rule {
    const Rule *rule;
    const char *file;
};

static int by_rule_id(const void *a, const void *b)
{
    return strcmp(((const struct filed_rule *)a)->rule->id,
                  ((const struct filed_rule *)b)->rule->id);
}

static void rules_keep(struct arena *a, struct filed_rule *all, size_t count,
                       struct policy_source *out)
{
    qsort(all, count, sizeof *all, by_rule_id);
    out->rules = arena_array(a, const Rule *, count + 1);
    out->rule_files = arena_array(a, const char *, count + 1);
    for (; out->rule_count < count; out->rule_count++) {
        out->rules[out->rule_count] = all[out->rule_count].rule;
        out->rule_files[out->rule_count] = all[out->rule_count].file;
    }
}

static bool rules_read(struct arena *a, const char *folder, struct policy_source *out,
                       struct fault *f)
{
    const ProtobufCMessage **files;
    size_t count, all = 0, n = 0;
    char **names;
    if (!documents_read(a, folder, &rule_file__descriptor, &files, &count, &names, f))
        return false;
    for (size_t i = 0; i < count; i++)
        all += ((const RuleFile *)files[i])->n_rules;
    struct filed_rule *filed = arena_array(a, struct filed_rule, all + 1);
    for (size_t i = 0; i < count; i++) {
        const RuleFile *file = (const RuleFile *)files[i];
        for (size_t j = 0; j < file->n_rules; j++)
            filed[n++] = (struct filed_rule){ file->rules[j], names[i] };
    }
    rules_keep(a, filed, all, out);
    return true;
}

/* A document is found by its name, so its file has the same. */
static bool is_named(const char *file, const char *name, struct fault *f)
{
    size_t length = strlen(name);
    return (strncmp(file, name, length) == 0 && strcmp(file + length, ".json") == 0) ||
           fault_set(f, FAULT_INVALID, file, "says that it is %s: rename the file", name);
}

static bool products_read(struct arena *a, const char *folder, struct policy_source *out,
                          struct fault *f)
{
    const ProtobufCMessage **files = NULL;
    char **names = NULL;
    if (!documents_read(a, folder, &product__descriptor, &files, &out->product_count, &names, f))
        return false;
    out->products = (const Product **)files;
    for (size_t i = 0; i < out->product_count; i++)
        if (!is_named(names[i], out->products[i]->name_id, f))
            return false;
    return true;
}

static bool profiles_read(struct arena *a, const char *folder, struct policy_source *out,
                          struct fault *f)
{
    const ProtobufCMessage **files = NULL;
    char **names = NULL;
    if (!documents_read(a, folder, &profile__descriptor, &files, &out->profile_count, &names, f))
        return false;
    out->profiles = (const Profile **)files;
    for (size_t i = 0; i < out->profile_count; i++)
        if (!is_named(names[i], out->profiles[i]->name, f))
            return false;
    return true;
}

static int by_capability_id(const void *a, const void *b)
{
    return strcmp((*(const Capability *const *)a)->id, (*(const Capability *const *)b)->id);
}

static bool capabilities_read(struct arena *a, const char *path, struct policy_source *out,
                              struct fault *f)
{
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    const CapabilityFile *file =
        (const CapabilityFile *)document_read(a, path, &capability_file__descriptor, f);
    if (!file)
        return false;
    out->capability_count = file->n_capabilities;
    out->capabilities = arena_array(a, const Capability *, file->n_capabilities + 1);
    for (size_t i = 0; i < file->n_capabilities; i++)
        out->capabilities[i] = file->capabilities[i];
    qsort(out->capabilities, out->capability_count, sizeof(Capability *), by_capability_id);
    return true;
}

/* It is a browser's, taken as it is: what is not understood is no mistake. */
bool policy_source_logs(struct arena *a, const char *path, struct policy_source *out,
                        struct fault *f)
{
    const struct ct_log *logs;
    struct fault why = { 0 };
    char *json = NULL;
    size_t count;
    out->logs = (const LogList *)text_read(a, path, &log_list__descriptor, &json, f);
    if (!out->logs)
        return false;
    return log_list_read(out->logs, a, &logs, &count, &why) ||
           fault_set(f, FAULT_INVALID, path, "%s", why.detail);
}

static bool logs_read(struct arena *a, const char *path, struct policy_source *out, struct fault *f)
{
    bool missing = access(path, F_OK) != 0 && errno == ENOENT;
    return missing || policy_source_logs(a, path, out, f);
}

bool policy_source_read(struct arena *a, const char *folder, struct policy_source *out,
                        struct fault *f)
{
    *out = (struct policy_source){ 0 };
    return rules_read(a, arena_format(a, "%s/rules", folder), out, f) &&
           products_read(a, arena_format(a, "%s/products", folder), out, f) &&
           profiles_read(a, arena_format(a, "%s/profiles", folder), out, f) &&
           logs_read(a, arena_format(a, "%s/logs.json", folder), out, f) &&
           policy_source_check(out, f) &&
           capabilities_read(a, arena_format(a, "%s/capabilities.json", folder), out, f) &&
           changes_read(a, arena_format(a, "%s/changelog", folder), out, f);
}
