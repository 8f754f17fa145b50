#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "message/field.h"
#include "percent.h"

/* One segment of the paths; the root stands for "/". */
struct node {
    const char *segment;
    struct node **children; /* by segment */
    size_t count;
    struct node *member;               /* whatever the segment is */
    const struct route_family *family; /* whose base ends here */
    const struct route_entry *entries[METHOD_COUNT], *rest[METHOD_COUNT];
    const char *unserved[METHOD_COUNT]; /* paths of published calls */
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

/* What the published API has and we have not. */
static void place_published(struct router *r, const struct route_family *family,
                            const struct published *call)
{
    const char *base = family->base, *path = call->path, *segment;
    struct node *n = &r->root;
    while ((segment = next_segment(r, &base)) || (segment = next_segment(r, &path)))
        n = step(r, n, segment);
    const struct route_entry *entry = n->entries[call->method];
    if (entry)
        r->entries[entry - r->entries].own = false;
    else
        n->unserved[call->method] = arena_format(&r->arena, "%s%s", family->base, call->path);
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

static bool in_path(const struct route_entry *e, const char *name)
{
    for (size_t i = 0; e->fields[i]; i++)
        if (strcmp(e->fields[i], name) == 0)
            return true;
    return false;
}

bool route_opens(const struct route_entry *e, const char *name)
{
    return !in_path(e, name);
}

/* GET, HEAD and DELETE have no body (RFC 9110 section 9.3.1, 9.3.5: none with a meaning), nor has a row
 * whose input is complete without one: what clients send with it is not looked at. */
static bool takes_body(const struct route_entry *e)
{
    bool open = e->route->flags & ROUTE_RAW;
    for (unsigned i = 0; i < e->in->n_fields; i++)
        open = open || route_opens(e, e->in->fields[i].name);
    return open && e->route->method != GET && e->route->method != DELETE &&
           !(e->route->flags & ROUTE_NO_BODY);
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
    entry->body = takes_body(entry);
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
        entry->own = family->published != NULL;
        entry->pattern = arena_format(&r->arena, "%s%s", family->base, route->path);
        good = entry_fill(r, entry, f);
    }
    return good;
}

static bool family_add(struct router *r, const struct route_family *family, struct fault *f)
{
    const struct published *call = family->published;
    for (const struct route *const *table = family->tables; *table; table++)
        if (!table_add(r, family, *table, f))
            return false;
    for (; call && call->path; call++)
        place_published(r, family, call);
    return true;
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
    arena_init(&r->arena);
    r->entries = arena_array(&r->arena, struct route_entry, count_routes(families));
    for (; good && families->tables; families++)
        good = family_add(r, families, f);
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

/* Is the method served here? Else remember which are. */
static bool arrive(struct walk *w, const struct route_entry *const entries[METHOD_COUNT])
{
    for (enum method m = GET; m < METHOD_COUNT; m++)
        w->out->allowed |= entries[m] ? 1u << m : 0;
    w->out->entry = entries[w->method];
    return w->out->entry != NULL;
}

/* Ends at a node. What is published with these words is no value of a member. */
static bool arrive_node(struct walk *w, const struct node *n)
{
    w->out->unserved = n->unserved[w->method];
    return arrive(w, n->entries) || w->out->unserved;
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

/* `at` is where the next segment begins. Behind a family's base there may be more than one slash:
 * whoever writes the base with one at its end and the path with one at its beginning means it so. */
static bool walk(struct walk *w, const struct node *n, const char *at)
{
    bool found = false;
    at += n->family ? strspn(at, "/") : 0;
    w->out->family = n->family ? n->family : w->out->family;
    if (!*at)
        return arrive_node(w, n);
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
        walk(&w, &r->root, path + strspn(path, "/"));
}
