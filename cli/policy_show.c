#include "policy_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void policy_show_words(struct text *out, const char *words, int indent)
{
    enum { LINE_MOST = 118 };
    size_t used = (size_t)indent;
    for (size_t length; *words; words += length + (words[length] == ' ')) {
        length = strcspn(words, " ");
        if (used + 1 + length > LINE_MOST) {
            text_format(out, "\n%*s", indent, "");
            used = (size_t)indent;
        } else if (used > (size_t)indent) {
            text_add_char(out, ' ');
            used++;
        }
        text_format(out, "%.*s", (int)length, words);
        used += length;
    }
    text_add_char(out, '\n');
}

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

static bool is_shown(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *field)
{
    return field->type != PROTOBUF_C_TYPE_MESSAGE && is_there(m, field);
}

static void members_write(const ProtobufCMessage *m, struct text *out)
{
    const ProtobufCFieldDescriptor *fields = m->descriptor->fields;
    int widest = 0;
    for (unsigned i = 0; i < m->descriptor->n_fields; i++)
        if (is_shown(m, &fields[i]) && (int)strlen(fields[i].name) > widest)
            widest = (int)strlen(fields[i].name);
    for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
        if (!is_shown(m, &fields[i]))
            continue;
        text_format(out, "    %-*s  ", widest, label_of(out->arena, fields[i].name));
        policy_show_words(out, value_of(out->arena, m, &fields[i]), widest + 6);
    }
}

void policy_show_product(const Product *product, struct text *out)
{
    text_add(out, "\nWhat is sold\n");
    members_write(&product->base, out);
}

void policy_show_profile(const Profile *profile, struct text *out)
{
    text_format(out, "\nWhat is signed: profile %s\n", profile->name);
    members_write(&profile->base, out);
    for (size_t i = 0; i < profile->n_options; i++) {
        text_format(out, "\nWith profile_option %s\n", profile->options[i]->name);
        members_write(&profile->options[i]->base, out);
    }
}

/* ---- a rule */

static const struct {
    const char *level, *word;
} levels[] = { { "M", "must" }, { "S", "should" }, { "X", "prohibited" } };

static const struct {
    const char *unit, *word;
} units[] = { { "d", "days" },    { "h", "hours" }, { "min", "minutes" }, { "s", "seconds" },
              { "bits", "bits" }, { "km", "km" },   { "count", "" } };

const char *policy_level_word(const char *level)
{
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(levels[i].level, level) == 0)
            return levels[i].word;
    return level;
}

const char *policy_value_text(struct arena *a, const Rule *r)
{
    if (!r->value)
        return NULL;
    if (r->unit && strcmp(r->unit, "bool") == 0)
        return strcmp(r->value, "1") == 0 ? "yes" : "no";
    for (size_t i = 0; r->unit && i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].unit, r->unit) == 0)
            return arena_format(a, "%s%s%s", r->value, *units[i].word ? " " : "", units[i].word);
    return r->value;
}

const char *policy_day_text(struct arena *a, const Instant *at)
{
    char text[INSTANT_TEXT_SIZE];
    struct instant when = { at ? at->us : 0 };
    bool whole = when.us % days(1).us == 0;
    return at ? arena_strdup(a, whole ? instant_date(when, text) : instant_text(when, text)) : NULL;
}

/* "tls-validity-100: validity.max 100 days, from 2027-03-15 until 2029-03-15" */
static char *rule_facts(struct arena *a, const Rule *r)
{
    struct text t;
    const char *value = policy_value_text(a, r), *from = policy_day_text(a, r->from);
    const char *until = policy_day_text(a, r->until);
    text_init(&t, a);
    text_format(&t, "%s: %s", r->id, r->parameter);
    if (value)
        text_format(&t, " %s", value);
    if (from)
        text_format(&t, ", from %s", from);
    if (until)
        text_format(&t, "%s until %s", from ? "" : ",", until);
    return t.data;
}

enum { RULE_INDENT = 16 };

void policy_show_rule(const Rule *r, struct text *out)
{
    struct arena *a = out->arena;
    text_format(out, "    %-*s", RULE_INDENT - 4, policy_level_word(r->level));
    policy_show_words(out,
                      arena_format(a, "%s [%s] (%s)", r->statement, r->source, rule_facts(a, r)),
                      RULE_INDENT);
}
