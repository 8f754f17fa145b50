/* From a request to the input message of its rpc: query, then body, then path; last what no client
 * may choose. */
#include <stddef.h>
#include <string.h>

#include "common.pb-c.h"
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

/* A member's place and its presence flag (of a number). */
static void *member_at(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field)
{
    return (char *)m + field->offset;
}

static void set_id(ProtobufCMessage *in, const ProtobufCFieldDescriptor *field, int64_t id)
{
    if (field->type != PROTOBUF_C_TYPE_INT64 || field->label == PROTOBUF_C_LABEL_REPEATED)
        return;
    *(int64_t *)member_at(in, field) = id;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *(protobuf_c_boolean *)((char *)in + field->quantifier_offset) = id != 0;
}

static void set_word(ProtobufCMessage *in, const ProtobufCFieldDescriptor *field, char *word)
{
    if (field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED)
        *(char **)member_at(in, field) = *word ? word : NULL;
}

static void set_now(struct arena *a, ProtobufCMessage *in, const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->descriptor != &instant__descriptor)
        return;
    Instant *now = arena_new(a, Instant);
    instant__init(now);
    now->us = clock_now().us;
    *(Instant **)member_at(in, field) = now;
}

/* What the house knows better than any client: whose request it is, from where, and when. */
static const struct own {
    const char *name;
    enum { AN_ID, A_WORD, THE_TIME } kind;
    size_t offset; /* in struct call */
} own_members[] = {
    { "account_id", AN_ID, offsetof(struct call, actor.account_id) },
    { "user_id", AN_ID, offsetof(struct call, actor.user_id) },
    { "api_key_id", AN_ID, offsetof(struct call, actor.api_key_id) },
    { "source", A_WORD, offsetof(struct call, actor.source) },
    { "ip", A_WORD, offsetof(struct call, actor.ip) },
    { "traceparent", A_WORD, offsetof(struct call, traceparent) },
    { "now", THE_TIME, 0 },
};
enum { OWN_MEMBERS = sizeof own_members / sizeof *own_members };

bool http_own_member(const char *name)
{
    for (size_t i = 0; i < OWN_MEMBERS; i++)
        if (strcmp(own_members[i].name, name) == 0)
            return true;
    return false;
}

/* A path may still name another user. */
static void set_own(struct request *r, struct call *call, ProtobufCMessage *in)
{
    for (const struct own *own = own_members; own < own_members + OWN_MEMBERS; own++) {
        const ProtobufCFieldDescriptor *field = field_find(in->descriptor, own->name);
        void *value = (char *)call + own->offset;
        if (!field || is_path_field(r->match.entry, own->name))
            continue;
        if (own->kind == AN_ID)
            set_id(in, field, *(int64_t *)value);
        else if (own->kind == A_WORD)
            set_word(in, field, value);
        else
            set_now(&call->arena, in, field);
    }
}

static bool set_raw_body(struct request *r, ProtobufCMessage *in)
{
    const ProtobufCFieldDescriptor *field = field_find(in->descriptor, "body");
    ProtobufCBinaryData *body = member_at(in, field);
    body->data = (uint8_t *)r->body;
    body->len = r->body_size;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *(protobuf_c_boolean *)((char *)in + field->quantifier_offset) = true;
    return true;
}

static bool set_body(struct request *r, struct call *call, ProtobufCMessage *in)
{
    unsigned flags = r->match.entry->route->flags;
    if (flags & ROUTE_RAW)
        return set_raw_body(r, in) && message_complete(in, &call->fault);
    if (flags & ROUTE_NO_BODY || r->body_size == 0)
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
    return good ? in : NULL;
}
