/* Where the policy and the migrations are found. */
#include "share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static struct arena arena;

/* PREFIX/share/chancery/migrations, as `make install` makes it, and nothing else. */
static const char *prefix_make(void)
{
    char *prefix = arena_strdup(&arena, "/tmp/share-test-XXXXXX");
    assert_non_null(mkdtemp(prefix));
    const char *parts[] = { "bin", "share", "share/chancery", "share/chancery/migrations" };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_int_equal(mkdir(arena_format(&arena, "%s/%s", prefix, parts[i]), 0700), 0);
    return prefix;
}

static void what_was_installed_is_taken(void **state)
{
    (void)state;
    const char *prefix = prefix_make();
    const char *program = arena_format(&arena, "%s/bin/chancery", prefix);
    const char *found = share_folder_of(&arena, program, "migrations", "db/migrations");
    assert_string_equal(found, arena_format(&arena, "%s/bin/../share/chancery/migrations", prefix));
    assert_string_equal(share_folder_of(&arena, program, "policy", "policy"), "policy");
    assert_int_equal(system(arena_format(&arena, "rm -r '%s'", prefix)), 0);
}

static void a_program_of_a_checkout_takes_what_is_there(void **state)
{
    (void)state;
    assert_string_equal(share_folder(&arena, "migrations", "db/migrations"), "db/migrations");
    assert_string_equal(share_folder_of(&arena, "", "policy", "policy"), "policy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_installed_is_taken),
        cmocka_unit_test(a_program_of_a_checkout_takes_what_is_there),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
