#include "openapi_schema.h"

#include <stdlib.h>

#include "message/json.h"
#include "openapi_comment.h"

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
    [FORM_ZERO_COUNTS] = NULL,
    [FORM_MAP] = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
    [FORM_FLAG] = NULL,
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

void schema_add_comment(struct schemas *s, const char *owner, const char *name)
{
    const char *comment = openapi_comment(owner, name);
    if (!comment)
        return;
    text_add(s->out, "\"description\":");
    json_add_string(s->out, comment);
    text_add_char(s->out, ',');
}

/* A schema as written is "{...}": its comment comes first in it. */
static void add_member(struct schemas *s, const char *owner, const struct plan_field *field)
{
    struct text value, *out = s->out;
    text_init(&value, out->arena);
    s->out = &value;
    schema_add_field(s, field);
    s->out = out;
    json_add_string(out, field->key.text);
    text_add(out, ":{");
    schema_add_comment(s, owner, field->field->name);
    text_add(out, value.data + 1);
}

static bool has_member(const struct schema_part *part, unsigned index)
{
    return !part->has || part->has(part->context, &part->type->fields[index]);
}

static bool needs_member(const struct schema_part *part, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &part->type->fields[index];
    return has_member(part, index) && (part->needs ? part->needs(part->context, field)
                                                   : field->label == PROTOBUF_C_LABEL_REQUIRED);
}

bool schema_needs_any(const struct schema_part *part)
{
    bool any = false;
    for (unsigned i = 0; i < part->type->n_fields; i++)
        any = any || needs_member(part, i);
    return any;
}

static void add_required(struct schemas *s, const struct schema_part *part)
{
    const struct plan *plan = plan_of(part->type);
    const char *before = ",\"required\":[";
    for (unsigned i = 0; i < part->type->n_fields; i++) {
        if (!needs_member(part, i))
            continue;
        text_add(s->out, before);
        json_add_string(s->out, plan->fields[i].key.text);
        before = ",";
    }
    text_add(s->out, schema_needs_any(part) ? "]" : "");
}

void schema_add_object(struct schemas *s, const struct schema_part *part)
{
    const struct plan *plan = plan_of(part->type);
    const char *before = "";
    text_add_char(s->out, '{');
    if (!part->has)
        schema_add_comment(s, part->type->short_name, NULL);
    text_add(s->out, "\"type\":\"object\",\"properties\":{");
    for (unsigned i = 0; i < part->type->n_fields; i++) {
        if (!has_member(part, i))
            continue;
        text_add(s->out, before);
        add_member(s, part->type->short_name, &plan->fields[i]);
        before = ",";
    }
    text_add_char(s->out, '}');
    add_required(s, part);
    text_add_char(s->out, '}');
}

void schemas_add_all(struct schemas *s)
{
    for (size_t i = 0; i < s->count; i++) { /* grows meanwhile */
        text_add_char(s->out, ',');
        json_add_string(s->out, s->used[i]->short_name);
        text_add_char(s->out, ':');
        schema_add_object(s, &(struct schema_part){ .type = s->used[i] });
    }
}
