/* The reading half of row.h: columns to members. */
#include "message/row.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#include "message/field.h"
#include "message/row_value.h"

static bool step_read(const ProtobufCMessageDescriptor *type, const char *name, size_t length,
                      const ProtobufCFieldDescriptor **out)
{
    char copy[64];

    if (length >= sizeof copy)
        return false;
    memcpy(copy, name, length);
    copy[length] = 0;
    *out = field_find(type, copy);
    return *out;
}

bool row_path_read(const ProtobufCMessageDescriptor *type, const char *path, struct row_path *out,
                   struct fault *f)
{
    const char *rest = path;

    for (out->depth = 0; type && out->depth < ROW_DEPTH_MAX; rest++) {
        const ProtobufCFieldDescriptor **step = &out->steps[out->depth++];
        size_t length = strcspn(rest, ".");

        if (!step_read(type, rest, length, step))
            break;
        rest += length;
        if (!*rest)
            return true;
        type = (*step)->type == PROTOBUF_C_TYPE_MESSAGE ? (*step)->descriptor : NULL;
    }
    return fault_set(f, FAULT_INTERNAL, path, "no such member in the message");
}

static bool column_resolve(const ProtobufCMessageDescriptor *type, struct row_column *c,
                           struct fault *f)
{
    if (!row_path_read(type, c->name, &c->path, f))
        return false;
    for (size_t i = 0; i + 1 < c->path.depth; i++)
        if (c->path.steps[i]->label == PROTOBUF_C_LABEL_REPEATED)
            return fault_set(f, FAULT_INTERNAL, c->name, "a column cannot fill part of a list");
    c->reader = row_reader_find(c->type, c->path.steps[c->path.depth - 1]);
    return c->reader ||
           fault_set(f, FAULT_INTERNAL, c->name, "no way from SQL type %u to the member", c->type);
}

bool row_resolve(const ProtobufCMessageDescriptor *type, struct row_column *columns, size_t count,
                 struct fault *f)
{
    for (size_t i = 0; i < count; i++)
        if (!column_resolve(type, &columns[i], f))
            return false;
    return true;
}

static void list_set(const struct reading *r, void *items, size_t count)
{
    char *base = (char *)r->message;

    *(void **)(void *)(base + r->field->offset) = items;
    *(size_t *)(void *)(base + r->field->quantifier_offset) = count;
}

static bool take_uint32(struct bytes *from, uint32_t *out)
{
    uint32_t big;

    if (from->size < sizeof big)
        return false;
    memcpy(&big, from->data, sizeof big);
    *out = be32toh(big);
    *from = (struct bytes){ from->data + sizeof big, from->size - sizeof big };
    return true;
}

/* The head that array_send() writes: dimensions, null flag, element type, length, lower bound. */
static bool array_open(struct bytes *rest, uint32_t *count)
{
    uint32_t dimensions, skipped;

    *count = 0;
    return take_uint32(rest, &dimensions) && dimensions <= 1 && take_uint32(rest, &skipped) &&
           take_uint32(rest, &skipped) &&
           (!dimensions || (take_uint32(rest, count) && take_uint32(rest, &skipped))) &&
           *count <= rest->size / sizeof(uint32_t);
}

static bool read_array(struct reading *r)
{
    struct bytes rest = r->value;
    uint32_t count, size;
    char *items;
    size_t known = 0;

    if (!array_open(&rest, &count))
        return row_unfit(r, "has an array of several dimensions");
    items = arena_alloc(r->arena, count * field_size(r->field));
    for (uint32_t i = 0; i < count; i++) {
        if (!take_uint32(&rest, &size) || size > rest.size)
            return row_unfit(r, "has a NULL in its array");
        r->value = (struct bytes){ rest.data, size };
        *r->unknown = false;
        if (!r->column->reader->read(r, items + known * field_size(r->field)))
            return false;
        known += !*r->unknown;
        rest = (struct bytes){ rest.data + size, rest.size - size };
    }
    list_set(r, items, known);
    return true;
}

/* Where the JSON value at the start of `text`, which the server has checked, ends: at the comma or
 * bracket behind it. */
static size_t json_extent(struct bytes text)
{
    int depth = 0;
    bool quoted = false;
    size_t i;

    for (i = 0; i < text.size; i++) {
        char c = (char)text.data[i];

        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (depth == 0 && (c == ',' || c == ']')) {
            return i;
        } else {
            quoted = c == '"';
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
    }
    return text.size;
}

static struct bytes after_space(struct bytes text)
{
    while (text.size && strchr(" \t\r\n", text.data[0]))
        text = (struct bytes){ text.data + 1, text.size - 1 };
    return text;
}

/* Never more items than one more than there are commas, so these are counted first. */
static bool read_json_list(struct reading *r)
{
    struct bytes rest = after_space(r->value);
    size_t most = 1, count = 0, size = field_size(r->field);
    char *items;

    if (!rest.size || rest.data[0] != '[')
        return row_unfit(r, "is no JSON array");
    for (size_t i = 0; i < rest.size; i++)
        most += rest.data[i] == ',';
    items = arena_alloc(r->arena, most * size);
    rest = after_space((struct bytes){ rest.data + 1, rest.size - 1 });
    while (rest.size && rest.data[0] != ']') {
        r->value = (struct bytes){ rest.data, json_extent(rest) };
        if (count == most || !r->column->reader->read(r, items + count++ * size))
            return false;
        rest = (struct bytes){ rest.data + r->value.size, rest.size - r->value.size };
        if (rest.size && rest.data[0] == ',')
            rest = after_space((struct bytes){ rest.data + 1, rest.size - 1 });
    }
    list_set(r, items, count);
    return true;
}

static bool read_one(struct reading *r)
{
    char *base = (char *)r->message;

    if (!r->column->reader->read(r, base + r->field->offset))
        return false;
    if (r->field->label == PROTOBUF_C_LABEL_OPTIONAL && r->field->quantifier_offset)
        *(protobuf_c_boolean *)(base + r->field->quantifier_offset) = !*r->unknown;
    return true;
}

/* The message that holds the column's member; made on the way if `a` is there, else maybe NULL. */
static ProtobufCMessage *holder(struct arena *a, const struct row_column *c,
                                ProtobufCMessage *message)
{
    for (size_t i = 0; message && i + 1 < c->path.depth; i++) {
        const ProtobufCFieldDescriptor *step = c->path.steps[i];
        ProtobufCMessage **sub = (ProtobufCMessage **)(void *)((char *)message + step->offset);

        if (!*sub && a)
            *sub = message_new(a, step->descriptor);
        message = *sub;
    }
    return message;
}

static bool column_read(struct arena *a, const struct row_column *c, const struct row_value *value,
                        ProtobufCMessage *out, struct fault *f)
{
    bool unknown = false;
    struct reading r = { .arena = a,
                         .unknown = &unknown,
                         .column = c,
                         .message = holder(a, c, out),
                         .field = c->path.steps[c->path.depth - 1],
                         .value = { value->data, value->size },
                         .fault = f };

    assert(r.message);                        /* made where it was absent */
    if (c->type == SQL_JSONB && r.value.size) /* a version number comes first */
        r.value = (struct bytes){ r.value.data + 1, r.value.size - 1 };
    if (r.field->label != PROTOBUF_C_LABEL_REPEATED)
        return read_one(&r);
    return c->reader->kind == JSON ? read_json_list(&r) : read_array(&r);
}

/* NULL for a required member is a mistake unless the whole sub-message is absent (an outer join).
 */
static bool null_allowed(const struct row_column *c, ProtobufCMessage *out, struct fault *f)
{
    const ProtobufCFieldDescriptor *last = c->path.steps[c->path.depth - 1];

    return last->label != PROTOBUF_C_LABEL_REQUIRED || !holder(NULL, c, out) ||
           fault_set(f, FAULT_INTERNAL, c->name, "column is NULL, but the member is required");
}

bool row_read(struct arena *a, const struct row_column *columns, size_t count,
              const struct row_value *values, ProtobufCMessage *out, struct fault *f)
{
    for (size_t i = 0; i < count; i++)
        if (!values[i].null && !column_read(a, &columns[i], &values[i], out, f))
            return false;
    for (size_t i = 0; i < count; i++)
        if (values[i].null && !null_allowed(&columns[i], out, f))
            return false;
    return true;
}
