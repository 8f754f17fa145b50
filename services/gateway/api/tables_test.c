/* Every row of the API: can it be served, is its permission known? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/tables.h"
#include "caller.pb-c.h"
#include "message/field.h"
#include "openapi.h"
#include "published.h"
#include "role.h"

static const struct route_family families[] = {
    { "/services/v2", api_tables, .published = published_calls },
    { "", openapi_tables },
    { 0 },
};

static void every_row_can_be_served(void **state)
{
    struct fault f = { 0 };
    struct router *r = router_new(families, &f);
    (void)state;
    if (!r)
        fail_msg("%s %s", f.field, f.detail);
    router_free(r);
}

static bool is_served(const struct router *r, struct arena *a, enum method method, const char *path)
{
    struct route_match m;
    router_match(r, a, method, path, &m);
    if (m.entry && (m.unserved || m.entry->own))
        fail_msg("%s is %s", path, m.entry->route->path);
    return m.entry || m.unserved;
}

/* Each published call is one of the rows, or known to be none. */
static void every_published_call_is_known(void **state)
{
    struct fault f = { 0 };
    struct arena a;
    struct router *r = router_new(families, &f);
    const struct published *call = published_calls;
    (void)state;
    arena_init(&a);
    for (; call->path; call++) {
        const char *path = arena_format(&a, "/services/v2%s", call->path);
        if (!is_served(r, &a, call->method, path))
            fail_msg("%s %s", method_name(call->method), path);
        assert_false(is_served(r, &a, call->method, arena_format(&a, "%s/x/y/z", path)));
    }
    assert_in_range(call - published_calls, 100, 300);
    arena_free(&a);
    router_free(r);
}

static void every_permission_is_known(void **state)
{
    struct fault f = { 0 };
    const struct route_entry *entries;
    struct router *r = router_new(families, &f);
    struct roles *roles = roles_load("policy/roles.json", &f);
    (void)state;
    assert_non_null(r);
    assert_non_null(roles);
    size_t count = router_entries(r, &entries);
    assert_true(count > 1);
    for (size_t i = 0; i < count; i++) {
        const struct route *row = entries[i].route;
        if (row->permission && !roles_know(roles, row->permission))
            fail_msg("%s asks for %s", row->path, row->permission);
        if (!row->permission && entries[i].family == &families[0])
            fail_msg("%s is open to everybody", row->path);
    }
    roles_free(roles);
    router_free(r);
}

static bool in_path(const struct route_entry *e, const char *name)
{
    for (size_t i = 0; e->fields[i]; i++)
        if (strcmp(e->fields[i], name) == 0)
            return true;
    return false;
}

static bool is_filled(const struct route_entry *e)
{
    for (unsigned i = 0; i < e->in->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &e->in->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REQUIRED && !in_path(e, field->name))
            return false;
    }
    return true;
}

/* GET has no body that could bring what is required: the path has it all. */
static void reading_needs_no_body(void **state)
{
    struct fault f = { 0 };
    const struct route_entry *entries;
    struct router *r = router_new(families, &f);
    (void)state;
    assert_non_null(r);
    size_t count = router_entries(r, &entries);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].route->method == GET && !is_filled(&entries[i]))
            fail_msg("%s needs more than its path", entries[i].route->path);
    }
    router_free(r);
}

/* Who calls, from where and when comes from the call (statement.h): no input has it, where a client could
 * send it. An input may name a user to speak of. */
static void no_input_has_a_caller(void **state)
{
    struct fault f = { 0 };
    const struct route_entry *entries;
    struct router *r = router_new(families, &f);
    (void)state;
    assert_non_null(r);
    size_t count = router_entries(r, &entries);
    for (size_t i = 0; i < count; i++)
        for (unsigned k = 0; k < caller__descriptor.n_fields; k++) {
            const char *name = caller__descriptor.fields[k].name;
            if (strcmp(name, "user_id") != 0 && field_find(entries[i].in, name))
                fail_msg("%s has the member %s", entries[i].route->path, name);
        }
    router_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_can_be_served),
        cmocka_unit_test(every_published_call_is_known),
        cmocka_unit_test(every_permission_is_known),
        cmocka_unit_test(reading_needs_no_body),
        cmocka_unit_test(no_input_has_a_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
