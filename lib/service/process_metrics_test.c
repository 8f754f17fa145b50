#include "service/process_metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"

static struct arena arena;

/* -1: it is not there. */
static double value(const char *name)
{
    struct text out;
    text_init(&out, &arena);
    process_metrics_write(&out);
    const char *line = strstr(out.data, arena_format(&arena, "\n%s ", name));
    return line ? strtod(line + strlen(name) + 2, NULL) : -1;
}

static void each_has_a_value_also_in_a_guarded_process(void **state)
{
    (void)state;
    process_guard(); /* as every service is: its files in /proc are root's */
    assert_true(value("process_cpu_seconds_total") >= 0);
    assert_true(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
    assert_true(value("process_resident_memory_bytes") > 100000);
    assert_true(value("process_threads") >= 1);
    assert_true(value("process_max_fds") >= value("process_open_fds"));
    assert_true(value("process_start_time_seconds") > 1e9);
}

static void descriptors_are_counted(void **state)
{
    (void)state;
    double before = value("process_open_fds");
    int fd = dup(0);
    assert_true(fd >= 0);
    assert_int_equal(value("process_open_fds"), before + 1);
    close(fd);
    assert_int_equal(value("process_open_fds"), before);
}

static void memory_is_counted(void **state)
{
    enum { HALF = 32 * 1024 * 1024, SIZE = 2 * HALF };
    (void)state;
    double before = value("process_resident_memory_bytes");
    char *room = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(room != MAP_FAILED);
    memset(room, 1, SIZE);
    assert_true(value("process_resident_memory_bytes") > before + HALF);
    munmap(room, SIZE);
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_a_value_also_in_a_guarded_process),
        cmocka_unit_test(descriptors_are_counted),
        cmocka_unit_test(memory_is_counted),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
