#include "openapi_operation.h"

#include <ctype.h>
#include <string.h>

#include "list_csv.h"
#include "message/json.h"
#include "openapi_body.h"
#include "openapi_tag.h"
#include "query.h"

static void add_key(struct text *out, const char *key)
{
    json_add_string(out, key);
    text_add_char(out, ':');
}

const char *openapi_path(struct arena *a, const struct route_entry *e, const char *const *fields)
{
    struct text path;
    text_init(&path, a);
    text_add(&path, e->family->base);
    for (const char *at = e->route->path; *at; at++) {
        text_add_char(&path, *at);
        if (*at != '{')
            continue;
        text_format(&path, "%s}", *fields++);
        at = strchr(at, '}');
    }
    return path.data;
}

/* ---- what is asked */

struct parameter {
    const char *name, *place;
    bool required;
    const ProtobufCMessageDescriptor *owner; /* of the field */
    const struct plan_field *field;
};

static void add_parameter(struct schemas *s, const struct parameter *p)
{
    text_add(s->out, s->comma ? "," : "");
    s->comma = true;
    text_add(s->out, "{\"name\":");
    json_add_string(s->out, p->name);
    text_format(s->out, ",\"in\":\"%s\",%s", p->place, p->required ? "\"required\":true," : "");
    schema_add_comment(s, p->owner->short_name, p->field->field->name);
    text_add(s->out, "\"schema\":");
    schema_add_field(s, p->field);
    text_add_char(s->out, '}');
}

struct query {
    struct schemas *schemas;
    const struct route_entry *entry;
};

static void add_query(void *context, const char *within, const struct plan_field *field)
{
    const struct query *q = context;
    const char *name = field->field->name;
    struct parameter p = { name, "query", false, q->entry->in, field };
    if (within) {
        p.name = arena_format(q->schemas->out->arena, "%s[%s]", within, name);
        p.owner = field_find(q->entry->in, within)->descriptor;
    } else {
        p.required = field->field->label == PROTOBUF_C_LABEL_REQUIRED;
    }
    add_parameter(q->schemas, &p);
}

static void add_header_parameter(struct schemas *s, const char *name)
{
    text_format(s->out, "%s{\"$ref\":\"#/components/parameters/%s\"}", s->comma ? "," : "", name);
    s->comma = true;
}

/* `path` is a member of the input, or reaches into it. */
static void add_path_parameter(struct schemas *s, const ProtobufCMessageDescriptor *in,
                               const char *path, const char *name)
{
    const ProtobufCMessageDescriptor *owner = in;
    const ProtobufCFieldDescriptor *field = field_find_path(in, path, &owner);
    add_parameter(s, &(struct parameter){ name, "path", true, owner,
                                          &plan_of(owner)->fields[field - owner->fields] });
}

/* query_judge() looks at these: what is unknown is named in the answer, or refused. */
static bool is_judged(const struct route_entry *e)
{
    return e->route->permission && !e->body;
}

static void add_parameters(struct schemas *s, const struct openapi_item *item,
                           const struct route_entry *e)
{
    text_add(s->out, ",\"parameters\":[");
    s->comma = false;
    for (size_t i = 0; e->fields[i]; i++)
        add_path_parameter(s, e->in, e->fields[i], item->fields[i]);
    query_each(e, add_query, &(struct query){ s, e });
    if (is_judged(e))
        add_header_parameter(s, "Prefer");
    if (e->route->flags & ROUTE_IDEMPOTENCY_KEY)
        add_header_parameter(s, "Idempotency-Key");
    text_add_char(s->out, ']');
}

/* ---- what is answered */

static void add_content(struct schemas *s, const struct route_entry *e)
{
    bool csv = e->route->shape == list_csv_shape;
    if (e->route->shape && !csv && !(e->route->flags & ROUTE_JSON)) {
        text_add(s->out, ",\"content\":{\"*/*\":{}}");
        return;
    }
    text_add(s->out, ",\"content\":{\"application/json\":{\"schema\":");
    schema_add_ref(s, e->out);
    text_add(s->out, csv ? "},\"text/csv\":{\"schema\":{\"type\":\"string\"}}}" : "}}");
}

static void add_answer_headers(struct schemas *s, const struct route_entry *e)
{
    static const char form[] = "%s\"%s\":{\"$ref\":\"#/components/headers/%s\"}";
    text_add(s->out, ",\"headers\":{");
    text_format(s->out, form, "", "Request-Id", "Request-Id");
    if (is_judged(e)) {
        text_format(s->out, form, ",", "Ignored-Parameters", "Ignored-Parameters");
        text_format(s->out, form, ",", "Preference-Applied", "Preference-Applied");
    }
    if (e->route->flags & ROUTE_IDEMPOTENCY_KEY)
        text_format(s->out, form, ",", "Duplicate-Of", "Duplicate-Of");
    text_add_char(s->out, '}');
}

/* What everybody with a key may meet. A path that names something may name what is not there. */
static const struct {
    const char *status, *name;
    bool changes, named;
} refusals[] = {
    { "400", "BadRequest", false, false },      { "403", "Forbidden", false, false },
    { "404", "NotFound", false, true },         { "409", "Conflict", true, false },
    { "429", "TooManyRequests", false, false },
};

static void add_refusals(struct schemas *s, const struct route_entry *e)
{
    for (size_t i = 0; e->route->permission && i < sizeof refusals / sizeof *refusals; i++)
        if ((!refusals[i].changes || e->route->method != GET) &&
            (!refusals[i].named || e->fields[0]))
            text_format(s->out, ",\"%s\":{\"$ref\":\"#/components/responses/%s\"}",
                        refusals[i].status, refusals[i].name);
    if (!e->route->permission)
        text_add(s->out, ",\"4XX\":{\"$ref\":\"#/components/responses/Error\"}");
    text_add(s->out, ",\"default\":{\"$ref\":\"#/components/responses/Error\"}");
}

static void add_answers(struct schemas *s, const struct route_entry *e)
{
    text_format(s->out, ",\"responses\":{\"%d\":{\"description\":", e->route->ok);
    json_add_string(s->out, e->route->ok == 204 ? "Done; no body" : "Done");
    add_answer_headers(s, e);
    if (e->route->ok != 204)
        add_content(s, e);
    text_add_char(s->out, '}');
    add_refusals(s, e);
    text_add_char(s->out, '}');
}

/* ---- the operation */

/* "Orders.Place"; a second row of the same rpc gets the method and place of its row added. */
static void add_operation_id(struct schemas *s, const struct route_entry *all,
                             const struct route_entry *e)
{
    const struct rpc *rpc = &e->route->rpc;
    int before = 0;
    for (const struct route_entry *other = all; other < e; other++)
        before += other->route->rpc.service == rpc->service && other->rpc == e->rpc;
    text_format(s->out, "\"operationId\":\"%s.%s", rpc->service->descriptor->name, rpc->method);
    text_format(s->out, before ? ".%d\"" : "\"", before + 1);
}

/* Who may call, and under which name the row knows the path when that is another. */
static void add_admission(struct schemas *s, const struct openapi_item *item,
                          const struct route_entry *e)
{
    const char *own = openapi_path(s->out->arena, e, e->fields);
    text_add(s->out, e->route->permission ? ",\"security\":[{\"key\":[]}]" : ",\"security\":[]");
    if (e->route->permission)
        text_format(s->out, ",\"x-permission\":\"%s\"", e->route->permission);
    if (strcmp(own, item->path) != 0) {
        text_add(s->out, ",\"x-path\":");
        json_add_string(s->out, own);
    }
}

void openapi_operation(struct schemas *s, const struct openapi_item *item,
                       const struct route_entry *e)
{
    char method[8] = "";
    for (size_t i = 0; method_name(e->route->method)[i]; i++)
        method[i] = (char)tolower((unsigned char)method_name(e->route->method)[i]);
    add_key(s->out, method);
    text_add_char(s->out, '{');
    add_operation_id(s, item->all, e);
    text_add(s->out, ",\"summary\":");
    json_add_string(s->out, e->route->summary);
    text_add_char(s->out, ',');
    schema_add_comment(s, e->route->rpc.service->descriptor->name, e->route->rpc.method);
    text_add(s->out, "\"tags\":[");
    json_add_string(s->out, openapi_tag_of(e->route->rpc.service->descriptor->name));
    text_add_char(s->out, ']');
    add_admission(s, item, e);
    add_parameters(s, item, e);
    if (e->body)
        openapi_body(s, e);
    add_answers(s, e);
    text_add_char(s->out, '}');
}
