#include "base/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of make in an empty folder, where no git helps, with what stands in front of it. */
static const char *made(const char *before)
{
    static char line[128];
    char command[512];
    snprintf(
        command, sizeof command,
        "f=$(mktemp -d) && m=\"$PWD/Makefile\" && cd $f && env -u MAKEFLAGS -u CHANCERY_VERSION %s "
        "make -s -f "
        "\"$m\" G=$f/gen B=$f/out $f/gen/version.def 2>/dev/null && cat $f/gen/version.def; rm -rf "
        "$f",
        before);
    *line = '\0';
    FILE *out = popen(command, "re");
    assert_non_null(out);
    assert_non_null(fgets(line, sizeof line, out));
    assert_int_equal(pclose(out), 0);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

static void a_build_says_what_it_is(void **state)
{
    (void)state;
    assert_true(strlen(version_text()) > 0);
    assert_null(strchr(version_text(), '\n'));
    assert_string_equal(made(""), "\"unknown (built without git)\"");
    assert_string_equal(made("CHANCERY_VERSION=v1.2.3"), "\"v1.2.3\"");
}

/* It stands in C, in a label of a metric and on a line. */
static void a_version_is_one_plain_word(void **state)
{
    (void)state;
    assert_string_equal(made("CHANCERY_VERSION='1\"2\\n $x'"), "\"12n x\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_build_says_what_it_is),
        cmocka_unit_test(a_version_is_one_plain_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
