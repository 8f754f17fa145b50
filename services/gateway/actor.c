#include "actor.h"

#include <stddef.h>
#include <string.h>

#include "common.pb-c.h"
#include "message/convert.h"
#include "message/field.h"

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

bool actor_owns(const char *name)
{
    for (const struct own *own = own_members; own < own_members + OWN_MEMBERS; own++)
        if (strcmp(own->name, name) == 0)
            return true;
    return false;
}

static void *member_at(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field)
{
    return (char *)m + field->offset;
}

static void set_id(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, int64_t id)
{
    if (field->type != PROTOBUF_C_TYPE_INT64 || field->label == PROTOBUF_C_LABEL_REPEATED)
        return;
    *(int64_t *)member_at(m, field) = id;
    if (field->label == PROTOBUF_C_LABEL_OPTIONAL)
        *(protobuf_c_boolean *)((char *)m + field->quantifier_offset) = id != 0;
}

static void set_word(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, char *word)
{
    if (field->type == PROTOBUF_C_TYPE_STRING && field->label != PROTOBUF_C_LABEL_REPEATED)
        *(char **)member_at(m, field) = *word ? word : NULL;
}

static void set_now(struct arena *a, ProtobufCMessage *m, const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == &instant__descriptor)
        *(Instant **)member_at(m, field) = instant_message(a, clock_now());
}

static void fill(struct call *call, ProtobufCMessage *m, const struct own *own)
{
    const ProtobufCFieldDescriptor *field = field_find(m->descriptor, own->name);
    void *value = (char *)call + own->offset;
    if (!field)
        return;
    if (own->kind == AN_ID)
        set_id(m, field, *(int64_t *)value);
    else if (own->kind == A_WORD)
        set_word(m, field, value);
    else
        set_now(&call->arena, m, field);
}

void actor_fill(struct call *call, ProtobufCMessage *message)
{
    actor_fill_but(call, message, NULL, NULL);
}

void actor_fill_but(struct call *call, ProtobufCMessage *message,
                    bool (*spared)(const void *context, const char *name), const void *context)
{
    for (const struct own *own = own_members; own < own_members + OWN_MEMBERS; own++)
        if (!spared || !spared(context, own->name))
            fill(call, message, own);
}
