/* plan - what the codec knows of a message type or an enum beyond its descriptor, made at first
 * use.
 *
 * Plans live as long as the process, are never changed once made, and may be used by all threads.
 */
#ifndef MESSAGE_PLAN_H
#define MESSAGE_PLAN_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rows of wire.def. */
enum wire_form {
    FORM_PLAIN,
    FORM_HYPHEN,
    FORM_DATE,
    FORM_PLAIN_DATETIME,
    FORM_DIGIT_BOOL,
    FORM_TEXT_NUMBER,
    FORM_DROP_EMPTY,
    FORM_ZERO_COUNTS,
    FORM_MAP,
    FORM_FLAG,
};

struct wire_row {
    const char *name; /* "Message.field" or "Enum"; NULL after the last row */
    enum wire_form form;
};
extern const struct wire_row wire_rows[];

struct name {
    const char *text;
    size_t length;
};

struct enum_plan {
    const ProtobufCEnumDescriptor *type;
    struct name *texts; /* beside type->values: the spelling of each */
    struct name *names; /* beside type->values_by_name: aliases too */
};

struct plan_field {
    const ProtobufCFieldDescriptor *field;
    enum wire_form form;
    bool repeated, instant, object; /* object: a message other than Instant */
    size_t size;                    /* of one value */
    struct name key;                /* the JSON key */
    struct name prefix;             /* what stands before the value: ,"key": */
    const struct enum_plan *values; /* enums only */
};

enum { PLAN_FIELDS_MAX = 256 };

struct plan {
    const ProtobufCMessageDescriptor *type;
    const ProtobufCMessage *blank; /* as initialised: what a member holds that was never set */
    struct plan_field *fields;     /* type->n_fields */
    uint16_t *buckets;             /* 1 + index of a field, by the hash of its key; 0 is free */
    size_t mask;
};

const struct plan *plan_of(const ProtobufCMessageDescriptor *type);
const struct enum_plan *plan_of_enum(const ProtobufCEnumDescriptor *type);

/* `key` must be readable for 8 bytes past its end. */
const struct plan_field *plan_find(const struct plan *plan, const char *key, size_t length);
uint64_t key_hash(const char *key, size_t length);

const char *enum_plan_text(const struct enum_plan *plan, int value, size_t *length);
bool enum_plan_read(const struct enum_plan *plan, const char *text, size_t length, int *out);

#endif
