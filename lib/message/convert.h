/* convert - between what messages hold and what we compute with. */
#ifndef MESSAGE_CONVERT_H
#define MESSAGE_CONVERT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"
#include "common.pb-c.h"

Instant *instant_message(struct arena *a, struct instant at);

/* `at` NULL: the year 1970. */
struct instant instant_value(const Instant *at);

/* Copies into the arena. */
ProtobufCBinaryData bytes_message(struct arena *a, struct bytes b);

/* Borrows. */
struct bytes bytes_value(ProtobufCBinaryData data);

#endif
