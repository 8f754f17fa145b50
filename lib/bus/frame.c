#include "bus/frame.h"

#include <string.h>

const Envelope *frame_open(struct arena *a, struct bytes frame)
{
    return envelope__unpack(&a->pb, frame.size, frame.data);
}

/* Absent counts as empty. */
static bool copy_text(char *to, size_t room, const char *from, const char *field, struct fault *f)
{
    size_t length = from ? strlen(from) : 0;

    if (length >= room)
        return fault_set(f, FAULT_BODY_FORMAT, field, "is too long");
    memcpy(to, from ? from : "", length + 1);
    return true;
}

bool frame_read_caller(const Envelope *e, struct call *call)
{
    const Actor *from = e->actor;
    struct actor *to = &call->actor;
    struct fault *f = &call->fault;

    call->deadline = tick_after(milliseconds(e->remaining_ms));
    if (!copy_text(call->traceparent, sizeof call->traceparent, e->traceparent, "traceparent", f))
        return false;
    if (!from)
        return true;
    to->account_id = from->account_id;
    to->user_id = from->user_id;
    to->api_key_id = from->api_key_id;
    return copy_text(to->source, sizeof to->source, from->source, "actor.source", f) &&
           copy_text(to->ip, sizeof to->ip, from->ip, "actor.ip", f);
}

static ProtobufCService *find_service(ProtobufCService *const *serves, const char *name)
{
    for (; *serves; serves++) {
        if (strcmp((*serves)->descriptor->name, name) == 0)
            return *serves;
    }
    return NULL;
}

bool frame_find_target(ProtobufCService *const *serves, const Envelope *e, struct frame_target *out,
                       struct fault *f)
{
    const ProtobufCMethodDescriptor *method = NULL;
    ProtobufCService *service = find_service(serves, e->service);

    if (service)
        method = protobuf_c_service_descriptor_get_method_by_name(service->descriptor, e->method);
    if (!method)
        return fault_set(f, FAULT_NO_ROUTE, NULL, "%.40s.%.40s is not served here", e->service,
                         e->method);
    *out = (struct frame_target){ .service = service,
                                  .method = method,
                                  .index = (unsigned)(method - service->descriptor->methods) };
    return true;
}

ProtobufCMessage *frame_read_input(struct arena *a, const struct frame_target *target,
                                   struct bytes body, struct fault *f)
{
    ProtobufCMessage *in =
        protobuf_c_message_unpack(target->method->input, &a->pb, body.size, body.data);

    if (!in)
        fault_set(f, FAULT_BODY_FORMAT, NULL, "is no %s", target->method->input->name);
    return in;
}

/* protobuf-c's strings are not const, though packing only reads them. */
static char *borrowed(const char *text)
{
    union {
        const char *given;
        char *taken;
    } as = { text };

    return *text ? as.taken : NULL;
}

static uint32_t wire_milliseconds(struct duration d)
{
    int64_t ms = d.us / 1000;

    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

void frame_fill_method(Envelope *e, const ProtobufCServiceDescriptor *service,
                       const ProtobufCMethodDescriptor *method)
{
    e->service = borrowed(service->name);
    e->method = borrowed(method->name);
}

void frame_fill_caller(Envelope *e, Actor *wire, const struct bus_call *call)
{
    const struct actor *actor = &call->actor;

    *wire = (Actor)ACTOR__INIT;
    wire->account_id = actor->account_id;
    wire->has_account_id = actor->account_id != 0;
    wire->user_id = actor->user_id;
    wire->has_user_id = actor->user_id != 0;
    wire->api_key_id = actor->api_key_id;
    wire->has_api_key_id = actor->api_key_id != 0;
    wire->source = borrowed(actor->source);
    wire->ip = borrowed(actor->ip);
    e->actor = wire;
    e->traceparent = borrowed(call->traceparent);
    e->has_remaining_ms = true;
    e->remaining_ms = wire_milliseconds(tick_left(call->deadline));
}

static struct bytes pack(struct arena *a, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = arena_alloc(a, size);

    protobuf_c_message_pack(message, data);
    return (struct bytes){ data, size };
}

static struct bytes write_fault(struct arena *a, uint64_t id, const struct fault *fault,
                                bool not_begun)
{
    Reply reply = REPLY__INIT;
    Fault wire = FAULT__INIT;

    wire.code = borrowed(fault_name(fault->code));
    wire.field = borrowed(fault->field);
    wire.detail = borrowed(fault->detail);
    reply.id = id;
    reply.fault = &wire;
    reply.has_not_begun = reply.not_begun = not_begun;
    return pack(a, &reply.base);
}

struct bytes frame_write_reply(struct arena *a, uint64_t id, const ProtobufCMessage *answer,
                               const struct fault *fault)
{
    Reply reply = REPLY__INIT;
    struct fault large;

    if (!answer)
        return write_fault(a, id, fault, false);
    reply.id = id;
    reply.has_body = true;
    reply.body.len = protobuf_c_message_get_packed_size(answer);
    if (reply.body.len > BUS_BODY_MAX) {
        fault_set(&large, FAULT_INTERNAL, NULL, "answer %s of %zu bytes does not fit",
                  answer->descriptor->name, reply.body.len);
        return write_fault(a, id, &large, false);
    }
    reply.body.data = arena_alloc(a, reply.body.len);
    protobuf_c_message_pack(answer, reply.body.data);
    return pack(a, &reply.base);
}

struct bytes frame_write_refusal(struct arena *a, uint64_t id, const struct fault *fault)
{
    return write_fault(a, id, fault, fault->code == FAULT_UNAVAILABLE);
}

const Reply *frame_open_reply(struct arena *a, struct bytes frame)
{
    return reply__unpack(&a->pb, frame.size, frame.data);
}

/* By name, so that services of two versions agree whatever rows faults.def has gained. */
static enum fault_code fault_named(const char *name)
{
    for (int i = FAULT_NONE + 1; i < FAULT_COUNT; i++) {
        if (strcmp(fault_name((enum fault_code)i), name) == 0)
            return (enum fault_code)i;
    }
    return FAULT_INTERNAL;
}

static void read_fault(const Fault *wire, struct fault *f)
{
    fault_set(f, fault_named(wire->code), wire->field, "%s", wire->detail ? wire->detail : "");
}

ProtobufCMessage *frame_read_answer(struct arena *a, const Reply *reply,
                                    const ProtobufCMessageDescriptor *type, struct fault *f)
{
    if (reply->fault) {
        read_fault(reply->fault, f);
        return NULL;
    }
    ProtobufCMessage *answer =
        protobuf_c_message_unpack(type, &a->pb, reply->body.len, reply->body.data);
    if (!answer)
        fault_set(f, FAULT_INTERNAL, NULL, "the peer's answer is no %s", type->name);
    return answer;
}
