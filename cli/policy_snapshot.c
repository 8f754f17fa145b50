/* chancery policy snapshot: each product with its profile and its rules on a few days, as plain
 * text. The texts are committed, so that a change of the policy is a difference that somebody who
 * does not program can read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "policy_source.h"
#include "policy_table.h"
#include "table.h"

/* The first days of new rules, and days between them. */
static const char *const days_shown[] = { "2026-01-01", "2026-06-01", "2026-11-22",
                                          "2027-03-15", "2028-03-15", "2029-03-15" };

/* ---- a product or a profile, member by member */

static void item_add(struct text *out, const ProtobufCFieldDescriptor *field, const void *at)
{
    if (field->type == PROTOBUF_C_TYPE_STRING)
        text_add(out, *(char *const *)at);
    else if (field->type == PROTOBUF_C_TYPE_BOOL)
        text_add(out, *(const protobuf_c_boolean *)at ? "yes" : "no");
    else
        text_format(out, "%u", *(const uint32_t *)at);
}

static size_t item_size(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_STRING ? sizeof(char *)
           : field->type == PROTOBUF_C_TYPE_BOOL ? sizeof(protobuf_c_boolean)
                                                 : sizeof(uint32_t);
}

static const char *value_of(struct arena *a, const ProtobufCMessage *m,
                            const ProtobufCFieldDescriptor *field)
{
    const char *at = (const char *)m + field->offset;
    struct text t;
    text_init(&t, a);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        item_add(&t, field, at);
        return t.data;
    }
    size_t count = *(const size_t *)(const void *)((const char *)m + field->quantifier_offset);
    const char *items = *(const char *const *)(const void *)at;
    for (size_t i = 0; i < count; i++) {
        text_add(&t, i ? ", " : "");
        item_add(&t, field, items + i * item_size(field));
    }
    return count ? t.data : "none";
}

/* An optional member that is not there says nothing. */
static bool is_there(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)m;
    if (field->label != PROTOBUF_C_LABEL_OPTIONAL)
        return true;
    return field->type == PROTOBUF_C_TYPE_STRING
               ? *(char *const *)(const void *)(base + field->offset) != NULL
               : *(const protobuf_c_boolean *)(base + field->quantifier_offset);
}

static const char *label_of(struct arena *a, const char *name)
{
    char *label = arena_strdup(a, name);
    for (char *p = label; *p; p++)
        if (*p == '_')
            *p = ' ';
    return label;
}

static void members_write(const ProtobufCMessage *m, struct text *out)
{
    struct table t;
    table_init(&t, out->arena, 2);
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &m->descriptor->fields[i];
        if (field->type != PROTOBUF_C_TYPE_MESSAGE && is_there(m, field))
            TABLE_ROW(&t, label_of(out->arena, field->name), value_of(out->arena, m, field));
    }
    table_write(&t, 4, out);
}

/* ---- the rules of a day */

static int by_parameter(const void *a, const void *b)
{
    const Rule *x = *(const Rule *const *)a, *y = *(const Rule *const *)b;
    int order = strcmp(x->parameter, y->parameter);
    return order ? order : strcmp(x->id, y->id);
}

static void rules_write(const struct policy_source *p, const Product *product, const char *day,
                        struct text *out)
{
    const Rule **in_force = arena_array(out->arena, const Rule *, p->rule_count + 1);
    struct instant at = { 0 };
    size_t count = 0;
    instant_read(day, &at);
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i]->scope, product->rule_scope) == 0 && rule_in_force(p->rules[i], at))
            in_force[count++] = p->rules[i];
    qsort(in_force, count, sizeof in_force[0], by_parameter);
    text_format(out, "\nRules in force on %s\n", day);
    policy_table(in_force, count, 4, false, out);
}

static const Profile *profile_named(const struct policy_source *p, const char *name)
{
    size_t i = 0;
    while (strcmp(p->profiles[i]->name, name) != 0)
        i++; /* policy_source_check() has seen to it that there is one */
    return p->profiles[i];
}

static void profile_write(const Profile *profile, struct text *out)
{
    text_format(out, "\nWhat is signed: profile %s\n", profile->name);
    members_write(&profile->base, out);
    for (size_t i = 0; i < profile->n_options; i++) {
        text_format(out, "\nWith profile_option %s\n", profile->options[i]->name);
        members_write(&profile->options[i]->base, out);
    }
}

static const char *snapshot_of(struct arena *a, const struct policy_source *p,
                               const Product *product)
{
    struct text out;
    text_init(&out, a);
    text_format(&out, "%s (%s)\n\nWhat is sold\n", product->name, product->name_id);
    members_write(&product->base, &out);
    if (product->profile)
        profile_write(profile_named(p, product->profile), &out);
    for (size_t i = 0; i < sizeof days_shown / sizeof *days_shown; i++)
        rules_write(p, product, days_shown[i], &out);
    return out.data;
}

/* ---- files */

static bool is_current(struct arena *a, const char *path, const char *text)
{
    struct fault ignored = { 0 };
    char *there = NULL;
    return file_read(a, path, &there, &ignored) && strcmp(there, text) == 0;
}

static bool snapshot_put(struct command_run *r, const char *path, const char *text, struct fault *f)
{
    if (is_current(&r->arena, path, text))
        return true;
    if (command_option(r, "check")) {
        fprintf(r->out, "%s is stale: run make snapshots and commit what changed\n", path);
        r->status = 1;
        return true;
    }
    fprintf(r->out, "wrote %s\n", path);
    return file_write(&r->arena, path, text, f);
}

/* What is left of products that are no longer sold. */
static bool leftovers_remove(struct command_run *r, const char *folder,
                             const struct policy_source *p, struct fault *f)
{
    char **names;
    size_t count;
    if (!folder_list(&r->arena, folder, ".txt", &names, &count, f))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool sold = false;
        for (size_t j = 0; j < p->product_count; j++)
            sold |=
                strcmp(names[i], arena_format(&r->arena, "%s.txt", p->products[j]->name_id)) == 0;
        if (sold)
            continue;
        const char *path = arena_format(&r->arena, "%s/%s", folder, names[i]);
        bool check = command_option(r, "check") != NULL;
        fprintf(r->out, "%s belongs to no product%s\n", path, check ? "" : ": removed");
        r->status = check ? 1 : r->status;
        if (!check && unlink(path) != 0)
            return fault_set(f, FAULT_INVALID, path, "cannot be removed: %s", strerror(errno));
    }
    return true;
}

bool policy_snapshot_command(struct command_run *r, struct fault *f)
{
    const char *policy = r->words[0] ? r->words[0] : "policy";
    const char *folder = arena_format(&r->arena, "%s/snapshots", policy);
    struct policy_source p;
    if (!policy_source_read(&r->arena, policy, &p, f))
        return false;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fault_set(f, FAULT_INVALID, folder, "cannot be made: %s", strerror(errno));
    for (size_t i = 0; i < p.product_count; i++) {
        const char *id = p.products[i]->name_id;
        if (!snapshot_put(r, arena_format(&r->arena, "%s/%s.txt", folder, id),
                          snapshot_of(&r->arena, &p, p.products[i]), f))
            return false;
    }
    return leftovers_remove(r, folder, &p, f);
}
