#include "message/row_value.h"

#include <string.h>

#include "common.pb-c.h"
#include "message/field.h"
#include "message/json.h"
#include "message/lexer.h"
#include "message/plan.h"
#include "message/row_time.h"
#include "message/value.h"

bool row_unfit(const struct reading *r, const char *why)
{
    return fault_set(r->fault, FAULT_INTERNAL, r->column->name, "column %s", why);
}

static bool number(const struct reading *r, int64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < r->value.size; i++)
        value = value << 8 | r->value.data[i];
    if (r->value.size == 2)
        *out = (int16_t)value;
    else if (r->value.size == 4)
        *out = (int32_t)value;
    else
        *out = (int64_t)value;
    return r->value.size <= 8 || row_unfit(r, "is no number");
}

static bool number_within(const struct reading *r, int64_t least, int64_t most, int64_t *out)
{
    return number(r, out) && ((*out >= least && *out <= most) || row_unfit(r, "is out of range"));
}

static bool read_int32(const struct reading *r, void *member)
{
    int64_t value;

    if (!number_within(r, INT32_MIN, INT32_MAX, &value))
        return false;
    *(int32_t *)member = (int32_t)value;
    return true;
}

static bool read_uint32(const struct reading *r, void *member)
{
    int64_t value;

    if (!number_within(r, 0, UINT32_MAX, &value))
        return false;
    *(uint32_t *)member = (uint32_t)value;
    return true;
}

static bool read_int64(const struct reading *r, void *member)
{
    return number(r, member);
}

static bool read_uint64(const struct reading *r, void *member)
{
    int64_t value;

    if (!number_within(r, 0, INT64_MAX, &value))
        return false;
    *(uint64_t *)member = (uint64_t)value;
    return true;
}

static bool read_bool(const struct reading *r, void *member)
{
    *(protobuf_c_boolean *)member = r->value.size && r->value.data[0];
    return true;
}

static const char *as_text(const struct reading *r)
{
    return (const char *)r->value.data;
}

static bool read_text(const struct reading *r, void *member)
{
    *(char **)member = arena_strndup(r->arena, as_text(r), r->value.size);
    return true;
}

/* While two releases run side by side, rows may hold what only the newer one knows. */
static bool read_enum(const struct reading *r, void *member)
{
    char *text = arena_strndup(r->arena, as_text(r), r->value.size);

    if (enum_read(r->field->descriptor, text, member))
        return true;
    *r->unknown = true;
    return r->field->label != PROTOBUF_C_LABEL_REQUIRED || row_unfit(r, "is no value of its enum");
}

static bool read_bytes(const struct reading *r, void *member)
{
    ProtobufCBinaryData *bytes = member;

    bytes->len = r->value.size;
    bytes->data = arena_copy(r->arena, r->value.data, r->value.size);
    return true;
}

static bool read_instant(const struct reading *r, void *member)
{
    Instant *at = (Instant *)message_new(r->arena, r->field->descriptor);
    int64_t us;

    if (!number(r, &us))
        return false;
    at->us = instant_from_sql(us);
    *(Instant **)member = at;
    return true;
}

static bool read_json(const struct reading *r, void *member)
{
    struct fault f = { 0 };
    ProtobufCMessage *message =
        message_from_json(r->arena, r->field->descriptor, as_text(r), r->value.size, &f);

    *(ProtobufCMessage **)member = message;
    return message ||
           fault_set(r->fault, FAULT_INTERNAL, r->column->name, "column: %s %s", f.field, f.detail);
}

/* One item of a JSON array, which lives on in the arena: a text's characters stay where they are.
 */
static bool read_json_item(const struct reading *r, void *member)
{
    const struct plan *plan = plan_of(r->message->descriptor);
    char *copy = arena_alloc(r->arena, r->value.size + LEXER_PADDING);
    struct lexer lexer = { copy };
    struct token token;

    memcpy(copy, r->value.data, r->value.size);
    return (lexer_scalar(&lexer, &token) && token.kind != TOKEN_NULL && !token.has_nul &&
            value_read(r->arena, &plan->fields[r->field - plan->type->fields], &token, member)) ||
           row_unfit(r, "has an item of another kind in its JSON array");
}

// clang-format off
static const struct row_reader readers[] = {
    { WHOLE,  PROTOBUF_C_TYPE_INT32,    read_int32 },
    { WHOLE,  PROTOBUF_C_TYPE_SINT32,   read_int32 },
    { WHOLE,  PROTOBUF_C_TYPE_SFIXED32, read_int32 },
    { WHOLE,  PROTOBUF_C_TYPE_UINT32,   read_uint32 },
    { WHOLE,  PROTOBUF_C_TYPE_FIXED32,  read_uint32 },
    { WHOLE,  PROTOBUF_C_TYPE_INT64,    read_int64 },
    { WHOLE,  PROTOBUF_C_TYPE_SINT64,   read_int64 },
    { WHOLE,  PROTOBUF_C_TYPE_SFIXED64, read_int64 },
    { WHOLE,  PROTOBUF_C_TYPE_UINT64,   read_uint64 },
    { WHOLE,  PROTOBUF_C_TYPE_FIXED64,  read_uint64 },
    { TRUTH,  PROTOBUF_C_TYPE_BOOL,     read_bool },
    { TEXT,   PROTOBUF_C_TYPE_STRING,   read_text },
    { TEXT,   PROTOBUF_C_TYPE_ENUM,     read_enum },
    { BYTES,  PROTOBUF_C_TYPE_BYTES,    read_bytes },
    { MOMENT, PROTOBUF_C_TYPE_MESSAGE,  read_instant },
    { JSON,   PROTOBUF_C_TYPE_MESSAGE,  read_json },
    { JSON,   PROTOBUF_C_TYPE_STRING,   read_text },
};

static const struct sql_kind {
    uint32_t type, array; /* enum sql_type; 0: no array of these */
    enum row_kind kind;
} kinds[] = {
    { SQL_BOOL,        SQL_BOOL_ARRAY,        TRUTH },
    { SQL_INT2,        SQL_INT2_ARRAY,        WHOLE },
    { SQL_INT4,        SQL_INT4_ARRAY,        WHOLE },
    { SQL_INT8,        SQL_INT8_ARRAY,        WHOLE },
    { SQL_XID8,        0,                     WHOLE },
    { SQL_TEXT,        SQL_TEXT_ARRAY,        TEXT },
    { SQL_VARCHAR,     SQL_VARCHAR_ARRAY,     TEXT },
    { SQL_NAME,        0,                     TEXT },
    { SQL_BYTEA,       SQL_BYTEA_ARRAY,       BYTES },
    { SQL_TIMESTAMPTZ, SQL_TIMESTAMPTZ_ARRAY, MOMENT },
    { SQL_JSON,        0,                     JSON },
    { SQL_JSONB,       0,                     JSON },
};
// clang-format on

static bool kind_fits(const struct sql_kind *kind, uint32_t type, bool list)
{
    return kind->type == type ? !list || kind->kind == JSON : list && type && kind->array == type;
}

static bool reader_fits(const struct row_reader *reader, enum row_kind kind,
                        const ProtobufCFieldDescriptor *field)
{
    return reader->kind == kind && reader->type == field->type &&
           (field->type != PROTOBUF_C_TYPE_MESSAGE ||
            type_is_instant(field->descriptor) == (kind == MOMENT));
}

/* JSON in a list of anything but messages: each item is one token. */
static const struct row_reader json_item = { .kind = JSON, .read = read_json_item };

static bool is_json_item(enum row_kind kind, const ProtobufCFieldDescriptor *field)
{
    return kind == JSON && field->label == PROTOBUF_C_LABEL_REPEATED &&
           (field->type != PROTOBUF_C_TYPE_MESSAGE || type_is_instant(field->descriptor));
}

static const struct row_reader *reader_of(enum row_kind kind, const ProtobufCFieldDescriptor *field)
{
    if (is_json_item(kind, field))
        return &json_item;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (reader_fits(&readers[i], kind, field))
            return &readers[i];
    return NULL;
}

const struct row_reader *row_reader_find(uint32_t type, const ProtobufCFieldDescriptor *field)
{
    bool list = field->label == PROTOBUF_C_LABEL_REPEATED;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kind_fits(&kinds[i], type, list))
            return reader_of(kinds[i].kind, field);
    return NULL;
}
