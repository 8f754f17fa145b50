#include "openapi_schema.h"

#include <stdlib.h>

#include "message/json.h"

void schema_add_ref(struct schemas *s, const ProtobufCMessageDescriptor *type)
{
    size_t i = 0;
    while (i < s->count && s->used[i] != type)
        i++;
    if (i == s->count) {
        if (s->count == SCHEMAS_MAX)
            abort();
        s->used[s->count++] = type;
    }
    text_format(s->out, "{\"$ref\":\"#/components/schemas/%s\"}", type->short_name);
}

static void add_enum(struct schemas *s, const struct enum_plan *plan)
{
    text_add(s->out, "{\"type\":\"string\",\"enum\":[");
    for (unsigned i = 0; i < plan->type->n_values; i++) {
        text_add(s->out, i ? "," : "");
        json_add_string(s->out, plan->texts[i].text);
    }
    text_add(s->out, "]}");
}

static const char *const type_texts[] = {
    [PROTOBUF_C_TYPE_INT32] = "{\"type\":\"integer\",\"format\":\"int32\"}",
    [PROTOBUF_C_TYPE_SINT32] = "{\"type\":\"integer\",\"format\":\"int32\"}",
    [PROTOBUF_C_TYPE_SFIXED32] = "{\"type\":\"integer\",\"format\":\"int32\"}",
    [PROTOBUF_C_TYPE_INT64] = "{\"type\":\"integer\",\"format\":\"int64\"}",
    [PROTOBUF_C_TYPE_SINT64] = "{\"type\":\"integer\",\"format\":\"int64\"}",
    [PROTOBUF_C_TYPE_SFIXED64] = "{\"type\":\"integer\",\"format\":\"int64\"}",
    [PROTOBUF_C_TYPE_UINT32] = "{\"type\":\"integer\",\"minimum\":0}",
    [PROTOBUF_C_TYPE_FIXED32] = "{\"type\":\"integer\",\"minimum\":0}",
    [PROTOBUF_C_TYPE_UINT64] = "{\"type\":\"integer\",\"minimum\":0}",
    [PROTOBUF_C_TYPE_FIXED64] = "{\"type\":\"integer\",\"minimum\":0}",
    [PROTOBUF_C_TYPE_FLOAT] = "{\"type\":\"number\"}",
    [PROTOBUF_C_TYPE_DOUBLE] = "{\"type\":\"number\"}",
    [PROTOBUF_C_TYPE_BOOL] = "{\"type\":\"boolean\"}",
    [PROTOBUF_C_TYPE_STRING] = "{\"type\":\"string\"}",
    [PROTOBUF_C_TYPE_BYTES] = "{\"type\":\"string\",\"contentEncoding\":\"base64\"}",
};

/* Forms of lib/message/wire.def that change the type. */
static const char *const form_texts[] = {
    [FORM_DATE] = "{\"type\":\"string\",\"format\":\"date\"}",
    [FORM_PLAIN_DATETIME] = "{\"type\":\"string\",\"pattern\":\"^[0-9-]{10}T[0-9:]{8}$\"}",
    [FORM_DIGIT_BOOL] = "{\"type\":\"string\",\"enum\":[\"0\",\"1\"]}",
    [FORM_TEXT_NUMBER] = "{\"type\":\"string\",\"pattern\":\"^-?[0-9.]+$\"}",
    [FORM_DROP_EMPTY] = NULL,
};

static void add_value(struct schemas *s, const struct plan_field *field)
{
    if (form_texts[field->form])
        text_add(s->out, form_texts[field->form]);
    else if (field->instant)
        text_add(s->out, "{\"type\":\"string\",\"format\":\"date-time\"}");
    else if (field->values)
        add_enum(s, field->values);
    else if (field->object)
        schema_add_ref(s, field->field->descriptor);
    else
        text_add(s->out, type_texts[field->field->type]);
}

void schema_add_field(struct schemas *s, const struct plan_field *field)
{
    text_add(s->out, field->repeated ? "{\"type\":\"array\",\"items\":" : "");
    add_value(s, field);
    text_add(s->out, field->repeated ? "}" : "");
}

static void add_message(struct schemas *s, const ProtobufCMessageDescriptor *type)
{
    const struct plan *plan = plan_of(type);
    struct text required;
    text_init(&required, s->out->arena);
    json_add_string(s->out, type->short_name);
    text_add(s->out, ":{\"type\":\"object\",\"properties\":{");
    for (unsigned i = 0; i < type->n_fields; i++) {
        const struct plan_field *field = &plan->fields[i];
        text_add(s->out, i ? "," : "");
        json_add_string(s->out, field->key.text);
        text_add_char(s->out, ':');
        schema_add_field(s, field);
        if (field->field->label == PROTOBUF_C_LABEL_REQUIRED)
            text_format(&required, "%s\"%s\"", required.length ? "," : "", field->key.text);
    }
    text_format(s->out, "}%s%s%s}", required.length ? ",\"required\":[" : "",
                required.length ? required.data : "", required.length ? "]" : "");
}

void schemas_add_all(struct schemas *s)
{
    text_add(s->out, "\"schemas\":{");
    for (size_t i = 0; i < s->count; i++) { /* grows meanwhile */
        text_add(s->out, i ? "," : "");
        add_message(s, s->used[i]);
    }
    text_add_char(s->out, '}');
}
