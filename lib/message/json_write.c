/* Message to JSON text, straight. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "common.pb-c.h"
#include "message/field.h"
#include "message/json.h"
#include "message/lexer.h"
#include "message/plan.h"
#include "message/value.h"

/* A byte that may not stand in a JSON string as it is; returns how many bytes of `s` it was. */
static size_t add_special(struct text *out, const char *s, size_t left)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    size_t length = utf8_length(s, left);
    const char *found = memchr(from, *s, sizeof from - 1);

    if (length == 0)
        text_add(out, "\xEF\xBF\xBD");
    else if (length > 1)
        text_add_bytes(out, s, length);
    else if (found)
        text_add_bytes(out, (char[]){ '\\', to[found - from] }, 2);
    else
        text_format(out, "\\u%04x", (unsigned)(unsigned char)*s);
    return length ? length : 1;
}

static void add_string(struct text *out, const char *s, size_t left)
{
    text_add_char(out, '"');
    while (left > 0) {
        size_t plain = special_span(s, left);
        text_add_bytes(out, s, plain);
        s += plain;
        left -= plain;
        if (left > 0) {
            size_t took = add_special(out, s, left);
            s += took;
            left -= took;
        }
    }
    text_add_char(out, '"');
}

void json_add_string(struct text *out, const char *s)
{
    add_string(out, s, strlen(s));
}

static void add_digits(struct text *out, uint64_t n, bool negative)
{
    char digits[24], *p = digits + sizeof digits;

    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    if (negative)
        *--p = '-';
    text_add_bytes(out, p, (size_t)(digits + sizeof digits - p));
}

static void add_signed(struct text *out, int64_t n)
{
    add_digits(out, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, n < 0);
}

static void write_int32(const struct plan_field *field, const void *slot, struct text *out)
{
    (void)field;
    add_signed(out, *(const int32_t *)slot);
}

static void write_int64(const struct plan_field *field, const void *slot, struct text *out)
{
    (void)field;
    add_signed(out, *(const int64_t *)slot);
}

static void write_uint32(const struct plan_field *field, const void *slot, struct text *out)
{
    (void)field;
    add_digits(out, *(const uint32_t *)slot, false);
}

static void write_uint64(const struct plan_field *field, const void *slot, struct text *out)
{
    (void)field;
    add_digits(out, *(const uint64_t *)slot, false);
}

/* With as few digits as give the same number back. JSON has no infinity (RFC 8259 section 6). */
static void add_real(struct text *out, double n, int least, int most, bool is_float)
{
    char digits[40];

    if (!isfinite(n)) {
        text_add(out, "null");
        return;
    }
    for (int precision = least; precision <= most; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, n);
        double back = strtod(digits, NULL);
        if (is_float ? (float)back == (float)n : back == n)
            break;
    }
    text_add(out, digits);
}

static void write_float(const struct plan_field *field, const void *slot, struct text *out)
{
    (void)field;
    add_real(out, (double)*(const float *)slot, 6, 9, true);
}

static void write_double(const struct plan_field *field, const void *slot, struct text *out)
{
    (void)field;
    add_real(out, *(const double *)slot, 15, 17, false);
}

static void write_bool(const struct plan_field *field, const void *slot, struct text *out)
{
    bool yes = *(const protobuf_c_boolean *)slot;

    if (field->form == FORM_DIGIT_BOOL)
        text_add(out, yes ? "\"1\"" : "\"0\"");
    else
        text_add(out, yes ? "true" : "false");
}

/* A value of a newer release that this one cannot spell is as good as none. */
static void write_enum(const struct plan_field *field, const void *slot, struct text *out)
{
    size_t length;
    const char *name = enum_plan_text(field->values, *(const int *)slot, &length);

    if (!name) {
        text_add(out, "null");
        return;
    }
    text_add_char(out, '"');
    text_add_bytes(out, name, length);
    text_add_char(out, '"');
}

static void write_string(const struct plan_field *field, const void *slot, struct text *out)
{
    const char *s = *(char *const *)slot;

    (void)field;
    json_add_string(out, s ? s : "");
}

static void write_map(const void *slot, struct text *out)
{
    const char *object = *(const char *const *)slot;

    text_add(out, object ? object : "null");
}

static void write_bytes(const struct plan_field *field, const void *slot, struct text *out)
{
    const ProtobufCBinaryData *b = slot;

    (void)field;
    text_add_char(out, '"');
    text_add(out, base64_write(out->arena, (struct bytes){ b->data, b->len }));
    text_add_char(out, '"');
}

static void add_instant(const struct plan_field *field, const Instant *at, struct text *out)
{
    enum { PLAIN_LENGTH = sizeof "2024-03-01T10:20:30" - 1 };
    char buffer[INSTANT_TEXT_SIZE];
    struct instant when = { at->us };
    char *s = field->form == FORM_DATE ? instant_date(when, buffer) : instant_text(when, buffer);

    if (field->form == FORM_PLAIN_DATETIME)
        s[PLAIN_LENGTH] = '\0';
    text_add_char(out, '"');
    text_add(out, s);
    text_add_char(out, '"');
}

static void write_message(const struct plan_field *field, const void *slot, struct text *out)
{
    const ProtobufCMessage *message = *(ProtobufCMessage *const *)slot;

    if (!message)
        text_add(out, "null");
    else if (field->instant)
        add_instant(field, (const Instant *)message, out);
    else
        message_to_json(message, out);
}

static void (*const writers[])(const struct plan_field *field, const void *slot,
                               struct text *out) = {
    [PROTOBUF_C_TYPE_INT32] = write_int32,     [PROTOBUF_C_TYPE_SINT32] = write_int32,
    [PROTOBUF_C_TYPE_SFIXED32] = write_int32,  [PROTOBUF_C_TYPE_INT64] = write_int64,
    [PROTOBUF_C_TYPE_SINT64] = write_int64,    [PROTOBUF_C_TYPE_SFIXED64] = write_int64,
    [PROTOBUF_C_TYPE_UINT32] = write_uint32,   [PROTOBUF_C_TYPE_FIXED32] = write_uint32,
    [PROTOBUF_C_TYPE_UINT64] = write_uint64,   [PROTOBUF_C_TYPE_FIXED64] = write_uint64,
    [PROTOBUF_C_TYPE_FLOAT] = write_float,     [PROTOBUF_C_TYPE_DOUBLE] = write_double,
    [PROTOBUF_C_TYPE_BOOL] = write_bool,       [PROTOBUF_C_TYPE_ENUM] = write_enum,
    [PROTOBUF_C_TYPE_STRING] = write_string,   [PROTOBUF_C_TYPE_BYTES] = write_bytes,
    [PROTOBUF_C_TYPE_MESSAGE] = write_message,
};

void value_write(const struct plan_field *field, const void *slot, struct text *out)
{
    bool quoted = field->form == FORM_TEXT_NUMBER;

    if (field->form == FORM_MAP) {
        write_map(slot, out);
        return;
    }
    if (quoted)
        text_add_char(out, '"');
    writers[field->field->type](field, slot, out);
    if (quoted)
        text_add_char(out, '"');
}

static void write_list(const struct plan_field *field, const char *items, size_t count,
                       struct text *out)
{
    text_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_add_char(out, ',');
        value_write(field, items + i * field->size, out);
    }
    text_add_char(out, ']');
}

static void write_member(const struct plan_field *field, const ProtobufCMessage *message,
                         bool first, struct text *out)
{
    const char *base = (const char *)message, *slot = base + field->field->offset;
    size_t count = 0;

    if (!field_is_set(message, field->field))
        return;
    if (field->repeated)
        count = *(const size_t *)(const void *)(base + field->field->quantifier_offset);
    if (field->form == FORM_DROP_EMPTY && count == 0)
        return;
    text_add_bytes(out, field->prefix.text + first, field->prefix.length - first);
    if (field->repeated)
        write_list(field, *(char *const *)(const void *)slot, count, out);
    else
        value_write(field, slot, out);
}

void message_to_json(const ProtobufCMessage *message, struct text *out)
{
    const struct plan *plan = plan_of(message->descriptor);

    text_add_char(out, '{');
    size_t start = out->length;
    for (unsigned i = 0; i < plan->type->n_fields; i++)
        write_member(&plan->fields[i], message, out->length == start, out);
    text_add_char(out, '}');
}
