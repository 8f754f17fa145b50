/* From a request to the input message of its rpc: query, then body, then path; last what no client
 * may choose. */
#include <string.h>

#include "actor.h"
#include "http_request.h"
#include "message/field.h"
#include "message/json.h"

/* "filters[status][0]" names the member "filters.status"; NULL when malformed. */
static char *member_path(struct arena *a, const char *name)
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

static bool query_set(struct call *call, ProtobufCMessage *in, const struct http_header *q)
{
    char *path = member_path(&call->arena, q->name);
    if (!path || !field_find_path(in->descriptor, path, NULL) || !q->value || !*q->value)
        return true; /* unknown or empty: ignored */
    char *value = percent_decode(&call->arena, q->value, strlen(q->value));
    if (!value)
        return fault_set(&call->fault, FAULT_INVALID, path, "is not well encoded");
    return message_set_text(&call->arena, in, path, value, &call->fault);
}

static bool set_query(struct request *r, struct call *call, ProtobufCMessage *in)
{
    bool good = true;
    for (const struct http_header *q = r->query.first; good && q; q = q->next)
        good = query_set(call, in, q);
    return good;
}

/* An address that is not well formed is not there (services-api 1.5). */
static bool set_path(struct request *r, struct call *call, ProtobufCMessage *in)
{
    const struct route_entry *e = r->match.entry;
    struct fault f;
    for (size_t i = 0; e->fields[i]; i++)
        if (!message_set_text(&call->arena, in, e->fields[i], r->match.values[i], &f))
            return fault_set(&call->fault, FAULT_NOT_FOUND, NULL, "no such address");
    return true;
}

static bool is_path_field(const struct route_entry *e, const char *name)
{
    for (size_t i = 0; e->fields[i]; i++)
        if (strcmp(e->fields[i], name) == 0)
            return true;
    return false;
}

/* A path may still name another user; a query may, where the row says so. */
static bool is_named(const void *entry, const char *name)
{
    const struct route_entry *e = entry;
    return is_path_field(e, name) ||
           (e->route->flags & ROUTE_ANY_USER && strcmp(name, "user_id") == 0);
}

static void set_own(struct request *r, struct call *call, ProtobufCMessage *in)
{
    actor_fill_but(call, in, is_named, r->match.entry);
}

static bool set_raw_body(struct request *r, ProtobufCMessage *in)
{
    const ProtobufCFieldDescriptor *field = field_find(in->descriptor, "body");
    ProtobufCBinaryData *body = (void *)((char *)in + field->offset);
    body->data = (uint8_t *)r->body;
    body->len = r->body_size;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *(protobuf_c_boolean *)((char *)in + field->quantifier_offset) = true;
    return true;
}

/* "null", with space around it. */
static bool is_null(const char *body, size_t size)
{
    static const char space[] = " \t\r\n";
    while (size > 0 && strchr(space, body[size - 1]))
        size--;
    while (size > 0 && strchr(space, *body))
        body++, size--;
    return size == 4 && memcmp(body, "null", 4) == 0;
}

static bool set_body(struct request *r, struct call *call, ProtobufCMessage *in)
{
    unsigned flags = r->match.entry->route->flags;
    if (flags & ROUTE_RAW)
        return set_raw_body(r, in) && message_complete(in, &call->fault);
    bool none = r->body_size == 0 || (flags & ROUTE_NULL_BODY && is_null(r->body, r->body_size));
    if (flags & ROUTE_NO_BODY || none)
        return message_complete(in, &call->fault);
    return message_merge_json(&call->arena, in, r->body, r->body_size, &call->fault);
}

/* Path and own members are set before the body, since reading it asks for what is required, and
 * after it, since they win. Required members are asked for once: the reader of a body knows a zero
 * that the text names, which later looks like none. */
ProtobufCMessage *input_read(struct request *r, struct call *call)
{
    ProtobufCMessage *in = message_new(&call->arena, r->match.entry->in);
    bool good = set_query(r, call, in) && set_path(r, call, in);
    set_own(r, call, in);
    good = good && set_body(r, call, in) && set_path(r, call, in);
    set_own(r, call, in);
    /* An id of 0 in the path looks like none. */
    if (!good && call->fault.code == FAULT_REQUIRED &&
        is_path_field(r->match.entry, call->fault.field))
        fault_set(&call->fault, FAULT_NOT_FOUND, NULL, "no such address");
    return good ? in : NULL;
}
