#include "base/log.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"

static int real_stderr, captured;
static char lines[3 * 8192];

static int setup(void **state)
{
    (void)state;
    log_context("", 0);
    log_start("test", LOG_DEBUG);
    real_stderr = dup(STDERR_FILENO);
    captured = memfd_create("log", MFD_CLOEXEC);
    return captured < 0 || dup2(captured, STDERR_FILENO) < 0;
}

static const char *release(void)
{
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    ssize_t n = pread(captured, lines, sizeof lines - 1, 0);
    close(captured);
    assert_true(n >= 0);
    lines[n] = '\0';
    return lines;
}

/* What follows the time in the only line there is. */
static const char *release_line(void)
{
    static const char head[] = "{\"time\":\"";
    const char *line = release(), *end = strchr(line, '\n');
    char time[64] = "";
    struct instant at;

    assert_non_null(end);
    assert_int_equal(end[1], '\0');
    assert_memory_equal(line, head, strlen(head));
    assert_int_equal(strcspn(line + strlen(head), "\""), strlen("2024-03-01T10:20:30.123Z"));
    memcpy(time, line + strlen(head), strlen("2024-03-01T10:20:30.123Z"));
    assert_true(instant_read(time, &at));
    return line + strlen(head) + strlen(time) + 2;
}

static void writes_a_line_of_json(void **state)
{
    (void)state;
    log_info("certificate issued", LOG_INT("order_id", -5), LOG_TEXT("serial", "0A"));
    assert_string_equal(release_line(),
                        "\"level\":\"info\",\"service\":\"test\",\"message\":\"certificate "
                        "issued\",\"order_id\":-5,\"serial\":\"0A\"}\n");
}

static void escapes_what_it_is_given(void **state)
{
    (void)state;
    log_error("a\"b\\c\nd\x7F", LOG_TEXT("v", "\xC3\xA9 \xFF\x01"), LOG_TEXT("none", NULL));
    assert_string_equal(release_line(),
                        "\"level\":\"error\",\"service\":\"test\",\"message\":\"a\\\"b\\\\"
                        "c\\u000ad\\u007f\",\"v\":\"\xC3\xA9 \xEF\xBF\xBD\\u0001\","
                        "\"none\":\"\"}\n");
}

static void adds_the_context(void **state)
{
    char trace[] = "abc";

    (void)state;
    log_context(trace, 77);
    trace[0] = 'x';
    log_warn("m");
    assert_string_equal(release_line(), "\"level\":\"warn\",\"service\":\"test\",\"message\":\"m\""
                                        ",\"trace\":\"abc\",\"order_id\":77}\n");
}

static void leaves_out_lower_levels_and_empty_context(void **state)
{
    (void)state;
    log_start("test", LOG_WARN);
    log_context(NULL, 0);
    log_debug("no");
    log_info("no");
    log_warn("yes");
    assert_string_equal(release_line(),
                        "\"level\":\"warn\",\"service\":\"test\",\"message\":\"yes\"}\n");
}

static void writes_faults(void **state)
{
    struct fault f;

    (void)state;
    fault_set(&f, FAULT_CSR, "csr", "cut");
    log_debug("m", LOG_FAULT(&f));
    assert_string_equal(release_line(),
                        "\"level\":\"debug\",\"service\":\"test\",\"message\":\"m\","
                        "\"fault\":\"CSR\",\"field\":\"csr\",\"detail\":\"cut\"}\n");
}

/* A line is one write that a pipe does not tear, however long its parts are. */
static void cuts_long_lines_into_proper_json(void **state)
{
    char text[6000];

    (void)state;
    for (size_t length = 3800; length < 4200; length++) {
        memset(text, 'a', sizeof text);
        text[length] = '\0';
        log_info("m", LOG_TEXT("long", text), LOG_INT("n", 1), LOG_TEXT("more", text));
        log_info(text, LOG_TEXT("long", text));
        dup2(real_stderr, STDERR_FILENO);
        ssize_t n = pread(captured, lines, sizeof lines - 1, 0);
        assert_true(n > 0);
        lines[n] = '\0';
        char *end = strchr(lines, '\n');
        assert_non_null(end);
        assert_true(end - lines < 4096);
        assert_true(memcmp(end - 2, "\"}", 2) == 0 || memcmp(end - 2, "1}", 2) == 0);
        assert_true(lines + n - 1 - end <= 4096);
        assert_memory_equal(lines + n - 3, "\"}\n", 3);
        assert_int_equal(ftruncate(captured, 0), 0);
        lseek(captured, 0, SEEK_SET);
        dup2(captured, STDERR_FILENO);
    }
    release();
}

static void keeps_errno(void **state)
{
    (void)state;
    errno = EAGAIN;
    log_info("m");
    assert_int_equal(errno, EAGAIN);
    release();
}

static void reads_levels(void **state)
{
    enum log_level level = LOG_DEBUG;

    (void)state;
    release();
    assert_true(log_level_read("error", &level));
    assert_int_equal(level, LOG_ERROR);
    assert_true(log_level_read("debug", &level));
    assert_int_equal(level, LOG_DEBUG);
    assert_false(log_level_read("INFO", &level));
    assert_false(log_level_read("", &level));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(writes_a_line_of_json), TEST(escapes_what_it_is_given),
        TEST(adds_the_context),      TEST(leaves_out_lower_levels_and_empty_context),
        TEST(writes_faults),         TEST(cuts_long_lines_into_proper_json),
        TEST(keeps_errno),           TEST(reads_levels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
