#include "message/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "message/field.h"

/* A decimal without sign, blanks or anything else. */
static bool digits_read(const char *text, size_t length, uint64_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned char)text[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return length > 0;
}

/* At least -1 - `most`, at most `most`. */
static bool signed_read(const struct token *t, uint64_t most, int64_t *out)
{
    bool negative = t->length > 0 && t->text[0] == '-';
    uint64_t n;

    if (!digits_read(t->text + negative, t->length - negative, &n) || n > most + negative)
        return false;
    *out = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

static bool read_int32(struct arena *a, const struct plan_field *field, const struct token *t,
                       void *slot)
{
    int64_t n;

    (void)a, (void)field;
    if (!signed_read(t, INT32_MAX, &n))
        return false;
    *(int32_t *)slot = (int32_t)n;
    return true;
}

static bool read_int64(struct arena *a, const struct plan_field *field, const struct token *t,
                       void *slot)
{
    (void)a, (void)field;
    return signed_read(t, INT64_MAX, slot);
}

static bool read_uint32(struct arena *a, const struct plan_field *field, const struct token *t,
                        void *slot)
{
    uint64_t n;

    (void)a, (void)field;
    if (!digits_read(t->text, t->length, &n) || n > UINT32_MAX)
        return false;
    *(uint32_t *)slot = (uint32_t)n;
    return true;
}

static bool read_uint64(struct arena *a, const struct plan_field *field, const struct token *t,
                        void *slot)
{
    (void)a, (void)field;
    return digits_read(t->text, t->length, slot);
}

static bool real_read(struct arena *a, const struct token *t, double *out)
{
    const char *text = arena_strndup(a, t->text, t->length);

    if (!number_is_json(text, t->length))
        return false;
    *out = strtod(text, NULL);
    return isfinite(*out);
}

static bool read_float(struct arena *a, const struct plan_field *field, const struct token *t,
                       void *slot)
{
    double n;

    (void)field;
    if (!real_read(a, t, &n) || !isfinite((float)n))
        return false;
    *(float *)slot = (float)n;
    return true;
}

static bool read_double(struct arena *a, const struct plan_field *field, const struct token *t,
                        void *slot)
{
    (void)field;
    return real_read(a, t, slot);
}

static bool is_word(const struct token *t, const char *word)
{
    return t->length == strlen(word) && memcmp(t->text, word, t->length) == 0;
}

static bool read_bool(struct arena *a, const struct plan_field *field, const struct token *t,
                      void *slot)
{
    bool yes = is_word(t, "true") || is_word(t, "1");

    (void)a, (void)field;
    *(protobuf_c_boolean *)slot = yes;
    return yes || is_word(t, "false") || is_word(t, "0");
}

static bool read_enum(struct arena *a, const struct plan_field *field, const struct token *t,
                      void *slot)
{
    (void)a;
    return enum_plan_read(field->values, t->text, t->length, slot);
}

static bool read_string(struct arena *a, const struct plan_field *field, const struct token *t,
                        void *slot)
{
    (void)a, (void)field;
    *(char **)slot = t->text;
    return true;
}

static bool read_bytes(struct arena *a, const struct plan_field *field, const struct token *t,
                       void *slot)
{
    ProtobufCBinaryData *out = slot;
    struct bytes b;

    (void)field;
    if (!base64_read(a, t->text, t->length, &b))
        return false;
    out->len = b.size;
    out->data = arena_copy(a, b.data, b.size);
    return true;
}

/* The only message that has a text form. */
static bool read_instant(struct arena *a, const struct plan_field *field, const struct token *t,
                         void *slot)
{
    struct instant at;

    if (!field->instant || !instant_read(t->text, &at))
        return false;
    ProtobufCMessage *message = message_new(a, &instant__descriptor);
    ((Instant *)message)->us = at.us;
    *(ProtobufCMessage **)slot = message;
    return true;
}

static const struct reader {
    bool (*read)(struct arena *a, const struct plan_field *field, const struct token *t,
                 void *slot);
    unsigned kinds; /* of tokens that are accepted */
    const char *wanted;
} readers[] = {
// clang-format off
#define INT32  { read_int32,  TOKEN_TEXT | TOKEN_NUMBER, "must be a whole number from -2147483648 to 2147483647" }
#define INT64  { read_int64,  TOKEN_TEXT | TOKEN_NUMBER, "must be a whole number of 64 bits at most" }
#define UINT32 { read_uint32, TOKEN_TEXT | TOKEN_NUMBER, "must be a whole number from 0 to 4294967295" }
#define UINT64 { read_uint64, TOKEN_TEXT | TOKEN_NUMBER, "must be a whole number of 64 bits at most, not negative" }
    [PROTOBUF_C_TYPE_INT32] = INT32, [PROTOBUF_C_TYPE_SINT32] = INT32, [PROTOBUF_C_TYPE_SFIXED32] = INT32,
    [PROTOBUF_C_TYPE_INT64] = INT64, [PROTOBUF_C_TYPE_SINT64] = INT64, [PROTOBUF_C_TYPE_SFIXED64] = INT64,
    [PROTOBUF_C_TYPE_UINT32] = UINT32, [PROTOBUF_C_TYPE_FIXED32] = UINT32,
    [PROTOBUF_C_TYPE_UINT64] = UINT64, [PROTOBUF_C_TYPE_FIXED64] = UINT64,
    [PROTOBUF_C_TYPE_FLOAT]   = { read_float,   TOKEN_TEXT | TOKEN_NUMBER, "must be a number" },
    [PROTOBUF_C_TYPE_DOUBLE]  = { read_double,  TOKEN_TEXT | TOKEN_NUMBER, "must be a number" },
    [PROTOBUF_C_TYPE_BOOL]    = { read_bool,    TOKEN_TEXT | TOKEN_NUMBER | TOKEN_BOOL, "must be true or false" },
    [PROTOBUF_C_TYPE_ENUM]    = { read_enum,    TOKEN_TEXT, "must be one of" },
    [PROTOBUF_C_TYPE_STRING]  = { read_string,  TOKEN_TEXT, "must be text" },
    [PROTOBUF_C_TYPE_BYTES]   = { read_bytes,   TOKEN_TEXT, "must be base64" },
    [PROTOBUF_C_TYPE_MESSAGE] = { read_instant, TOKEN_TEXT, "must be a date or a date and time as in RFC 3339" },
    // clang-format on
};

bool value_read(struct arena *a, const struct plan_field *field, const struct token *token,
                void *slot)
{
    const struct reader *reader = &readers[field->field->type];

    return (reader->kinds & token->kind) != 0 && reader->read(a, field, token, slot);
}

const char *value_wanted(struct arena *a, const struct plan_field *field)
{
    struct text t;

    if (field->object)
        return "must be an object";
    if (!field->values)
        return readers[field->field->type].wanted;
    text_init(&t, a);
    text_add(&t, readers[PROTOBUF_C_TYPE_ENUM].wanted);
    for (unsigned i = 0; i < field->values->type->n_values; i++)
        text_format(&t, "%s %s", i ? "," : "", field->values->texts[i].text);
    return t.data;
}

void field_mark(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    bool by_pointer =
        field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;

    if (field->label == PROTOBUF_C_LABEL_OPTIONAL && !by_pointer)
        *(protobuf_c_boolean *)((char *)message + field->quantifier_offset) = true;
}

bool field_is_missing(const struct plan *plan, const struct plan_field *field,
                      const ProtobufCMessage *message)
{
    size_t at = field->field->offset;

    if (field->field->label != PROTOBUF_C_LABEL_REQUIRED)
        return false;
    return memcmp((const char *)message + at, (const char *)plan->blank + at, field->size) == 0;
}
