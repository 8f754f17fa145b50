/* row_value - row.h's inside: how one SQL value becomes one member. */
#ifndef MESSAGE_ROW_VALUE_H
#define MESSAGE_ROW_VALUE_H

#include "message/row.h"

/* One value on its way into a member, or into an element of a list. */
struct reading {
    struct arena *arena;
    const struct row_column *column;
    ProtobufCMessage *message; /* that holds the member */
    const ProtobufCFieldDescriptor *field;
    struct bytes value;
    bool *unknown; /* set: there is no such value in this release; the member stays unset */
    struct fault *fault;
};

enum row_kind { WHOLE, TRUTH, TEXT, BYTES, MOMENT, JSON };

struct row_reader {
    enum row_kind kind;
    ProtobufCType type;
    bool (*read)(const struct reading *r, void *member);
};

/* NULL when a column of this SQL type cannot fill the field. */
const struct row_reader *row_reader_find(uint32_t sql_type, const ProtobufCFieldDescriptor *field);

/* Sets the fault and returns false. */
bool row_unfit(const struct reading *r, const char *why);

#endif
