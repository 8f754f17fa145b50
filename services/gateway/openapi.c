#include "openapi.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "actor.h"
#include "http.h"
#include "message/json.h"
#include "openapi.pb-c.h"
#include "openapi_schema.h"

static void add_key(struct text *out, const char *key)
{
    json_add_string(out, key);
    text_add_char(out, ':');
}

/* A row's path as OpenAPI writes it: "{rest...}" is "{rest}". */
static void add_path(struct text *out, const struct route_entry *e)
{
    struct text path;
    text_init(&path, out->arena);
    text_add(&path, e->family->base);
    for (const char *at = e->route->path; *at; at += strncmp(at, "...}", 4) == 0 ? 3 : 1)
        if (strncmp(at, "...}", 4) != 0)
            text_add_char(&path, *at);
    add_key(out, path.data);
}

static bool in_path(const struct route_entry *e, const char *name)
{
    for (size_t i = 0; e->fields[i]; i++)
        if (strcmp(e->fields[i], name) == 0)
            return true;
    return false;
}

/* What a client may send of an input: neither what the path has nor what the door knows itself. */
static bool is_open(const struct route_entry *e, const char *name)
{
    return !in_path(e, name) && !actor_owns(name);
}

static void add_parameter(struct schemas *s, const char *name, const char *place,
                          const struct plan_field *field)
{
    text_add(s->out, s->comma ? "," : "");
    s->comma = true;
    text_add(s->out, "{\"name\":");
    json_add_string(s->out, name);
    text_format(s->out, ",\"in\":\"%s\"%s,\"schema\":", place,
                strcmp(place, "path") == 0 ? ",\"required\":true" : "");
    schema_add_field(s, field);
    text_add_char(s->out, '}');
}

/* Query parameters: the members, of a sub-message as "filters[status]". */
static void add_query(struct schemas *s, const struct route_entry *e,
                      const ProtobufCMessageDescriptor *type, const char *within)
{
    const struct plan *plan = plan_of(type);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const struct plan_field *field = &plan->fields[i];
        const char *name = field->field->name;
        if (!within && !is_open(e, name))
            continue;
        if (!field->object)
            add_parameter(s, within ? arena_format(s->out->arena, "%s[%s]", within, name) : name,
                          "query", field);
        else if (!within && !field->repeated)
            add_query(s, e, field->field->descriptor, name);
    }
}

static const struct plan_field *plan_field_at(const ProtobufCMessageDescriptor *type,
                                              const char *path)
{
    const ProtobufCMessageDescriptor *owner = type;
    const ProtobufCFieldDescriptor *field = field_find_path(type, path, &owner);
    return &plan_of(owner)->fields[field - owner->fields];
}

static bool has_body(const struct route_entry *e)
{
    enum method m = e->route->method;
    return m != GET && m != DELETE && !(e->route->flags & ROUTE_NO_BODY);
}

static void add_parameters(struct schemas *s, const struct route_entry *e)
{
    text_add(s->out, ",\"parameters\":[");
    s->comma = false;
    for (size_t i = 0; e->fields[i]; i++)
        add_parameter(s, e->fields[i], "path", plan_field_at(e->in, e->fields[i]));
    if (!has_body(e))
        add_query(s, e, e->in, NULL);
    text_add_char(s->out, ']');
}

/* The body is the input without what comes from elsewhere, so it has no name of its own. */
static void add_body(struct schemas *s, const struct route_entry *e)
{
    struct text required;
    const struct plan *plan = plan_of(e->in);
    size_t count = 0;
    text_init(&required, s->out->arena);
    text_add(s->out, ",\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"type\":"
                     "\"object\",\"properties\":{");
    for (unsigned i = 0; i < e->in->n_fields; i++) {
        const struct plan_field *field = &plan->fields[i];
        if (!is_open(e, field->field->name))
            continue;
        text_add(s->out, count++ ? "," : "");
        add_key(s->out, field->key.text);
        schema_add_field(s, field);
        if (field->field->label == PROTOBUF_C_LABEL_REQUIRED)
            text_format(&required, "%s\"%s\"", required.length ? "," : "", field->key.text);
    }
    text_format(s->out, "}%s%s%s}}}}", required.length ? ",\"required\":[" : "",
                required.length ? required.data : "", required.length ? "]" : "");
}

static void add_answers(struct schemas *s, const struct route_entry *e)
{
    text_format(s->out, ",\"responses\":{\"%d\":{\"description\":", e->route->ok);
    json_add_string(s->out, e->route->ok == 204 ? "Done; no body" : "Done");
    if (e->route->shape && !(e->route->flags & ROUTE_JSON)) {
        text_add(s->out, ",\"content\":{\"*/*\":{}}");
    } else if (e->route->ok != 204) {
        text_add(s->out, ",\"content\":{\"application/json\":{\"schema\":");
        schema_add_ref(s, e->out);
        text_add(s->out, "}}");
    }
    text_add(s->out, "},\"default\":{\"$ref\":\"#/components/responses/Error\"}}");
}

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

static void add_operation(struct schemas *s, const struct route_entry *all,
                          const struct route_entry *e)
{
    char method[8] = "";
    for (size_t i = 0; method_name(e->route->method)[i]; i++)
        method[i] = (char)tolower((unsigned char)method_name(e->route->method)[i]);
    add_key(s->out, method);
    text_add_char(s->out, '{');
    add_operation_id(s, all, e);
    text_add(s->out, ",\"summary\":");
    json_add_string(s->out, e->route->summary);
    text_format(s->out, ",\"tags\":[\"%s\"]", e->route->rpc.service->descriptor->name);
    if (e->route->permission)
        text_format(s->out, ",\"security\":[{\"key\":[]}],\"x-permission\":\"%s\"",
                    e->route->permission);
    add_parameters(s, e);
    if (has_body(e) && e->route->flags & ROUTE_RAW)
        text_add(s->out, ",\"requestBody\":{\"content\":{\"*/*\":{}}}");
    else if (has_body(e))
        add_body(s, e);
    add_answers(s, e);
    text_add_char(s->out, '}');
}

static bool same_path(const struct route_entry *a, const struct route_entry *b)
{
    return a->family == b->family && strcmp(a->route->path, b->route->path) == 0;
}

/* All methods of the path that `e` is the first row of. */
static void add_item(struct schemas *s, const struct route_entry *all, size_t count,
                     const struct route_entry *e)
{
    add_path(s->out, e);
    text_add_char(s->out, '{');
    for (const struct route_entry *row = e; row < all + count; row++) {
        if (!same_path(row, e))
            continue;
        text_add(s->out, row == e ? "" : ",");
        add_operation(s, all, row);
    }
    text_add_char(s->out, '}');
}

static void add_paths(struct schemas *s, const struct router *r)
{
    const struct route_entry *all;
    size_t count = router_entries(r, &all), written = 0;
    text_add(s->out, "\"paths\":{");
    for (const struct route_entry *e = all; e < all + count; e++) {
        const struct route_entry *first = all;
        while (!same_path(first, e))
            first++;
        if (first != e)
            continue;
        text_add(s->out, written++ ? "," : "");
        add_item(s, all, count, e);
    }
    text_add(s->out, "}");
}

static const char head[] =
    "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Chancery Services API\",\"version\":\"2\"},"
    "\"servers\":[{\"url\":\"/\"}],";

static const char components[] =
    ",\"components\":{\"securitySchemes\":{\"key\":{\"type\":\"apiKey\",\"in\":\"header\","
    "\"name\":\"X-DC-DEVKEY\"}},\"responses\":{\"Error\":{\"description\":\"What went wrong\","
    "\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"required\":[\"errors\"],"
    "\"properties\":{\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":["
    "\"code\",\"message\"],\"properties\":{\"code\":{\"type\":\"string\"},\"message\":{\"type\":"
    "\"string\"},\"field\":{\"type\":\"string\"}}}}}}}}}},";

void openapi_write(const struct router *r, struct text *out)
{
    struct schemas s = { .out = out };
    text_add(out, head);
    add_paths(&s, r);
    text_add(out, components);
    schemas_add_all(&s);
    text_add(out, "}}\n");
}

/* Two spaces a level and a line a member, so that a change of the API is a change of few lines. */
static void indent(const char *json, struct text *out)
{
    int depth = 0;
    bool quoted = false;
    for (const char *at = json; *at && *at != '\n'; at++) {
        bool opens = !quoted && strchr("{[", *at), closes = !quoted && strchr("}]", *at);
        bool empty = closes && strchr("{[", at[-1]);
        depth += opens - closes;
        if (closes && !empty)
            text_format(out, "\n%*s", 2 * depth, "");
        text_add_char(out, *at);
        if (quoted && *at == '\\')
            text_add_char(out, *++at);
        else if (*at == '"')
            quoted = !quoted;
        if ((opens && !strchr("}]", at[1])) || (!quoted && *at == ','))
            text_format(out, "\n%*s", 2 * depth, "");
        else if (!quoted && *at == ':')
            text_add_char(out, ' ');
    }
    text_add_char(out, '\n');
}

int openapi_print(const struct route_family *families)
{
    struct fault f = { 0 };
    struct arena a;
    struct text out, lines;
    struct router *r = router_new(families, &f);
    if (!r) {
        fprintf(stderr, "%s %s\n", f.field, f.detail);
        return 1;
    }
    arena_init(&a);
    text_init(&out, &a);
    text_init(&lines, &a);
    openapi_write(r, &out);
    indent(out.data, &lines);
    bool good = fwrite(lines.data, 1, lines.length, stdout) == lines.length && fflush(stdout) == 0;
    arena_free(&a);
    router_free(r);
    return good ? 0 : 1;
}

/* ---- served */

static struct {
    pthread_mutex_t lock;
    struct arena arena; /* as long as the process */
    struct text text;
} made = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void documents_openapi(Documents_Service *self, const Nothing *in, Nothing_Closure answer,
                              void *data)
{
    (void)self, (void)in;
    const Nothing nothing = NOTHING__INIT;
    answer(&nothing, data);
}

static bool shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer;
    pthread_mutex_lock(&made.lock);
    if (!made.text.arena) {
        arena_init(&made.arena);
        text_init(&made.text, &made.arena);
        openapi_write(http_router(call), &made.text);
    }
    pthread_mutex_unlock(&made.lock);
    out->body = (struct bytes){ (const uint8_t *)made.text.data, made.text.length };
    return true;
}

static Documents_Service documents = DOCUMENTS__INIT(documents_);

static const struct route routes[] = {
    { GET, "/openapi.json", INLINE, RPC(documents, "Openapi"), NULL, 200,
      "This description, OpenAPI 3.1", .shape = shape },
    { 0 },
};

const struct route *const openapi_tables[] = { routes, NULL };
