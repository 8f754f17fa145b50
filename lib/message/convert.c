#include "message/convert.h"

Instant *instant_message(struct arena *a, struct instant at)
{
    Instant *i = arena_new(a, Instant);
    instant__init(i);
    i->us = at.us;
    return i;
}

struct instant instant_value(const Instant *at)
{
    return (struct instant){ at ? at->us : 0 };
}

ProtobufCBinaryData bytes_message(struct arena *a, struct bytes b)
{
    return (ProtobufCBinaryData){ b.size, arena_copy(a, b.data, b.size) };
}

struct bytes bytes_value(ProtobufCBinaryData data)
{
    return (struct bytes){ data.data, data.len };
}
