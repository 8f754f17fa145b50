#include "list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "message/field.h"
#include "message/json.h"
#include "pki/name.h"
#include "range.h"

/* ---- one filter */

bool list_refuse(const struct list_input *r, const char *why)
{
    return fault_set(&r->call->fault, FAULT_INVALID,
                     arena_format(&r->call->arena, "filters.%s", r->filter->name), "%s", why);
}

bool list_set(struct list_input *r, const char *ending, const char *text)
{
    struct arena *a = &r->call->arena;
    const char *member = arena_format(a, "%s%s", r->filter->name, ending);
    const ProtobufCFieldDescriptor *field = field_find(r->query->descriptor, member);
    struct fault f;
    if (!field)
        return list_refuse(r, "cannot be compared like that");
    if (field->label != PROTOBUF_C_LABEL_REPEATED && field_is_set(r->query, field))
        return list_refuse(r, "takes one value, or one bound on either side");
    if (!message_set_text(a, r->query, member, text, &f))
        return list_refuse(r, f.detail);
    if (r->filter->within)
        pick_add(r->parts, r->filter->within);
    pick_add(r->parts, member);
    return true;
}

/* Takes ">A", "<B" and "A...B" apart. NULL where nothing bounds. */
struct bounds {
    const char *above, *below, *from, *to, *equal;
};

static struct bounds bounds_of(struct arena *a, const char *value)
{
    const char *dots = strstr(value, "...");
    if (*value == '>')
        return (struct bounds){ .above = value + 1 };
    if (*value == '<')
        return (struct bounds){ .below = value + 1 };
    if (dots)
        return (struct bounds){ .from = arena_strndup(a, value, (size_t)(dots - value)),
                                .to = dots + 3 };
    return (struct bounds){ .equal = value };
}

static bool set_number(struct list_input *r, const char *ending, const char *text, int beyond)
{
    int64_t number;
    if (!int64_read(text, &number) || number < 0 || number == INT64_MAX)
        return list_refuse(r, "must be a whole number");
    number += beyond;
    return list_set(r, ending, arena_format(&r->call->arena, "%lld", (long long)number));
}

bool list_number(struct list_input *r, const char *value)
{
    struct bounds b = bounds_of(&r->call->arena, value);
    if (b.above)
        return set_number(r, "_from", b.above, 1);
    if (b.below)
        return set_number(r, "_to", b.below, 0);
    if (b.from)
        return set_number(r, "_from", b.from, 0) && set_number(r, "_to", b.to, 1);
    return set_number(r, "", b.equal, 0);
}

static bool set_instant(struct list_input *r, const char *ending, struct instant at)
{
    char written[INSTANT_TEXT_SIZE];
    return list_set(r, ending, instant_text(at, written));
}

bool list_instant(struct list_input *r, const char *value)
{
    struct range range;
    if (!range_read(value, &range))
        return list_refuse(r, RANGE_FORM);
    return (range.since.us == INT64_MIN || set_instant(r, "_from", range.since)) &&
           (range.before.us == INT64_MAX || set_instant(r, "_to", range.before));
}

static char *lower(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text);
    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return out;
}

bool list_name(struct list_input *r, const char *value)
{
    const char *text = lower(&r->call->arena, value);
    if (*text != '%')
        return list_set(r, "", text);
    return text[1] ? list_set(r, "_part", text + 1) : true; /* anything has nothing in it */
}

bool list_dns_name(struct list_input *r, const char *value)
{
    struct name name;
    struct fault ignored = { 0 };
    bool readable =
        *value != '%' && name_read(&r->call->arena, value, NAMES_PRIVATE, &name, &ignored, NULL);
    return list_name(r, readable ? name.fqdn : value);
}

bool list_word(struct list_input *r, const char *value)
{
    const char *word = lower(&r->call->arena, value);
    struct text known;
    text_init(&known, &r->call->arena);
    for (const char *const *w = r->filter->words; *w; w++) {
        if (strcmp(*w, word) == 0)
            return list_set(r, "", word);
        text_format(&known, "%s%s", known.length ? ", " : "takes ", *w);
    }
    return list_refuse(r, known.data);
}

bool list_flag(struct list_input *r, const char *value)
{
    return list_set(r, "", value);
}

bool list_hex(struct list_input *r, const char *value)
{
    const char *digits = hex_plain(&r->call->arena, value);
    return digits ? list_set(r, "", digits) : list_refuse(r, "must be hexadecimal");
}

bool list_none(struct list_input *r, const char *value)
{
    int64_t number;
    if (!int64_read(value, &number) || number < 0)
        return list_refuse(r, "must be a whole number");
    pick_add(r->parts, "none");
    return true;
}

/* ---- all of them */

struct texts {
    char **items;
    size_t count;
};

static struct texts texts_of(const ProtobufCMessage *filters, const char *name)
{
    const ProtobufCFieldDescriptor *field = field_find(filters->descriptor, name);
    const char *base = (const char *)filters;
    return (struct texts){ *(char **const *)(const void *)(base + field->offset),
                           *(const size_t *)(const void *)(base + field->quantifier_offset) };
}

bool list_read(struct call *call, const struct list_filter *table, const ProtobufCMessage *filters,
               ProtobufCMessage *query, struct pick *parts)
{
    for (const struct list_filter *row = table; filters && row->name; row++) {
        struct list_input r = { call, row, filters->descriptor, query, parts };
        struct texts texts = texts_of(filters, row->name);
        for (size_t i = 0; i < texts.count; i++)
            if (!row->read(&r, texts.items[i]))
                return false;
    }
    return true;
}

/* ---- which page */

/* Absent is 0. */
static bool number_of(struct call *call, const ProtobufCMessage *in, const char *name, int64_t *out)
{
    const ProtobufCFieldDescriptor *field = field_find(in->descriptor, name);
    *out = field_is_set(in, field)
               ? *(const int64_t *)(const void *)((const char *)in + field->offset)
               : 0;
    return *out >= 0 || fault_set(&call->fault, FAULT_INVALID, name, "must not be negative");
}

bool list_page(struct call *call, const ProtobufCMessage *in, int64_t unsaid, struct list_page *out)
{
    int64_t limit;
    if (!number_of(call, in, "offset", &out->offset) || !number_of(call, in, "limit", &limit))
        return false;
    out->limit = limit > 0 && limit < LIST_LIMIT ? limit : LIST_LIMIT;
    page__init(&out->shown);
    out->shown.offset = out->offset;
    out->shown.limit = limit ? out->limit : unsaid;
    return true;
}
