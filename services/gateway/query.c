#include "query.h"

#include <string.h>

#include "base/text.h"
#include "ignored.h"
#include "percent.h"

/* ---- what there is */

static void each_within(const struct plan_field *outer,
                        void (*each)(void *, const char *, const struct plan_field *),
                        void *context)
{
    const struct plan *plan = plan_of(outer->field->descriptor);
    for (unsigned i = 0; i < plan->type->n_fields; i++)
        if (!plan->fields[i].object)
            each(context, outer->field->name, &plan->fields[i]);
}

void query_each(const struct route_entry *e,
                void (*each)(void *context, const char *within, const struct plan_field *field),
                void *context)
{
    const struct plan *plan = plan_of(e->in);
    for (unsigned i = 0; !e->body && i < plan->type->n_fields; i++) {
        const struct plan_field *field = &plan->fields[i];
        if (!route_opens(e, field->field->name))
            continue;
        if (!field->object)
            each(context, NULL, field);
        else if (!field->repeated)
            each_within(field, each, context);
    }
}

/* ---- what came */

char *query_path(struct arena *a, const char *name)
{
    char *path = percent_decode(a, name, strlen(name));
    struct text out;
    text_init(&out, a);
    if (!path)
        return NULL;
    size_t length = strcspn(path, "[");
    text_add_bytes(&out, path, length);
    for (path += length; *path == '['; path += length + 1) {
        length = strcspn(++path, "]");
        if (path[length] != ']')
            return NULL;
        if (strspn(path, "0123456789") < length) {
            text_add_char(&out, '.');
            text_add_bytes(&out, path, length);
        }
    }
    return out.data;
}

/* The parameters of a route as they are written, and as members. */
struct known {
    struct arena *arena;
    const char *shown[PLAN_FIELDS_MAX], *paths[PLAN_FIELDS_MAX];
    size_t count;
};

static void known_add(void *context, const char *within, const struct plan_field *field)
{
    struct known *k = context;
    const char *name = field->field->name;
    if (k->count == PLAN_FIELDS_MAX)
        return;
    k->shown[k->count] = within ? arena_format(k->arena, "%s[%s]", within, name) : name;
    k->paths[k->count++] = within ? arena_format(k->arena, "%s.%s", within, name) : name;
}

static bool is_known(const struct known *k, const char *path)
{
    for (size_t i = 0; path && i < k->count; i++)
        if (strcmp(k->paths[i], path) == 0)
            return true;
    return false;
}

static bool judge(struct call *call, const struct known *k, const char *name)
{
    const char *path = query_path(&call->arena, name);
    const char *decoded = percent_decode(&call->arena, name, strlen(name));
    bool short_enough = path && strlen(path) < sizeof call->fault.field;
    if (!*name || is_known(k, path)) /* "?limit=1&" has a second one, without a name */
        return true;
    return ignored_add(call, &(struct ignored){ .field = short_enough ? path : "query",
                                                .name = decoded ? decoded : name,
                                                .known = k->shown,
                                                .count = k->count });
}

bool query_judge(struct call *call, const struct route_entry *e, const char *const *names)
{
    struct known known = { .arena = &call->arena };
    if (!e->route->permission)
        return true;
    if (*names)
        query_each(e, known_add, &known);
    for (; *names; names++)
        if (!judge(call, &known, *names))
            return false;
    return true;
}
