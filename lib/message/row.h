/* row - messages to SQL parameters and result rows to messages, in PostgreSQL's binary formats.
 *
 * A member becomes: whole numbers int8, bool bool, string and enum text, bytes bytea, Instant
 * timestamptz, an absent member NULL. A column may be int2, int4, int8, xid8, bool, text, varchar,
 * name, bytea, timestamptz, an array of those, json or jsonb. JSON fills a sub-message, a list
 * (from a JSON array), or a string (as it is); bytes inside it are base64, so a statement writes
 * encode(x, 'base64') there. The instants 'infinity' and '-infinity' are INT64_MAX and
 * INT64_MIN.
 */
#ifndef MESSAGE_ROW_H
#define MESSAGE_ROW_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

/* Object ids of pg_catalog.pg_type; they never change. */
// clang-format off
enum sql_type {
    SQL_BOOL = 16, SQL_BYTEA = 17, SQL_NAME = 19, SQL_INT8 = 20, SQL_INT2 = 21, SQL_INT4 = 23,
    SQL_TEXT = 25, SQL_JSON = 114, SQL_VARCHAR = 1043, SQL_TIMESTAMPTZ = 1184, SQL_JSONB = 3802,
    SQL_XID8 = 5069,
    SQL_BOOL_ARRAY = 1000, SQL_BYTEA_ARRAY = 1001, SQL_INT2_ARRAY = 1005, SQL_INT4_ARRAY = 1007,
    SQL_TEXT_ARRAY = 1009, SQL_VARCHAR_ARRAY = 1015, SQL_INT8_ARRAY = 1016,
    SQL_TIMESTAMPTZ_ARRAY = 1185
};
// clang-format on

enum { ROW_DEPTH_MAX = 6 };

struct row_path {
    const ProtobufCFieldDescriptor *steps[ROW_DEPTH_MAX];
    size_t depth;
};

/* Dotted path to fields; every step but the last must be a message. */
bool row_path_read(const ProtobufCMessageDescriptor *type, const char *path, struct row_path *out,
                   struct fault *f);

struct row_param {
    uint32_t type;    /* enum sql_type */
    const char *data; /* borrowed from the message or in the arena; NULL: SQL NULL */
    int size;
};

/* Binds the member at `path` of in[0]. With a list on the path, or for a set statement, it is an
 * array: of in[0..count) the elements in order, NULL for an absent member, nothing for an absent
 * list. */
bool row_bind(struct arena *a, const char *path, bool set, const ProtobufCMessage *const *in,
              size_t count, struct row_param *out, struct fault *f);

/* What row_bind() will say for messages of this type. */
bool row_param_type(const ProtobufCMessageDescriptor *type, const char *path, bool set,
                    uint32_t *out, struct fault *f);

struct row_column {
    const char *name;
    uint32_t type;        /* enum sql_type */
    struct row_path path; /* from here on filled in by row_resolve() */
    const struct row_reader *reader;
};

/* Finds the member of each column's name in `type`; FAULT_INTERNAL if there is none or the column's
 * type does not fit it. */
bool row_resolve(const ProtobufCMessageDescriptor *type, struct row_column *columns, size_t count,
                 struct fault *f);

struct row_value {
    const uint8_t *data;
    size_t size;
    bool null;
};

/* Fills `out` from one row; members without a column, and those whose value is NULL, stay as they
 * are. So does an enum whose value this release does not know; a list goes without it. FAULT_INTERNAL when a value does not fit or a required member is NULL. */
bool row_read(struct arena *a, const struct row_column *columns, size_t count,
              const struct row_value *values, ProtobufCMessage *out, struct fault *f);

#endif
