#include "message/field.h"

#include <string.h>

#include "common.pb-c.h"
#include "message/plan.h"

size_t field_size(const ProtobufCFieldDescriptor *field)
{
    static const size_t sizes[] = {
        [PROTOBUF_C_TYPE_INT32] = 4,
        [PROTOBUF_C_TYPE_SINT32] = 4,
        [PROTOBUF_C_TYPE_SFIXED32] = 4,
        [PROTOBUF_C_TYPE_INT64] = 8,
        [PROTOBUF_C_TYPE_SINT64] = 8,
        [PROTOBUF_C_TYPE_SFIXED64] = 8,
        [PROTOBUF_C_TYPE_UINT32] = 4,
        [PROTOBUF_C_TYPE_FIXED32] = 4,
        [PROTOBUF_C_TYPE_UINT64] = 8,
        [PROTOBUF_C_TYPE_FIXED64] = 8,
        [PROTOBUF_C_TYPE_FLOAT] = sizeof(float),
        [PROTOBUF_C_TYPE_DOUBLE] = sizeof(double),
        [PROTOBUF_C_TYPE_BOOL] = sizeof(protobuf_c_boolean),
        [PROTOBUF_C_TYPE_ENUM] = sizeof(int),
        [PROTOBUF_C_TYPE_STRING] = sizeof(char *),
        [PROTOBUF_C_TYPE_BYTES] = sizeof(ProtobufCBinaryData),
        [PROTOBUF_C_TYPE_MESSAGE] = sizeof(ProtobufCMessage *),
    };

    return sizes[field->type];
}

const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(type, name);
}

static const ProtobufCFieldDescriptor *find_part(const ProtobufCMessageDescriptor *type,
                                                 const char *name, size_t length)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const char *n = type->fields[i].name;
        if (strncmp(n, name, length) == 0 && n[length] == '\0')
            return &type->fields[i];
    }
    return NULL;
}

const ProtobufCFieldDescriptor *field_find_path(const ProtobufCMessageDescriptor *type,
                                                const char *path,
                                                const ProtobufCMessageDescriptor **owner)
{
    for (;;) {
        size_t length = strcspn(path, ".");
        const ProtobufCFieldDescriptor *field = find_part(type, path, length);
        if (owner)
            *owner = type;
        if (!field || path[length] == '\0')
            return field;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            return NULL;
        type = field->descriptor;
        path += length + 1;
    }
}

/* As protobuf-c packs: a string or message without a pointer is not there, and an optional one
 * that points to its default was not set. Required numbers have no flag: they are always there. */
bool field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    const void *const *pointer = (const void *const *)(base + field->offset);

    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return *(const size_t *)(base + field->quantifier_offset) > 0 || *pointer != NULL;
    bool optional = field->label != PROTOBUF_C_LABEL_REQUIRED;
    if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
        return *pointer != NULL && !(optional && *pointer == field->default_value);
    return !optional || *(const protobuf_c_boolean *)(base + field->quantifier_offset);
}

bool type_is_instant(const ProtobufCMessageDescriptor *type)
{
    return type == &instant__descriptor;
}

ProtobufCMessage *message_new(struct arena *a, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = arena_alloc(a, type->sizeof_message);

    protobuf_c_message_init(type, message);
    return message;
}

/* `slot` holds a value that was copied bit by bit: what it points to gets a copy of its own. */
static void copy_value(struct arena *a, const ProtobufCFieldDescriptor *field, void *slot)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        char **s = slot;
        if (*s != field->default_value)
            *s = arena_strdup(a, *s);
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData *b = slot;
        if (b->data)
            b->data = arena_copy(a, b->data, b->len);
    } else if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        ProtobufCMessage **m = slot;
        if (*m && *m != field->default_value)
            *m = message_copy(a, *m);
    }
}

static void copy_list(struct arena *a, const ProtobufCFieldDescriptor *field, void **items,
                      size_t count)
{
    size_t size = field_size(field);

    if (!*items)
        return;
    *items = arena_copy(a, *items, count * size);
    for (size_t i = 0; i < count; i++)
        copy_value(a, field, (char *)*items + i * size);
}

static void copy_unknown(struct arena *a, ProtobufCMessage *message)
{
    size_t size = message->n_unknown_fields * sizeof *message->unknown_fields;

    if (message->n_unknown_fields == 0)
        return;
    message->unknown_fields = arena_copy(a, message->unknown_fields, size);
    for (unsigned i = 0; i < message->n_unknown_fields; i++) {
        ProtobufCMessageUnknownField *u = &message->unknown_fields[i];
        u->data = arena_copy(a, u->data, u->len);
    }
}

ProtobufCMessage *message_copy(struct arena *a, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    ProtobufCMessage *copy = arena_copy(a, message, type->sizeof_message);

    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        char *slot = (char *)copy + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            copy_list(a, field, (void **)(void *)slot,
                      *(size_t *)(void *)((char *)copy + field->quantifier_offset));
        else
            copy_value(a, field, slot);
    }
    copy_unknown(a, copy);
    return copy;
}

const char *enum_text(struct arena *a, const ProtobufCEnumDescriptor *type, int value)
{
    size_t length;

    (void)a; /* the spelling lives as long as the process */
    return enum_plan_text(plan_of_enum(type), value, &length);
}

bool enum_read(const ProtobufCEnumDescriptor *type, const char *text, int *out)
{
    return enum_plan_read(plan_of_enum(type), text, strlen(text), out);
}
