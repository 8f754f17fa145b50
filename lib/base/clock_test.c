#include "base/clock.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_offset(int fd, struct duration d)
{
    assert_int_equal(pwrite(fd, &d.us, sizeof d.us, 0), sizeof d.us);
}

/* The differences are a thousand days, so that a slow machine makes no difference. */
static void offset_moves_a_running_process_once_allowed(void **state)
{
    char path[] = "/tmp/clock_test_XXXXXX";
    int fd = mkstemp(path);
    struct instant start = clock_now();

    (void)state;
    assert_true(fd >= 0);
    write_offset(fd, days(5000));
    setenv("CHANCERY_TEST_CLOCK", path, 1);
    assert_true(instant_before(clock_now(), instant_add(start, days(1000))));

    clock_allow_test_offset();
    assert_false(instant_before(clock_now(), instant_add(start, days(5000))));
    write_offset(fd, days(9000));
    assert_false(instant_before(clock_now(), instant_add(start, days(9000))));
    assert_int_equal(clock_test_offset().us, days(9000).us);
    write_offset(fd, days(-9000));
    assert_true(instant_before(clock_now(), start));
    assert_true(tick_left(tick_after(days(1000))).us > days(900).us); /* not shifted */
    assert_false(instant_before(clock_real(), start));                /* nor is this */
    write_offset(fd, days(0));
    close(fd);
    unlink(path);
}

static void ticks_do_not_go_back(void **state)
{
    struct tick first = tick_now(), second = tick_now();

    (void)state;
    assert_true(second.us >= first.us);
    assert_int_equal(tick_left(first).us, 0);
    assert_int_equal(tick_left(tick_after(seconds(-5))).us, 0);
    assert_true(tick_left(tick_after(days(1))).us <= days(1).us);
    assert_true(tick_after((struct duration){ INT64_MAX }).us == INT64_MAX);
}

static void reckons_without_overflow(void **state)
{
    struct instant last = { INT64_MAX }, first = { INT64_MIN };

    (void)state;
    assert_int_equal(seconds(2).us, 2000000);
    assert_int_equal(milliseconds(-3).us, -3000);
    assert_int_equal(days(1).us, 86400000000);
    assert_int_equal(instant_from_unix(1).us, 1000000);
    assert_int_equal(seconds(INT64_MAX).us, INT64_MAX);
    assert_int_equal(days(INT64_MIN).us, INT64_MIN);
    assert_int_equal(instant_add(last, seconds(1)).us, INT64_MAX);
    assert_int_equal(instant_add(first, seconds(-1)).us, INT64_MIN);
    assert_int_equal(instant_since(last, first).us, INT64_MAX);
    assert_int_equal(instant_since(first, last).us, INT64_MIN);
    assert_int_equal(instant_since((struct instant){ 5 }, (struct instant){ 7 }).us, -2);
    assert_true(instant_before(first, last));
    assert_false(instant_before(last, last));
}

static const struct {
    const char *text;
    int64_t us; /* -1: refused */
} durations[] = {
    // clang-format off
    { "90s",   90000000 },      { "15m",   900000000 },   { "24h", 86400000000 },
    { "7d",    604800000000 },  { "250ms", 250000 },      { "0s",  0 },
    { "007s",  7000000 },       { "106751991d", 9223372022400000000 },
    { "",      -1 }, { "s",   -1 }, { "90",   -1 }, { "90 s", -1 }, { " 90s", -1 }, { "-1s", -1 },
    { "+1s",   -1 }, { "1.5s", -1 }, { "90S", -1 }, { "90sec", -1 }, { "1h30m", -1 }, { "1us", -1 },
    { "9223372036854775808ms", -1 }, { "99999999999999999999s", -1 }, { "106751992d", -1 },
    // clang-format on
};

static void reads_durations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        struct duration d = { -1 };
        bool ok = duration_read(durations[i].text, &d);
        if (ok != (durations[i].us >= 0) || (ok && d.us != durations[i].us))
            fail_msg("\"%s\": %s, %lld", durations[i].text, ok ? "read" : "refused",
                     (long long)d.us);
    }
}

static void a_clock_is_trusted_as_it_was_judged(void **state)
{
    (void)state;
    assert_true(clock_trusted());
    clock_judge(false);
    assert_false(clock_trusted());
    clock_judge(true);
    assert_true(clock_trusted());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_is_trusted_as_it_was_judged),
        cmocka_unit_test(offset_moves_a_running_process_once_allowed),
        cmocka_unit_test(ticks_do_not_go_back),
        cmocka_unit_test(reckons_without_overflow),
        cmocka_unit_test(reads_durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
