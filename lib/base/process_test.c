#include "base/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

/* The limit of a shell, and less than what is allowed. */
static int files_opened(int count)
{
    int opened = 0;
    int last = -1;

    for (int i = 0; i < count; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        opened += fd >= 0;
        last = fd > last ? fd : last;
    }
    for (int i = 0; i < opened; i++)
        close(last - i);
    return opened;
}

static void as_many_files_as_are_allowed(void **state)
{
    enum { FEW = 32, MANY = 200 };
    struct rlimit before, files;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(before.rlim_max > 2 * MANY);
    files = (struct rlimit){ FEW, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(files_opened(MANY) < FEW);
    process_files_allow();
    assert_int_equal(files_opened(MANY), MANY);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(files.rlim_cur == before.rlim_max && files.rlim_max == before.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_files_as_are_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
