#include "store/describe.h"

#include "base/text.h"
#include "store/connection.h"
#include "store/input.h"

static bool parameter_types(const struct sql *sql, uint32_t types[SQL_PARAMS_MAX], size_t *count,
                            struct fault *f)
{
    for (*count = 0; *count < SQL_PARAMS_MAX && sql->params[*count]; ++*count)
        if (!input_type(sql, sql->params[*count], &types[*count], f))
            return false;
    return true;
}

bool store_describe(struct store *s, struct arena *a, const struct sql *sql,
                    struct description *out, struct fault *f)
{
    uint32_t types[SQL_PARAMS_MAX];
    AUTO(PGresult) result = NULL;
    size_t count;

    if (!parameter_types(sql, types, &count, f))
        return false;
    result = connection_describe(s, sql, types, count, f);
    if (!result)
        return false;
    out->count = (size_t)PQnfields(result);
    out->columns = arena_array(a, struct row_column, out->count);
    for (size_t i = 0; i < out->count; i++) {
        out->columns[i].name = arena_strdup(a, PQfname(result, (int)i));
        out->columns[i].type = PQftype(result, (int)i);
    }
    return row_resolve(sql->out, out->columns, out->count, f);
}

bool store_explain(struct store *s, struct arena *a, const struct sql *sql, struct fault *f)
{
    AUTO(PGresult) result = NULL;
    struct text t;

    text_init(&t, a);
    text_format(&t, "EXPLAIN EXECUTE %s", sql->name);
    for (int i = 0; i < SQL_PARAMS_MAX && sql->params[i]; i++)
        text_add(&t, i ? ", NULL" : " (NULL");
    text_add(&t, sql->params[0] ? ")" : "");
    result = connection_command(s, t.data, f);
    return result;
}
