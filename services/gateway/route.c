#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "message/field.h"

/* One segment of the paths; the root stands for "/". */
struct node {
    const char *segment;
    struct node **children; /* by segment */
    size_t count;
    struct node *member;               /* whatever the segment is */
    const struct route_family *family; /* whose base ends here */
    const struct route_entry *entries[METHOD_COUNT], *rest[METHOD_COUNT];
};

struct router {
    struct arena arena;
    struct node root;
    struct route_entry *entries;
    size_t count;
};

static const char *const method_names[METHOD_COUNT] = {
    [NO_METHOD] = "", [GET] = "GET",     [POST] = "POST",
    [PUT] = "PUT",    [PATCH] = "PATCH", [DELETE] = "DELETE",
};

const char *method_name(enum method method)
{
    return method_names[method];
}

enum method method_read(const char *name)
{
    enum method m = METHOD_COUNT;
    if (strcmp(name, "HEAD") == 0)
        return GET;
    while (--m > NO_METHOD && strcmp(name, method_names[m]) != 0)
        continue;
    return m;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *percent_decode(struct arena *a, const char *text, size_t length)
{
    char *out = arena_alloc(a, length + 1), *to = out;
    for (size_t i = 0; i < length; i++, to++) {
        *to = text[i];
        if (text[i] != '%')
            continue;
        int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || !(high | low))
            return NULL;
        *to = (char)(high << 4 | low);
        i += 2;
    }
    return utf8_valid(out, (size_t)(to - out)) ? out : NULL;
}

/* The place of `segment` among the children of `n`: where it is or would be. */
static size_t child_place(const struct node *n, const char *segment, bool *found)
{
    size_t low = 0, high = n->count;
    *found = false;
    while (low < high && !*found) {
        size_t middle = (low + high) / 2;
        int order = strcmp(segment, n->children[middle]->segment);
        *found = order == 0;
        if (order <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return high;
}

static struct node *child_add(struct router *r, struct node *n, const char *segment)
{
    bool found;
    size_t place = child_place(n, segment, &found);
    if (found)
        return n->children[place];
    struct node **grown = arena_array(&r->arena, struct node *, n->count + 1);
    for (size_t i = 0; i < n->count; i++)
        grown[i + (i >= place)] = n->children[i];
    grown[place] = arena_new(&r->arena, struct node);
    grown[place]->segment = segment;
    n->children = grown;
    n->count++;
    return grown[place];
}

static bool is_member(const char *segment)
{
    return segment[0] == '{';
}

static bool is_rest(const char *segment)
{
    return is_member(segment) && strstr(segment, "...}") != NULL;
}

static struct node *step(struct router *r, struct node *n, const char *segment)
{
    if (!is_member(segment))
        return child_add(r, n, segment);
    if (!n->member)
        n->member = arena_new(&r->arena, struct node);
    return n->member;
}

/* The next segment of a template, or NULL at its end. */
static char *next_segment(struct router *r, const char **at)
{
    while (**at == '/')
        ++*at;
    size_t length = strcspn(*at, "/");
    char *segment = length ? arena_strndup(&r->arena, *at, length) : NULL;
    *at += length;
    return segment;
}

static bool place(struct router *r, const struct route_entry *entry, struct fault *f)
{
    const char *base = entry->family->base, *path = entry->route->path, *segment;
    struct node *n = &r->root;
    const struct route_entry **slots = NULL;
    while ((segment = next_segment(r, &base)))
        n = step(r, n, segment);
    n->family = entry->family;
    while ((segment = next_segment(r, &path)) && !is_rest(segment))
        n = step(r, n, segment);
    slots = segment ? n->rest : n->entries;
    if (segment && next_segment(r, &path))
        return fault_set(f, FAULT_INVALID, entry->route->path, "has segments after the rest");
    if (slots[entry->route->method])
        return fault_set(f, FAULT_INVALID, entry->route->path, "stands twice for %s",
                         method_names[entry->route->method]);
    slots[entry->route->method] = entry;
    return true;
}

static bool rpc_find(const struct rpc *rpc, unsigned *out)
{
    const ProtobufCServiceDescriptor *type = rpc->service->descriptor;
    for (*out = 0; *out < type->n_methods; ++*out)
        if (strcmp(type->methods[*out].name, rpc->method) == 0)
            return true;
    return false;
}

/* A member of the path: a single value of the input. */
static bool field_fits(const ProtobufCMessageDescriptor *in, const char *path)
{
    const ProtobufCFieldDescriptor *field = field_find_path(in, path, NULL);
    return field && field->label != PROTOBUF_C_LABEL_REPEATED &&
           field->type != PROTOBUF_C_TYPE_MESSAGE;
}

static bool find_fields(struct router *r, struct route_entry *entry, struct fault *f)
{
    const char *path = entry->route->path, *segment;
    const char **fields = arena_array(&r->arena, const char *, ROUTE_FIELDS_MAX + 1);
    size_t count = 0;
    while ((segment = next_segment(r, &path))) {
        if (!is_member(segment))
            continue;
        size_t length = strcspn(segment + 1, is_rest(segment) ? "." : "}");
        char *name = arena_strndup(&r->arena, segment + 1, length);
        if (strcmp(name, "account_id") == 0) /* always the caller's own */
            return fault_set(f, FAULT_INVALID, entry->route->path, "cannot take the account");
        if (count == ROUTE_FIELDS_MAX || !field_fits(entry->in, name))
            return fault_set(f, FAULT_INVALID, entry->route->path, "{%s} is no member of %s", name,
                             entry->in->name);
        fields[count++] = name;
    }
    entry->fields = fields;
    return true;
}

static bool raw_fits(const struct route_entry *entry)
{
    const ProtobufCFieldDescriptor *body = field_find(entry->in, "body");
    return !(entry->route->flags & ROUTE_RAW) || (body && body->type == PROTOBUF_C_TYPE_BYTES);
}

static bool late_fits(struct route_entry *entry)
{
    const struct rpc *late = &entry->route->late;
    return !late->service || (rpc_find(late, &entry->late) &&
                              late->service->descriptor->methods[entry->late].input == entry->in);
}

static bool entry_fill(struct router *r, struct route_entry *entry, struct fault *f)
{
    const struct route *route = entry->route;
    if (route->method <= NO_METHOD || route->method >= METHOD_COUNT || route->ok < 200 ||
        route->ok > 299 || !route->rpc.service)
        return fault_set(f, FAULT_INVALID, route->path, "has a bad method, status or service");
    if (!rpc_find(&route->rpc, &entry->rpc))
        return fault_set(f, FAULT_INVALID, route->path, "%s has no method %s",
                         route->rpc.service->descriptor->name, route->rpc.method);
    entry->in = route->rpc.service->descriptor->methods[entry->rpc].input;
    entry->out = route->rpc.service->descriptor->methods[entry->rpc].output;
    if (route->kind == INLINE && route->permission)
        return fault_set(f, FAULT_INVALID, route->path, "is INLINE and cannot ask for a key");
    if (!raw_fits(entry))
        return fault_set(f, FAULT_INVALID, route->path, "%s has no bytes `body`", entry->in->name);
    if (!late_fits(entry))
        return fault_set(f, FAULT_INVALID, route->path, "its late rpc does not take the same");
    return find_fields(r, entry, f) && place(r, entry, f);
}

static bool table_add(struct router *r, const struct route_family *family,
                      const struct route *routes, struct fault *f)
{
    bool good = true;
    for (const struct route *route = routes; good && route->path; route++) {
        struct route_entry *entry = &r->entries[r->count++];
        entry->route = route;
        entry->family = family;
        good = entry_fill(r, entry, f);
    }
    return good;
}

static size_t count_routes(const struct route_family *families)
{
    size_t count = 0;
    for (; families->tables; families++)
        for (const struct route *const *table = families->tables; *table; table++)
            for (const struct route *route = *table; route->path; route++)
                count++;
    return count;
}

struct router *router_new(const struct route_family *families, struct fault *f)
{
    struct router *r = calloc(1, sizeof *r);
    bool good = true;
    if (!r)
        abort();
    arena_init(&r->arena);
    r->entries = arena_array(&r->arena, struct route_entry, count_routes(families));
    for (; good && families->tables; families++)
        for (const struct route *const *table = families->tables; good && *table; table++)
            good = table_add(r, families, *table, f);
    if (good)
        return r;
    router_free(r);
    return NULL;
}

void router_free(struct router *r)
{
    if (!r)
        return;
    arena_free(&r->arena);
    free(r);
}

size_t router_entries(const struct router *r, const struct route_entry **out)
{
    *out = r->entries;
    return r->count;
}

struct walk {
    struct arena *arena;
    enum method method;
    size_t depth; /* values found so far */
    struct route_match *out;
};

/* Ends at a node: is the method served there? Else remember which are. */
static bool arrive(struct walk *w, const struct route_entry *const entries[METHOD_COUNT])
{
    for (enum method m = GET; m < METHOD_COUNT; m++)
        w->out->allowed |= entries[m] ? 1u << m : 0;
    w->out->entry = entries[w->method];
    return w->out->entry != NULL;
}

static bool walk(struct walk *w, const struct node *n, const char *at);

static bool walk_member(struct walk *w, const struct node *n, const char *value, const char *at)
{
    if (w->depth == ROUTE_FIELDS_MAX)
        return false;
    w->out->values[w->depth++] = value;
    bool found = n->member && walk(w, n->member, at);
    w->depth -= !found;
    return found;
}

static bool walk_rest(struct walk *w, const struct node *n, const char *at)
{
    const char *rest = percent_decode(w->arena, at, strlen(at));
    if (!rest || w->depth == ROUTE_FIELDS_MAX)
        return false;
    w->out->values[w->depth] = rest;
    return arrive(w, n->rest);
}

/* `at` is where the next segment begins. */
static bool walk(struct walk *w, const struct node *n, const char *at)
{
    bool found = false;
    w->out->family = n->family ? n->family : w->out->family;
    if (!*at)
        return arrive(w, n->entries);
    size_t length = strcspn(at, "/");
    const char *segment = percent_decode(w->arena, at, length);
    const char *next = at + length + (at[length] == '/');
    if (segment && *segment) {
        size_t i = child_place(n, segment, &found);
        found = (found && walk(w, n->children[i], next)) || walk_member(w, n, segment, next);
    }
    return found || walk_rest(w, n, at);
}

void router_match(const struct router *r, struct arena *a, enum method method, const char *path,
                  struct route_match *out)
{
    struct walk w = { .arena = a, .method = method, .out = out };
    *out = (struct route_match){ 0 };
    if (*path == '/')
        walk(&w, &r->root, path + 1);
}
