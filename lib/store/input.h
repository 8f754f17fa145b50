/* input - where the parameters of a statement come from: ":caller.ip" from who asks, each other one from the
 * member of the input that it names.
 */
#ifndef STORE_INPUT_H
#define STORE_INPUT_H

#include "message/row.h"
#include "store/store.h"

struct input {
    const ProtobufCMessage *const *in; /* of sql->in; one, for a set statement any number */
    const Caller *const *callers;      /* one for each of `in`; NULL: nobody asks */
    size_t count;                      /* not 0 */
};

/* FAULT_INTERNAL when the statement wants to know who asks and nobody does, or when a member is missing
 * or cannot be a parameter. */
bool input_bind(struct arena *a, const struct sql *sql, const char *path, const struct input *input,
                struct row_param *out, struct fault *f);

/* What input_bind() will say of the type. */
bool input_type(const struct sql *sql, const char *path, uint32_t *out, struct fault *f);

#endif
