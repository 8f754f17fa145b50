/* policy_copy_test - copies of policy/ in the test's folder, to change and to load. */
#ifndef CLI_POLICY_COPY_TEST_H
#define CLI_POLICY_COPY_TEST_H

#include "fixture_test.h"

SHARED void part_copy(const char *part)
{
    const char *from = arena_format(&arena, "policy/%s", part);
    char **names;
    size_t count;
    assert_int_equal(mkdir(path_of(part), 0755), 0);
    assert_true(folder_list(&arena, from, ".json", &names, &count, &f));
    for (size_t i = 0; i < count; i++)
        file_put(arena_format(&arena, "%s/%s/%s", folder, part, names[i]),
                 file_get(arena_format(&arena, "%s/%s", from, names[i])));
}

/* As setup of a test: what a policy cannot be without. */
SHARED int policy_copy(void **state)
{
    begin(state);
    part_copy("rules");
    part_copy("products");
    part_copy("profiles");
    return 0;
}

/* The first `from` becomes `to`. */
SHARED void edit(const char *name, const char *from, const char *to)
{
    char *text = file_get(path_of(name)), *at = strstr(text, from);
    if (!at) {
        fail_msg("%s is not in %s", from, name);
        return;
    }
    *at = '\0';
    file_put(path_of(name), arena_format(&arena, "%s%s%s", text, to, at + strlen(from)));
}

SHARED bool load(void)
{
    return run(policy_load_command, folder);
}

#endif
