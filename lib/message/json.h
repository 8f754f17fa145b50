/* json - JSON text to message and back, by the message's descriptor. The only JSON codec there is.
 *
 * A JSON key is the field of that name. Enum values are spelled as in the .proto, in lower case
 * (NEEDS_CSR <-> "needs_csr"). bytes are base64. Instant is RFC 3339. What differs on the published
 * wire is a row in message/wire.def.
 *
 * Reading is strict about JSON (RFC 8259: UTF-8, no duplicate keys, no trailing bytes, at most
 * JSON_DEPTH_MAX levels, JSON_MEMBERS_MAX members an object) and lenient about types: numbers and
 * booleans may come as strings, 0 and 1 as booleans; unknown members are skipped; null is absent.
 * Integers are exact over the whole range of their type. oneof and map are not supported.
 */
#ifndef MESSAGE_JSON_H
#define MESSAGE_JSON_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum { JSON_DEPTH_MAX = 16, JSON_MEMBERS_MAX = 256, JSON_ITEMS_MAX = 4096 };

/* The decoded message lives in `a`. On failure NULL: FAULT_BODY_FORMAT when it is no JSON object,
 * FAULT_REQUIRED or FAULT_INVALID with the dotted path of the member ("certificate.dns_names[3]").
 * Strings with a NUL character are refused. A list that is there but empty has a pointer that is
 * not NULL and a count of 0; an absent list has NULL. */
ProtobufCMessage *message_from_json(struct arena *a, const ProtobufCMessageDescriptor *type,
                                    const char *json, size_t size, struct fault *f);

/* As above, but into `message`, which is initialised or partly filled: members already set (from
 * the path or the query) are kept where the text does not name them; required members are checked.
 * After a failure `message` may be partly changed. */
bool message_merge_json(struct arena *a, ProtobufCMessage *message, const char *json, size_t size,
                        struct fault *f);

/* Members of a request that its message does not have, or that a client cannot give: the first of a
 * name in a message, as many as there is room for. */
enum { JSON_STRAYS_MAX = 32, JSON_PATH_SIZE = 96 };
struct json_strays {
    /* Can a client give this member of the request itself? NULL: any. */
    bool (*opens)(const void *context, const char *name);
    const void *context;
    size_t count;
    struct json_stray {
        char path[JSON_PATH_SIZE]; /* "contacts[0].fist_name" */
        size_t outer;              /* how much of it says in what: "contacts[0]." */
        const ProtobufCMessageDescriptor *within;
    } all[JSON_STRAYS_MAX];
};

/* As above, of a client. Which members a body must have is said by the message; for all others 0, "",
 * {} and [] mean like null that they are not given, since programs in Go and PHP send all they know,
 * and an object is given when one of its members is. Members for which that is a value are rows of
 * wire.def (ZERO_COUNTS). A body that is missing, null, [] or "" is {}. More in message/lenient.h. `strays`
 * (NULL: nobody asks) are added to also when a member has a fault. */
bool message_merge_request(struct arena *a, ProtobufCMessage *message, const char *json,
                           size_t size, struct json_strays *strays, struct fault *f);

/* Appends compact JSON. Absent optional members and absent lists are left out; an empty list is
 * written as [] unless wire.def says DROP_EMPTY. */
void message_to_json(const ProtobufCMessage *message, struct text *out);

/* Sets one member from text (a path segment or a query parameter): `path` is dotted, a list member
 * is appended to. False with FAULT_INVALID if there is no such member or the text does not fit. */
bool message_set_text(struct arena *a, ProtobufCMessage *message, const char *path,
                      const char *text, struct fault *f);

/* Every required member set, at every level? Else FAULT_REQUIRED with the path. A required number,
 * boolean or enum has no flag: it counts as not set while it is as initialised. (The readers above
 * know better: a 0 in the text is there.) Where 0 may come by path or query, use optional. */
bool message_complete(const ProtobufCMessage *message, struct fault *f);

/* Appends `s` as a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
void json_add_string(struct text *out, const char *s);

#endif
