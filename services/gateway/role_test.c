#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "role.h"

enum { ADMINISTRATOR = 1, LIMITED, FINANCE, MANAGER, STANDARD };
enum { FREE = 0, ORDERS = 100, ORDERS_DOMAINS, VIEW, USERS };

// clang-format off
static const struct {
    int role, key;
    const char *permission;
    bool allowed;
} cases[] = {
    { ADMINISTRATOR, FREE,           "order:create",        true },
    { ADMINISTRATOR, FREE,           "user:delete",         true },
    { ADMINISTRATOR, FREE,           "any",                 true },
    { ADMINISTRATOR, FREE,           "order:nonsense",      false },
    { ADMINISTRATOR, FREE,           "",                    false },
    { ADMINISTRATOR, ORDERS,         "order:create",        true },
    { ADMINISTRATOR, ORDERS,         "domain:create",       false },
    { ADMINISTRATOR, ORDERS_DOMAINS, "domain:create",       true },
    { ADMINISTRATOR, ORDERS_DOMAINS, "user:read",           false },
    { ADMINISTRATOR, VIEW,           "order:read",          true },
    { ADMINISTRATOR, VIEW,           "order:create",        false },
    { ADMINISTRATOR, USERS,          "user:create",         true },
    { ADMINISTRATOR, USERS,          "order:read",          false },
    { ADMINISTRATOR, 999,            "order:read",          false },
    { LIMITED,       FREE,           "order:create",        true },
    { LIMITED,       FREE,           "request:approve",     false },
    { FINANCE,       FREE,           "finance:update",      true },
    { FINANCE,       FREE,           "order:create",        false },
    { MANAGER,       FREE,           "request:approve",     true },
    { MANAGER,       FREE,           "webhook:read",        true },
    { MANAGER,       FREE,           "webhook:create",      false },
    { MANAGER,       FREE,           "secret:reveal",       false },
    { ADMINISTRATOR, VIEW,           "secret:reveal",       false },
    { ADMINISTRATOR, ORDERS,         "secret:reveal",       true },
    { MANAGER,       FREE,           "service_user:create", false },
    { STANDARD,      FREE,           "order:create",        true },
    { STANDARD,      FREE,           "organization:delete", false },
    { STANDARD,      VIEW,           "order:create",        false },
    { 0,             FREE,           "any",                 false },
    { 6,             FREE,           "order:read",          false },
};
// clang-format on

static void both_roles_must_allow(void **state)
{
    struct fault f = { 0 };
    struct roles *roles = roles_load("policy/roles.json", &f);
    (void)state;
    if (!roles)
        fail_msg("%s %s", f.field, f.detail);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (roles_allow(roles, cases[i].role, cases[i].key, cases[i].permission) !=
            cases[i].allowed)
            fail_msg("role %d, key %d, %s", cases[i].role, cases[i].key, cases[i].permission);
    roles_free(roles);
}

// clang-format off
static const struct {
    int role, key, most, most_key;
    bool within;
} comparisons[] = {
    { ADMINISTRATOR, FREE,   ADMINISTRATOR, FREE,           true },
    { STANDARD,      FREE,   ADMINISTRATOR, FREE,           true },
    { ADMINISTRATOR, ORDERS, ADMINISTRATOR, ORDERS_DOMAINS, true },
    { ADMINISTRATOR, ORDERS_DOMAINS, ADMINISTRATOR, ORDERS, false },
    { ADMINISTRATOR, FREE,   ADMINISTRATOR, USERS,          false },
    { ADMINISTRATOR, USERS,  ADMINISTRATOR, USERS,          true },
    { ADMINISTRATOR, FREE,   MANAGER,       FREE,           false },
    { FINANCE,       FREE,   MANAGER,       FREE,           false },
    { STANDARD,      FREE,   MANAGER,       FREE,           true },
    { LIMITED,       FREE,   STANDARD,      FREE,           true },
    { STANDARD,      VIEW,   ADMINISTRATOR, VIEW,           true },
    { 6,             FREE,   ADMINISTRATOR, FREE,           false },
    { LIMITED,       7,      ADMINISTRATOR, FREE,           false },
    { LIMITED,       FREE,   6,             FREE,           false },
    { LIMITED,       FREE,   ADMINISTRATOR, 7,              false },
};
// clang-format on

static void one_may_be_within_another(void **state)
{
    struct fault f = { 0 };
    struct roles *roles = roles_load("policy/roles.json", &f);
    (void)state;
    assert_non_null(roles);
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++)
        if (roles_within(roles, comparisons[i].role, comparisons[i].key, comparisons[i].most,
                         comparisons[i].most_key) != comparisons[i].within)
            fail_msg("comparison %zu", i);
    assert_string_equal(roles_find(roles, MANAGER)->name, "Manager");
    assert_string_equal(roles_find_key_role(roles, VIEW)->name, "View Only");
    assert_null(roles_find(roles, VIEW));
    assert_null(roles_find_key_role(roles, MANAGER));
    roles_free(roles);
}

static void all_are_named(void **state)
{
    static const char json[] =
        "{\"permissions\":[\"a:b\"],\"roles\":[{\"id\":7,\"name\":\"x\"},{\"id\":2,"
        "\"name\":\"y\"}],\"key_roles\":[{\"id\":100,\"name\":\"z\"}]}";
    struct fault f = { 0 };
    struct arena a;
    struct roles *roles = roles_parse(json, strlen(json), &f);
    (void)state;
    arena_init(&a);
    assert_non_null(roles);
    assert_string_equal(roles_ids(roles, &a), "7, 2");
    assert_string_equal(roles_key_ids(roles, &a), "100");
    arena_free(&a);
    roles_free(roles);
}

static void a_bad_file_is_a_fault(void **state)
{
    static const char *const files[] = {
        "",
        "[]",
        "{\"roles\":[{\"id\":1}]}",
        "{\"permissions\":[\"a:b\"],\"roles\":[{\"id\":1,\"name\":\"x\",\"permissions\":[\"a:c\"]}]"
        "}",
        "{\"permissions\":[\"a:b\"],\"key_roles\":[{\"id\":1,\"name\":\"x\",\"permissions\":[\"*:"
        "c\"]}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct fault f = { 0 };
        assert_null(roles_parse(files[i], strlen(files[i]), &f));
        assert_int_not_equal(f.code, FAULT_NONE);
    }
    struct fault f = { 0 };
    assert_null(roles_load("policy/no-such-file.json", &f));
    assert_string_equal(f.field, "policy/no-such-file.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_roles_must_allow),
        cmocka_unit_test(one_may_be_within_another),
        cmocka_unit_test(all_are_named),
        cmocka_unit_test(a_bad_file_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
