#include "store/input.h"

#include <string.h>

/* The path below the caller; NULL: it is one of the input. */
static const char *caller_member(const char *path)
{
    static const char prefix[] = "caller.";

    return strncmp(path, prefix, strlen(prefix)) == 0 ? path + strlen(prefix) : NULL;
}

/* Never with a stranger's NULL for an account: what compares with it finds nothing, but what it writes has
 * no owner. */
static bool callers_known(const struct sql *sql, const struct input *input, struct fault *f)
{
    for (size_t i = 0; i < input->count; i++)
        if (!input->callers || !input->callers[i])
            return fault_set(f, FAULT_INTERNAL, NULL, "%s is asked by nobody", sql->name);
    return true;
}

bool input_bind(struct arena *a, const struct sql *sql, const char *path, const struct input *input,
                struct row_param *out, struct fault *f)
{
    const char *member = caller_member(path);

    if (!member)
        return row_bind(a, path, sql->set, input->in, input->count, out, f);
    if (!callers_known(sql, input, f))
        return false;
    const ProtobufCMessage **callers = arena_array(a, const ProtobufCMessage *, input->count);
    for (size_t i = 0; i < input->count; i++)
        callers[i] = &input->callers[i]->base;
    return row_bind(a, member, sql->set, callers, input->count, out, f);
}

bool input_type(const struct sql *sql, const char *path, uint32_t *out, struct fault *f)
{
    const char *member = caller_member(path);

    return row_param_type(member ? &caller__descriptor : sql->in, member ? member : path, sql->set,
                          out, f);
}
