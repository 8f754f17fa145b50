/* The change log of the policy as it is in its folder. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/markdown.h"
#include "files.h"
#include "ledger/changelog.h"
#include "message/convert.h"
#include "message/field.h"
#include "message/front_matter.h"
#include "policy_source.h"

enum { TITLE_MAX = 120, AREA_MAX = 40 };

/* ---- one entry */

struct entry_file {
    struct arena *arena;
    const char *name; /* "changelog/NAME.md", as it is shown */
    ChangeEntry *entry;
    struct front_matter front;
};

/* What `why` says, by the file and the line. */
static bool refuse(const struct entry_file *e, int line, const struct fault *why, struct fault *f)
{
    return fault_set(f, FAULT_INVALID, arena_format(e->arena, "%s:%d", e->name, line), "%s",
                     why->detail);
}

/* ... where the member is said, or would be. */
static bool refuse_member(const struct entry_file *e, const char *member, const struct fault *why,
                          struct fault *f)
{
    const ProtobufCFieldDescriptor *field = field_find(&change_entry__descriptor, member);
    int line = field ? e->front.lines[field - change_entry__descriptor.fields] : 0;
    return refuse(e, line ? line : 1, why, f);
}

static bool title_check(const ChangeEntry *e, struct fault *why)
{
    if (!e->title)
        return fault_set(why, FAULT_INVALID, "title", "has no title");
    return strlen(e->title) <= TITLE_MAX ||
           fault_set(why, FAULT_INVALID, "title", "is more than %d letters long", TITLE_MAX);
}

static bool kind_check(const ChangeEntry *e, struct fault *why)
{
    return (e->kind && changelog_kind(e->kind)) ||
           fault_set(why, FAULT_INVALID, "kind", "needs the kind new, changed or retired");
}

static bool areas_check(const ChangeEntry *e, struct fault *why)
{
    for (size_t i = 0; i < e->n_areas; i++)
        if (strlen(e->areas[i]) > AREA_MAX)
            return fault_set(why, FAULT_INVALID, "areas", "is more than %d letters long", AREA_MAX);
    return e->n_areas > 0 || fault_set(why, FAULT_INVALID, "areas", "needs areas, such as TLS");
}

static bool members_check(const struct entry_file *e, const struct changelog_rows *rows,
                          struct fault *f)
{
    struct fault why = { 0 };
    struct instant day;
    return (title_check(e->entry, &why) && kind_check(e->entry, &why) &&
            areas_check(e->entry, &why) && changelog_day(rows, e->entry, &day, &why)) ||
           refuse_member(e, why.field, &why, f);
}

/* The blank lines around it say nothing. */
static bool text_take(struct entry_file *e, struct fault *f)
{
    struct bytes text = e->front.text;
    struct fault why = { 0 };
    int line = 1, first = e->front.line;
    for (; text.size && text.data[0] == '\n'; first++)
        text = (struct bytes){ text.data + 1, text.size - 1 };
    while (text.size && strchr(" \n\t", text.data[text.size - 1]))
        text.size--;
    if (text.size == 0 && !fault_set(&why, FAULT_INVALID, NULL, "has no text"))
        return refuse(e, e->front.line, &why, f);
    e->entry->text = arena_strndup(e->arena, (const char *)text.data, text.size);
    return markdown_check(text, &line, &why) || refuse(e, first + line - 1, &why, f);
}

static bool entry_read(struct entry_file *e, const char *path, const struct changelog_rows *rows,
                       struct fault *f)
{
    static char said_by_the_file[] = "";
    char *text = NULL;
    struct fault why = { 0 };
    if (!file_read(e->arena, path, &text, f))
        return false;
    e->entry->text = said_by_the_file;
    return (front_matter_read(e->arena, BYTES_OF(text), &e->entry->base, &e->front, &why) ||
            refuse(e, e->front.line, &why, f)) &&
           members_check(e, rows, f) && text_take(e, f);
}

/* An id is an anchor of the page, and stays. */
static bool id_of(struct arena *a, const char *file, char **out, struct fault *f)
{
    size_t length = strlen(file) - strlen(".md");
    *out = arena_strndup(a, file, length);
    return strspn(*out, "abcdefghijklmnopqrstuvwxyz0123456789-") == length ||
           fault_set(f, FAULT_INVALID, file, "has a name of other letters than a-z, 0-9 and '-'");
}

/* ---- all of them */

static const ChangeEntry *entry_of(struct arena *a, const char *folder, const char *file,
                                   const struct changelog_rows *rows, struct fault *f)
{
    struct entry_file e = { .arena = a,
                            .name = arena_format(a, "changelog/%s", file),
                            .entry = arena_new(a, ChangeEntry) };
    change_entry__init(e.entry);
    return id_of(a, file, &e.entry->id, f) &&
                   entry_read(&e, arena_format(a, "%s/%s", folder, file), rows, f)
               ? e.entry
               : NULL;
}

static bool is_announced(const struct policy_source *p, const char *capability)
{
    for (size_t i = 0; i < p->change_count; i++)
        for (size_t j = 0; j < p->changes[i]->n_capabilities; j++)
            if (strcmp(p->changes[i]->capabilities[j], capability) == 0)
                return true;
    return false;
}

/* They are there for the change log alone. */
static bool capabilities_check(const struct policy_source *p, struct fault *f)
{
    for (size_t i = 0; i < p->capability_count; i++) {
        const char *id = p->capabilities[i]->id;
        if (i > 0 && strcmp(p->capabilities[i - 1]->id, id) == 0)
            return fault_set(f, FAULT_INVALID, id, "is the id of two capabilities");
        if (!is_announced(p, id))
            return fault_set(f, FAULT_INVALID, id,
                             "is a capability that no entry of changelog/ announces");
    }
    return true;
}

bool changes_read(struct arena *a, const char *folder, struct policy_source *out, struct fault *f)
{
    const struct changelog_rows rows = { out->rules, out->rule_count, out->capabilities,
                                         out->capability_count };
    char **names = NULL;
    size_t count = 0;
    if (access(folder, F_OK) == 0 || errno != ENOENT)
        if (!folder_list(a, folder, ".md", &names, &count, f))
            return false;
    out->changes = arena_array(a, const ChangeEntry *, count + 1);
    for (; out->change_count < count; out->change_count++) {
        const ChangeEntry *e = entry_of(a, folder, names[out->change_count], &rows, f);
        if (!e)
            return false;
        out->changes[out->change_count] = e;
    }
    return capabilities_check(out, f);
}

/* ---- what nobody was told of */

static bool is_named(const struct policy_source *p, const Rule *rule)
{
    for (size_t i = 0; i < p->change_count; i++) {
        const ChangeEntry *e = p->changes[i];
        for (size_t j = 0; j < e->n_begins; j++)
            if (strcmp(e->begins[j], rule->id) == 0)
                return true;
        for (size_t j = 0; j < e->n_ends; j++)
            if (strcmp(e->ends[j], rule->id) == 0)
                return true;
    }
    return false;
}

/* Another rule says on the day what holds of its parameter from then on. */
static bool is_followed(const struct policy_source *p, const Rule *rule)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *next = p->rules[i];
        if (next->from && next->from->us == rule->until->us &&
            strcmp(next->scope, rule->scope) == 0 && strcmp(next->parameter, rule->parameter) == 0)
            return true;
    }
    return false;
}

const Rule *change_unannounced(const struct policy_source *p, struct instant since, size_t *from)
{
    while (*from < p->rule_count) {
        const Rule *rule = p->rules[(*from)++];
        bool begins = rule->from && instant_before(since, instant_value(rule->from));
        bool ends = rule->until && instant_before(since, instant_value(rule->until)) &&
                    !is_followed(p, rule);
        if ((begins || ends) && !is_named(p, rule))
            return rule;
    }
    return NULL;
}
