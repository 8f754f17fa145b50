#include "openapi.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "http.h"
#include "message/json.h"
#include "openapi.pb-c.h"
#include "openapi_component.h"
#include "openapi_operation.h"
#include "openapi_schema.h"
#include "openapi_tag.h"
#include "openapi_webhook.h"
#include "pki/digest.h"

/* ---- paths */

static bool same_shape(const struct route_entry *a, const struct route_entry *b)
{
    const char *p = a->route->path, *q = b->route->path;
    for (; *p && *p == *q; p++, q++)
        if (*p == '{') {
            p = strchr(p, '}');
            q = strchr(q, '}');
        }
    return a->family == b->family && *p == *q;
}

/* All rows of a path, of which `e` is the first. */
struct rows_of {
    const struct route_entry *e, *end;
};

/* "name_id_or_order_id": what the rows of a path call its member `index`. */
static const char *field_name(struct arena *a, const struct rows_of *rows, size_t index)
{
    struct text name;
    text_init(&name, a);
    text_add(&name, rows->e->fields[index]);
    for (const struct route_entry *row = rows->e + 1; row < rows->end; row++)
        if (same_shape(row, rows->e) && strcmp(row->fields[index], rows->e->fields[index]) != 0)
            text_format(&name, "_or_%s", row->fields[index]);
    return name.data;
}

static void add_item(struct schemas *s, const struct route_entry *all, const struct rows_of *rows)
{
    struct arena *a = s->out->arena;
    const char *names[ROUTE_FIELDS_MAX + 1] = { NULL };
    struct openapi_item item = { .all = all, .fields = names };
    for (size_t i = 0; rows->e->fields[i]; i++)
        names[i] = field_name(a, rows, i);
    item.path = openapi_path(a, rows->e, names);
    json_add_string(s->out, item.path);
    text_add(s->out, ":{");
    for (const struct route_entry *row = rows->e; row < rows->end; row++) {
        if (!same_shape(row, rows->e))
            continue;
        text_add(s->out, row == rows->e ? "" : ",");
        openapi_operation(s, &item, row);
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
        while (!same_shape(first, e))
            first++;
        if (first != e)
            continue;
        text_add(s->out, written++ ? "," : "");
        add_item(s, all, &(struct rows_of){ e, all + count });
    }
    text_add(s->out, "},");
}

static const char head[] =
    "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Chancery Services API\",\"version\":\"2\","
    "\"description\":\"Query parameters, filters, keys to sort by and members of a body that are "
    "not "
    "known are left out, and named in the answer's headers Ignored-Parameters and Ignored-Members; "
    "with Prefer: handling=strict (RFC 7240), and always on calls that the published API does not "
    "have, they are refused. Calls of the published API that are not served are answered with 501 "
    "not_served.\",\"contact\":{\"name\":\"Whoever runs this Chancery\"},"
    "\"license\":{\"name\":\"Apache License 2.0\",\"identifier\":\"Apache-2.0\"}},"
    "\"servers\":[{\"url\":\"/\",\"description\":\"Where this document came from\"}],";

void openapi_write(const struct router *r, struct text *out)
{
    struct schemas s = { .out = out };
    text_add(out, head);
    openapi_tags(out);
    add_paths(&s, r);
    openapi_webhooks(&s);
    text_add(out, "\"components\":{");
    openapi_components(out);
    text_add(out, "\"schemas\":{");
    openapi_errors(out);
    schemas_add_all(&s);
    text_add(out, "}}}\n");
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

/* Written once; any HTTP thread may be the first to be asked. */
static struct {
    pthread_mutex_t lock;
    struct arena arena; /* as long as the process */
    struct text text;
    char etag[2 + 2 * SHA256_SIZE + 1];
} made = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void make_once(const struct call *call)
{
    uint8_t hash[SHA256_SIZE];
    pthread_mutex_lock(&made.lock);
    if (!made.text.arena) {
        arena_init(&made.arena);
        text_init(&made.text, &made.arena);
        openapi_write(http_router(call), &made.text);
        digest_sha256((struct bytes){ (const uint8_t *)made.text.data, made.text.length }, hash);
        snprintf(made.etag, sizeof made.etag, "\"%s\"",
                 hex_lower(&made.arena, (struct bytes){ hash, sizeof hash }));
    }
    pthread_mutex_unlock(&made.lock);
}

static void documents_openapi(Documents_Service *self, const Nothing *in, Nothing_Closure answer,
                              void *data)
{
    (void)self, (void)in;
    const Nothing nothing = NOTHING__INIT;
    make_once(data);
    http_not_modified(data, made.etag, (struct instant){ 0 });
    answer(&nothing, data);
}

static bool shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)call, (void)answer;
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
