#include "base/log.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "testing/patience.h"

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

/* Nothing that a terminal obeys. */
static void escapes_every_control_character(void **state)
{
    (void)state;
    log_info("m", LOG_TEXT("v", "\x1B[31m \x7F \xC2\x80 \xC2\x9B"
                                "31m \xC2\x9F \xC2\xA0 \xC3\x9B"));
    assert_string_equal(release_line(),
                        "\"level\":\"info\",\"service\":\"test\",\"message\":\"m\","
                        "\"v\":\"\\u001b[31m \\u007f \\u0080 \\u009b31m \\u009f \xC2\xA0 "
                        "\xC3\x9B\"}\n");
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

/* ---- lines that a thread writes. A call that hangs is ended by the alarm. */

enum { PIPE_SIZE = 4096, FLOOD = 4000 };

static void abort_it(void)
{
    abort();
}

static void exit_it(void)
{
    exit(0);
}

/* In a child, since the thread stays: it logs to a pipe, and ends. Returns its status. */
static int run_child(int lines_to_log, void (*end)(void), int out[2])
{
    int status = 0;

    assert_int_equal(pipe(out), 0);
    assert_true(fcntl(out[1], F_SETPIPE_SZ, PIPE_SIZE) >= PIPE_SIZE);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(PATIENCE_S);
        dup2(out[1], STDERR_FILENO);
        log_background();
        for (int i = 0; i < lines_to_log; i++)
            log_info("last words", LOG_INT("n", i));
        end();
    }
    close(out[1]);
    waitpid(child, &status, 0);
    return status;
}

static int lines_in(int fd)
{
    int count = 0;
    ssize_t n;

    while ((n = read(fd, lines, sizeof lines)) > 0)
        for (ssize_t i = 0; i < n; i++)
            count += lines[i] == '\n';
    close(fd);
    return count;
}

static void the_end_waits_for_what_was_logged(void **state)
{
    int out[2];

    (void)state;
    release();
    assert_int_equal(WEXITSTATUS(run_child(20, exit_it, out)), 0);
    assert_int_equal(lines_in(out[0]), 20);
    assert_int_equal(WTERMSIG(run_child(20, abort_it, out)), SIGABRT);
    assert_int_equal(lines_in(out[0]), 20);
}

/* With nobody to read, both ends come all the same. */
static void the_end_does_not_wait_for_ever(void **state)
{
    int out[2];

    (void)state;
    release();
    assert_int_equal(WEXITSTATUS(run_child(FLOOD, exit_it, out)), 0);
    assert_in_range(lines_in(out[0]), 1, FLOOD - 1);
    assert_int_equal(WTERMSIG(run_child(FLOOD, abort_it, out)), SIGABRT);
    assert_in_range(lines_in(out[0]), 1, FLOOD - 1);
}

enum { PACED = 50, REST_US = 5000 };

/* Each write stays a packet of its own in the pipe, which has a page for each. */
static void pace_and_exit(void)
{
    fcntl(STDERR_FILENO, F_SETPIPE_SZ, 1 << 20);
    fcntl(STDERR_FILENO, F_SETFL, O_DIRECT);
    for (int i = 0; i < PACED; i++) {
        log_info("busy", LOG_INT("n", i));
        patience_nap();
    }
    exit(0);
}

/* However long the machine takes for them. */
static void lines_of_a_busy_time_go_out_together(void **state)
{
    int out[2], writes = 0, count = 0;
    ssize_t n;

    (void)state;
    release();
    struct tick began = tick_now();
    assert_int_equal(WEXITSTATUS(run_child(0, pace_and_exit, out)), 0);
    int64_t rests = (tick_now().us - began.us) / REST_US;
    for (; (n = read(out[0], lines, sizeof lines)) > 0; writes++)
        for (ssize_t i = 0; i < n; i++)
            count += lines[i] == '\n';
    close(out[0]);
    assert_int_equal(count, PACED);
    assert_in_range(writes, 1, rests + 3);
}

static void say_the_last(void)
{
    log_last("no more", LOG_INT("n", 1));
    abort();
}

/* With nobody to read as well. */
static void the_last_line_is_written_at_once(void **state)
{
    int out[2];

    (void)state;
    release();
    assert_int_equal(WTERMSIG(run_child(0, say_the_last, out)), SIGABRT);
    assert_int_equal(lines_in(out[0]), 1);
    assert_int_equal(WTERMSIG(run_child(FLOOD, say_the_last, out)), SIGABRT);
    assert_in_range(lines_in(out[0]), 1, FLOOD - 1);
}

/* Reads line by line up to the one that tells of the dropped; returns how many that says. */
static long read_until_told(FILE *pipe_end, int *whole)
{
    char line[LINE_MAX * 4], begin[64];

    while (fgets(line, sizeof line, pipe_end)) {
        const char *told = strstr(line, "\"dropped\":");

        assert_memory_equal(line, "{\"time\":", 8);
        assert_string_equal(line + strlen(line) - 2, "}\n");
        if (told)
            return strtol(told + strlen("\"dropped\":"), NULL, 10);
        snprintf(begin, sizeof begin, "\"n\":%d}\n", *whole);
        assert_non_null(strstr(line, begin)); /* in order, none left out before the first loss */
        ++*whole;
    }
    return -1;
}

/* Last of all: from here on this process has the thread. */
static void a_full_pipe_stops_nobody(void **state)
{
    int out[2], whole = 0;

    (void)state;
    alarm(PATIENCE_S);
    assert_int_equal(pipe(out), 0);
    assert_true(fcntl(out[1], F_SETPIPE_SZ, PIPE_SIZE) >= PIPE_SIZE);
    dup2(out[1], STDERR_FILENO);
    log_background();
    for (int i = 0; i < FLOOD; i++)
        log_info("flood", LOG_INT("n", i));
    long dropped = (long)log_dropped();
    FILE *reader = fdopen(out[0], "r");
    long told = read_until_told(reader, &whole);
    dup2(real_stderr, STDERR_FILENO);
    assert_true(dropped > 0);
    assert_int_equal(told, dropped);
    assert_int_equal(whole, FLOOD - dropped);
    fclose(reader);
    close(out[1]);
    close(captured);
    alarm(0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        TEST(writes_a_line_of_json),
        TEST(escapes_what_it_is_given),
        TEST(escapes_every_control_character),
        TEST(adds_the_context),
        TEST(leaves_out_lower_levels_and_empty_context),
        TEST(writes_faults),
        TEST(cuts_long_lines_into_proper_json),
        TEST(keeps_errno),
        TEST(reads_levels),
        TEST(the_end_waits_for_what_was_logged),
        TEST(the_end_does_not_wait_for_ever),
        TEST(lines_of_a_busy_time_go_out_together),
        TEST(the_last_line_is_written_at_once),
        TEST(a_full_pipe_stops_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
