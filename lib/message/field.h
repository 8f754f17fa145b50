/* field - what the codecs share: finding members of a message and their values by descriptor. */
#ifndef MESSAGE_FIELD_H
#define MESSAGE_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"

size_t field_size(const ProtobufCFieldDescriptor *field); /* of one value, in bytes */
const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *type,
                                           const char *name);

/* Dotted path "certificate.common_name"; NULL if there is no such field. `*owner` (may be NULL) is
 * the type that holds it. */
const ProtobufCFieldDescriptor *field_find_path(const ProtobufCMessageDescriptor *type,
                                                const char *path,
                                                const ProtobufCMessageDescriptor **owner);

bool field_is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
bool type_is_instant(const ProtobufCMessageDescriptor *type); /* message Instant */

ProtobufCMessage *message_new(struct arena *a, const ProtobufCMessageDescriptor *type);
ProtobufCMessage *message_copy(struct arena *a, const ProtobufCMessage *message);

/* "NEEDS_CSR" <-> "needs_csr"; wire.def may spell with '-'. NULL / false when unknown. */
const char *enum_text(struct arena *a, const ProtobufCEnumDescriptor *type, int value);
bool enum_read(const ProtobufCEnumDescriptor *type, const char *text, int *out);

#endif
