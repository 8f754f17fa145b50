#include "base/secret_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.h"

enum { SOMEBODY = 1234 };

static const struct {
    mode_t mode;
    bool own, good;
} modes[] = {
    { 0600, true, true },   { 0400, true, true },   { 0640, true, false },  { 0440, true, false },
    { 0604, true, false },  { 0601, true, false },  { 0620, true, false },  { 0440, false, true },
    { 0640, false, true },  { 0400, false, true },  { 0460, false, false }, { 0444, false, false },
    { 0660, false, false }, { 0606, false, false },
};

static void modes_are_judged(void **state)
{
    char path[] = "/tmp/secret_file_test_XXXXXX", cure[64];
    int fd = mkstemp(path);

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct fault f = { 0 };

        /* Another user's file can be made by root alone. */
        if (fchown(fd, modes[i].own ? geteuid() : SOMEBODY, getegid()) != 0)
            continue;
        assert_int_equal(fchmod(fd, modes[i].mode), 0);
        if (secret_file_guarded(fd, path, "pin", &f) != modes[i].good)
            fail_msg("%o of %s: %s", modes[i].mode, modes[i].own ? "own" : "another", f.detail);
        if (modes[i].good)
            continue;
        snprintf(cure, sizeof cure, "chmod %s %s", modes[i].own ? "600" : "440", path);
        assert_non_null(strstr(f.detail, cure));
        assert_string_equal(f.field, "pin");
    }
    close(fd);
    unlink(path);
}

static void no_file_is_not_guarded(void **state)
{
    struct fault f;

    (void)state;
    assert_false(secret_file_guarded(-1, "/x", NULL, &f));
}

static bool is_guarded(void)
{
    struct rlimit core;

    getrlimit(RLIMIT_CORE, &core);
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 &&
           core.rlim_cur == 0 && core.rlim_max == 0;
}

/* In a child, as it cannot be taken back; what looks for leaks at its end can still do so. */
static int child(bool as_somebody)
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (as_somebody && (setgid(SOMEBODY) != 0 || setuid(SOMEBODY) != 0))
            _exit(0);
        process_guard();
        if (!is_guarded())
            _exit(1);
        exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_guarded_process_has_no_core(void **state)
{
    (void)state;
    assert_int_equal(child(false), 0);
    assert_int_equal(child(true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_are_judged),
        cmocka_unit_test(no_file_is_not_guarded),
        cmocka_unit_test(a_guarded_process_has_no_core),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
