#include "members.h"

#include "ignored.h"
#include "message/plan.h"

static bool opens(const void *entry, const char *name)
{
    return route_opens(entry, name);
}

struct json_strays members_begin(const struct route_entry *e)
{
    return (struct json_strays){ .opens = opens, .context = e };
}

/* What might have been meant, written as the stray is. */
struct meant {
    struct arena *arena;
    const struct json_strays *strays;
    const struct json_stray *stray;
    const char *paths[PLAN_FIELDS_MAX];
    size_t count;
};

static bool is_open(const struct meant *m, const char *name)
{
    return m->stray->outer || m->strays->opens(m->strays->context, name);
}

static void meant_add(struct meant *m, const char *within, const char *dot, const char *name)
{
    if (m->count < PLAN_FIELDS_MAX)
        m->paths[m->count++] = arena_format(m->arena, "%.*s%s%s%s", (int)m->stray->outer,
                                            m->stray->path, within, dot, name);
}

static void add_own(struct meant *m, const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (is_open(m, type->fields[i].name))
            meant_add(m, "", "", type->fields[i].name);
}

/* Often a member stands beside the object that it belongs into. */
static void add_below(struct meant *m, const struct plan_field *field)
{
    const ProtobufCMessageDescriptor *type = field->field->descriptor;
    if (!field->object || field->repeated || !is_open(m, field->field->name))
        return;
    for (unsigned i = 0; i < type->n_fields; i++)
        meant_add(m, field->field->name, ".", type->fields[i].name);
}

static bool judge(struct call *call, const struct json_strays *strays,
                  const struct json_stray *stray)
{
    const struct plan *plan = plan_of(stray->within);
    struct meant m = { .arena = &call->arena, .strays = strays, .stray = stray };
    add_own(&m, stray->within);
    for (unsigned i = 0; i < plan->type->n_fields; i++)
        add_below(&m, &plan->fields[i]);
    return ignored_add(call, &(struct ignored){ .header = IGNORED_MEMBERS,
                                                .field = stray->path,
                                                .name = stray->path,
                                                .known = m.paths,
                                                .count = m.count });
}

bool members_judge(struct call *call, const struct json_strays *strays)
{
    for (size_t i = 0; i < strays->count; i++)
        if (!judge(call, strays, &strays->all[i]))
            return false;
    return true;
}
