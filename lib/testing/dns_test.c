#include "testing/dns.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing/patience.h"

/* Starts a rig, tells where it is, and dies as a test does that crashed or lost its terminal. */
static _Noreturn void be_killed(int told)
{
    struct dns_rig rig;
    struct fault f;

    if (dns_rig_start(&rig, "127.77.61.53", &f) &&
        write(told, rig.folder, sizeof rig.folder) == sizeof rig.folder)
        raise(SIGKILL);
    fprintf(stderr, "%s\n", f.detail);
    _exit(1);
}

static void name_servers_end_with_the_test(void **state)
{
    char folder[sizeof((struct dns_rig *)0)->folder];
    struct stat st;
    int ends[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0)
        be_killed(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(read(ends[0], folder, sizeof folder), sizeof folder);
    /* The folder goes last. */
    await_that(stat(folder, &st) != 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(name_servers_end_with_the_test) };

    return cmocka_run_group_tests_name("dns rig", tests, NULL, NULL);
}
