#include "message/csv.h"

#include <string.h>

#include "message/field.h"
#include "message/plan.h"
#include "message/value.h"

enum { DEPTH = 3 };

/* One column: the members that lead to its value. */
struct column {
    const struct plan_field *steps[DEPTH];
    size_t depth;
};

struct columns {
    struct arena *arena;
    struct column *items;
    size_t count, room;
    struct text value, json; /* the field under way */
};

static void empty(struct text *t)
{
    t->length = 0;
    *t->data = '\0';
}

static void column_add(struct columns *c, const struct column *column)
{
    if (c->count == c->room) {
        c->room = c->room ? 2 * c->room : 32;
        struct column *items = arena_array(c->arena, struct column, c->room);
        if (c->count)
            memcpy(items, c->items, c->count * sizeof *items);
        c->items = items;
    }
    c->items[c->count++] = *column;
}

static void columns_of(struct columns *c, const ProtobufCMessageDescriptor *type,
                       struct column outer)
{
    const struct plan *plan = plan_of(type);
    struct column here = outer;

    here.depth++;
    for (unsigned i = 0; i < type->n_fields; i++) {
        here.steps[outer.depth] = &plan->fields[i];
        if (!plan->fields[i].object)
            column_add(c, &here);
        else if (!plan->fields[i].repeated && here.depth < DEPTH)
            columns_of(c, plan->fields[i].field->descriptor, here);
    }
}

/* RFC 4180 section 2: quoted where it must be, with quotes doubled. */
static void add_field(struct text *out, const char *before, const char *text)
{
    bool quoted = text[strcspn(text, ",\"\r\n")] != '\0';

    text_add(out, quoted ? "\"" : "");
    text_add(out, before);
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            text_add_char(out, '"');
        text_add_char(out, *c);
    }
    text_add(out, quoted ? "\"" : "");
}

static void add_names(struct text *out, struct columns *c)
{
    for (size_t i = 0; i < c->count; i++) {
        empty(&c->value);
        for (size_t d = 0; d < c->items[i].depth; d++)
            text_format(&c->value, "%s%s", d ? "." : "", c->items[i].steps[d]->key.text);
        text_add(out, i ? "," : "");
        add_field(out, "", c->value.data);
    }
    text_add(out, "\r\n");
}

/* As in the JSON, without its quotes and escapes. */
static void add_value(struct columns *c, const struct plan_field *field, const char *slot)
{
    if (field->field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)(const void *)slot;
        text_add(&c->value, text ? text : "");
        return;
    }
    empty(&c->json);
    value_write(field, slot, &c->json);
    bool quoted = c->json.length >= 2 && *c->json.data == '"';
    text_add_bytes(&c->value, c->json.data + quoted, c->json.length - 2U * quoted);
}

static void add_values(struct columns *c, const struct plan_field *field,
                       const ProtobufCMessage *message)
{
    const char *base = (const char *)message, *slot = base + field->field->offset;

    if (!field->repeated) {
        add_value(c, field, slot);
        return;
    }
    size_t count = *(const size_t *)(const void *)(base + field->field->quantifier_offset);
    for (size_t i = 0; i < count; i++) {
        text_add(&c->value, i ? " " : "");
        add_value(c, field, *(char *const *)(const void *)slot + i * field->size);
    }
}

/* The message that holds a column's value; NULL: it has none. */
static const ProtobufCMessage *holder(const struct column *c, const ProtobufCMessage *message)
{
    for (size_t d = 0; message && d + 1 < c->depth; d++) {
        const void *slot = (const char *)message + c->steps[d]->field->offset;
        message = *(ProtobufCMessage *const *)slot;
    }
    return message && field_is_set(message, c->steps[c->depth - 1]->field) ? message : NULL;
}

/* A spreadsheet takes a text that begins like this for a formula and runs it, and what one user wrote
 * another one opens; it takes "'" for a sign that what follows is text, and does not show it. */
static bool is_formula(const struct plan_field *field, const char *text)
{
    return field->field->type == PROTOBUF_C_TYPE_STRING && *text && strchr("=+-@\t\r", *text);
}

static void add_row(struct text *out, struct columns *c, const ProtobufCMessage *message)
{
    for (size_t i = 0; i < c->count; i++) {
        const ProtobufCMessage *owner = holder(&c->items[i], message);
        const struct plan_field *field = c->items[i].steps[c->items[i].depth - 1];
        empty(&c->value);
        if (owner)
            add_values(c, field, owner);
        text_add(out, i ? "," : "");
        add_field(out, is_formula(field, c->value.data) ? "'" : "", c->value.data);
    }
    text_add(out, "\r\n");
}

void messages_to_csv(const ProtobufCMessageDescriptor *type, ProtobufCMessage *const *items,
                     size_t count, struct text *out)
{
    struct columns columns = { .arena = out->arena };

    text_init(&columns.value, out->arena);
    text_init(&columns.json, out->arena);
    columns_of(&columns, type, (struct column){ 0 });
    add_names(out, &columns);
    for (size_t i = 0; i < count; i++)
        add_row(out, &columns, items[i]);
}
