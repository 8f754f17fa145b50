/* The writing half of row.h: members to parameters. */
#include <endian.h>
#include <string.h>

#include "common.pb-c.h"
#include "message/field.h"
#include "message/row.h"
#include "message/row_time.h"

/* One value in its binary form. */
struct piece {
    const void *data;
    size_t size;
    uint8_t number[8];
};

struct bind {
    struct arena *arena;
    const char *name;
    struct row_path path;
    const struct writer *writer;
    bool array;
    struct text items; /* of an array */
    uint32_t count, nulls;
    struct row_param *out;
    struct fault *fault;
};

static bool put_int64(struct piece *out, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);

    memcpy(out->number, &big, sizeof big);
    out->data = out->number;
    out->size = sizeof big;
    return true;
}

static bool write_int32(struct bind *b, const void *member, struct piece *out)
{
    (void)b;
    return put_int64(out, *(const int32_t *)member);
}

static bool write_uint32(struct bind *b, const void *member, struct piece *out)
{
    (void)b;
    return put_int64(out, *(const uint32_t *)member);
}

static bool write_int64(struct bind *b, const void *member, struct piece *out)
{
    (void)b;
    return put_int64(out, *(const int64_t *)member);
}

static bool write_uint64(struct bind *b, const void *member, struct piece *out)
{
    uint64_t value = *(const uint64_t *)member;

    if (value > INT64_MAX)
        return fault_set(b->fault, FAULT_INTERNAL, b->name, "is too large for a bigint");
    return put_int64(out, (int64_t)value);
}

static bool write_bool(struct bind *b, const void *member, struct piece *out)
{
    (void)b;
    out->number[0] = *(const protobuf_c_boolean *)member != 0;
    out->data = out->number;
    out->size = 1;
    return true;
}

static bool write_text(struct bind *b, const void *member, struct piece *out)
{
    (void)b;
    out->data = *(char *const *)member;
    out->size = strlen(out->data);
    return true;
}

static bool write_enum(struct bind *b, const void *member, struct piece *out)
{
    const ProtobufCEnumDescriptor *type = b->path.steps[b->path.depth - 1]->descriptor;

    out->data = enum_text(b->arena, type, *(const int *)member);
    if (!out->data)
        return fault_set(b->fault, FAULT_INTERNAL, b->name, "has no name for its value");
    out->size = strlen(out->data);
    return true;
}

static bool write_bytes(struct bind *b, const void *member, struct piece *out)
{
    const ProtobufCBinaryData *bytes = member;

    (void)b;
    out->data = bytes->len ? (const void *)bytes->data : "";
    out->size = bytes->len;
    return true;
}

static bool write_instant(struct bind *b, const void *member, struct piece *out)
{
    const Instant *at = *(Instant *const *)member;

    (void)b;
    return put_int64(out, instant_to_sql(at->us));
}

struct writer {
    ProtobufCType type;
    uint32_t one, many; /* enum sql_type */
    bool (*write)(struct bind *b, const void *member, struct piece *out);
};

// clang-format off
static const struct writer writers[] = {
    { PROTOBUF_C_TYPE_INT32,    SQL_INT8,        SQL_INT8_ARRAY,        write_int32 },
    { PROTOBUF_C_TYPE_SINT32,   SQL_INT8,        SQL_INT8_ARRAY,        write_int32 },
    { PROTOBUF_C_TYPE_SFIXED32, SQL_INT8,        SQL_INT8_ARRAY,        write_int32 },
    { PROTOBUF_C_TYPE_UINT32,   SQL_INT8,        SQL_INT8_ARRAY,        write_uint32 },
    { PROTOBUF_C_TYPE_FIXED32,  SQL_INT8,        SQL_INT8_ARRAY,        write_uint32 },
    { PROTOBUF_C_TYPE_INT64,    SQL_INT8,        SQL_INT8_ARRAY,        write_int64 },
    { PROTOBUF_C_TYPE_SINT64,   SQL_INT8,        SQL_INT8_ARRAY,        write_int64 },
    { PROTOBUF_C_TYPE_SFIXED64, SQL_INT8,        SQL_INT8_ARRAY,        write_int64 },
    { PROTOBUF_C_TYPE_UINT64,   SQL_INT8,        SQL_INT8_ARRAY,        write_uint64 },
    { PROTOBUF_C_TYPE_FIXED64,  SQL_INT8,        SQL_INT8_ARRAY,        write_uint64 },
    { PROTOBUF_C_TYPE_BOOL,     SQL_BOOL,        SQL_BOOL_ARRAY,        write_bool },
    { PROTOBUF_C_TYPE_STRING,   SQL_TEXT,        SQL_TEXT_ARRAY,        write_text },
    { PROTOBUF_C_TYPE_ENUM,     SQL_TEXT,        SQL_TEXT_ARRAY,        write_enum },
    { PROTOBUF_C_TYPE_BYTES,    SQL_BYTEA,       SQL_BYTEA_ARRAY,       write_bytes },
    { PROTOBUF_C_TYPE_MESSAGE,  SQL_TIMESTAMPTZ, SQL_TIMESTAMPTZ_ARRAY, write_instant },
};
// clang-format on

static const struct writer *writer_find(const struct row_path *path)
{
    const ProtobufCFieldDescriptor *last = path->steps[path->depth - 1];

    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (writers[i].type == last->type)
            return last->type == PROTOBUF_C_TYPE_MESSAGE && !type_is_instant(last->descriptor)
                       ? NULL
                       : &writers[i];
    return NULL;
}

static bool has_list(const struct row_path *path, size_t from)
{
    for (size_t i = from; i < path->depth; i++)
        if (path->steps[i]->label == PROTOBUF_C_LABEL_REPEATED)
            return true;
    return false;
}

static bool bind_open(struct bind *b, const ProtobufCMessageDescriptor *type, bool set)
{
    if (!row_path_read(type, b->name, &b->path, b->fault))
        return false;
    b->array = set || has_list(&b->path, 0);
    b->writer = writer_find(&b->path);
    return b->writer || fault_set(b->fault, FAULT_INTERNAL, b->name, "cannot be a parameter");
}

static void add_uint32(struct text *t, uint32_t value)
{
    value = htobe32(value);
    text_add_bytes(t, &value, sizeof value);
}

static bool bind_null(struct bind *b)
{
    if (b->array) {
        add_uint32(&b->items, UINT32_MAX);
        b->count++;
        b->nulls++;
    }
    return true;
}

static bool bind_leaf(struct bind *b, const void *member)
{
    struct piece piece;

    if (!b->writer->write(b, member, &piece))
        return false;
    if (piece.size > INT32_MAX / 2)
        return fault_set(b->fault, FAULT_INTERNAL, b->name, "is too long");
    if (b->array) {
        add_uint32(&b->items, (uint32_t)piece.size);
        text_add_bytes(&b->items, piece.data, piece.size);
        b->count++;
        return true;
    }
    b->out->size = (int)piece.size;
    b->out->data =
        piece.data == piece.number ? arena_copy(b->arena, piece.number, piece.size) : piece.data;
    return true;
}

static bool bind_message(struct bind *b, size_t step, const ProtobufCMessage *message);

static bool bind_value(struct bind *b, size_t step, const char *member)
{
    if (step + 1 == b->path.depth)
        return bind_leaf(b, member);
    return bind_message(b, step + 1, *(ProtobufCMessage *const *)(const void *)member);
}

static bool bind_list(struct bind *b, size_t step, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = b->path.steps[step];
    const char *base = (const char *)message;
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const char *items = *(char *const *)(const void *)(base + field->offset);

    for (size_t i = 0; i < count; i++)
        if (!bind_value(b, step, items + i * field_size(field)))
            return false;
    return true;
}

static bool bind_message(struct bind *b, size_t step, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *field = b->path.steps[step];

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return bind_list(b, step, message);
    if (field_is_set(message, field))
        return bind_value(b, step, (const char *)message + field->offset);
    return has_list(&b->path, step) || bind_null(b);
}

enum { ARRAY_HEAD = 20 };

/* array_recv() wants: dimensions, has-nulls flag, element type, then for each dimension length and
 * lower bound, then the elements with their sizes. */
static void array_finish(struct bind *b)
{
    uint32_t head[ARRAY_HEAD / 4] = { htobe32(b->count ? 1 : 0), htobe32(b->nulls ? 1 : 0),
                                      htobe32(b->writer->one), htobe32(b->count), htobe32(1) };

    memcpy(b->items.data, head, sizeof head);
    b->out->data = b->items.data;
    b->out->size = b->count ? (int)b->items.length : 12;
}

static bool bind_array(struct bind *b, const ProtobufCMessage *const *in, size_t count)
{
    static const char head[ARRAY_HEAD];

    text_init(&b->items, b->arena);
    text_add_bytes(&b->items, head, sizeof head);
    for (size_t i = 0; i < count; i++)
        if (!bind_message(b, 0, in[i]))
            return false;
    if (b->items.length > INT32_MAX / 2)
        return fault_set(b->fault, FAULT_INTERNAL, b->name, "is too long");
    array_finish(b);
    return true;
}

bool row_bind(struct arena *a, const char *path, bool set, const ProtobufCMessage *const *in,
              size_t count, struct row_param *out, struct fault *f)
{
    struct bind b = { .arena = a, .name = path, .out = out, .fault = f };

    if (!bind_open(&b, in[0]->descriptor, set))
        return false;
    *out = (struct row_param){ .type = b.array ? b.writer->many : b.writer->one };
    return b.array ? bind_array(&b, in, count) : bind_message(&b, 0, in[0]);
}

bool row_param_type(const ProtobufCMessageDescriptor *type, const char *path, bool set,
                    uint32_t *out, struct fault *f)
{
    struct bind b = { .name = path, .fault = f };

    if (!bind_open(&b, type, set))
        return false;
    *out = b.array ? b.writer->many : b.writer->one;
    return true;
}
