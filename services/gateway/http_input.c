/* From a request to the input message of its rpc: query or body, then path. Who calls is no part of an
 * input (statement.h), so a client cannot say it.
 *
 * A member comes from one place. A row with a body takes none from the query: it stands in the logs
 * of proxies, which a secret must not; filters that read bodies do not see it; and what makes a
 * request the same as another (api/orders.c) is its path and its body. */
#include <string.h>

#include "http_request.h"
#include "ignored.h"
#include "members.h"
#include "message/field.h"
#include "message/json.h"
#include "percent.h"
#include "query.h"

/* Is it one that clients may give? */
static bool is_open(struct call *call, const struct route_entry *e, const char *path)
{
    const char *first = arena_strndup(&call->arena, path, strcspn(path, "."));
    return route_opens(e, first) && route_opens(e, path);
}

/* An id of 0 names nothing, as in a body, unless wire.def says that 0 is one (ZERO_COUNTS). */
static bool is_no_id(const ProtobufCMessageDescriptor *type, const char *path, const char *value)
{
    const char *end = strrchr(path, '_');
    if (value[strspn(value, "0")] || !end || strcmp(end, "_id") != 0)
        return false;
    const struct plan_field *field = plan_find(plan_of(type), path, strlen(path));
    return field && field->form != FORM_ZERO_COUNTS;
}

static bool query_set(struct request *r, struct call *call, ProtobufCMessage *in,
                      const struct http_header *q)
{
    char *path = query_path(&call->arena, q->name);
    if (!path || !field_find_path(in->descriptor, path, NULL) || !q->value || !*q->value)
        return true; /* unknown (named by query_judge()) or empty */
    if (r->match.entry->body)
        return !is_open(call, r->match.entry, path) ||
               fault_set(&call->fault, FAULT_INVALID, path,
                         "belongs in the body and must not stand in the query");
    if (is_no_id(in->descriptor, path, q->value))
        return true;
    char *value = percent_decode(&call->arena, q->value, strlen(q->value));
    if (!value)
        return fault_set(&call->fault, FAULT_INVALID, path, "is not well encoded");
    return message_set_text(&call->arena, in, path, value, &call->fault);
}

static bool set_query(struct request *r, struct call *call, ProtobufCMessage *in)
{
    bool good = true;
    for (const struct http_header *q = r->query.first; good && q; q = q->next)
        good = query_set(r, call, in, q);
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

static bool set_raw_body(struct request *r, ProtobufCMessage *in)
{
    const ProtobufCFieldDescriptor *field = field_find(in->descriptor, "body");
    ProtobufCBinaryData *body = (void *)((char *)in + field->offset);
    union {
        const uint8_t *bytes;
        uint8_t *data;
    } plain = { r->input.data };
    body->data = plain.data;
    body->len = r->input.size;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *(protobuf_c_boolean *)((char *)in + field->quantifier_offset) = true;
    return true;
}

/* What is misspelt is told before what is missing for that reason. */
static bool read_body(struct request *r, struct call *call, ProtobufCMessage *in)
{
    struct json_strays strays = members_begin(r->match.entry);
    bool good = message_merge_request(&call->arena, in, (const char *)r->input.data, r->input.size,
                                      &strays, &call->fault);
    if (!r->match.entry->route->permission || call->fault.code == FAULT_BODY_FORMAT)
        return good;
    return members_judge(call, &strays) && good;
}

static bool set_body(struct request *r, struct call *call, ProtobufCMessage *in)
{
    if (!r->match.entry->body)
        return message_complete(in, &call->fault);
    if (r->match.entry->route->flags & ROUTE_RAW)
        return set_raw_body(r, in) && message_complete(in, &call->fault);
    return read_body(r, call, in);
}

static bool judge_query(struct request *r, struct call *call)
{
    const char *names[HEADERS_MAX + 1] = { 0 };
    size_t count = 0;
    for (const struct http_header *q = r->query.first; q && count < HEADERS_MAX; q = q->next)
        names[count++] = q->name;
    return query_judge(call, r->match.entry, names);
}

/* Members of the path are set before the body, since reading it asks for what is required, and
 * after it, since they win. Required members are asked for once: the reader of a body knows a zero
 * that the text names, which later looks like none. */
ProtobufCMessage *input_read(struct request *r, struct call *call)
{
    ProtobufCMessage *in = message_new(&call->arena, r->match.entry->in);
    if (r->match.entry->route->permission)
        ignored_begin(call);
    bool good = set_query(r, call, in) && set_path(r, call, in);
    good = good && set_body(r, call, in) && set_path(r, call, in);
    /* An id of 0 in the path looks like none. */
    if (!good && call->fault.code == FAULT_REQUIRED &&
        is_path_field(r->match.entry, call->fault.field))
        fault_set(&call->fault, FAULT_NOT_FOUND, NULL, "no such address");
    return good && judge_query(r, call) ? in : NULL;
}
