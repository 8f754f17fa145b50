#include "range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DAY = 86400 };
#define FROM 1709251200LL /* 2024-03-01 */

// clang-format off
static const struct {
    const char *text;
    int64_t since, before; /* seconds; INT64_MIN, INT64_MAX: open */
} good[] = {
    { "2024-03-01",                                   FROM,              FROM + DAY },
    { "2024-03-01 00:00:10",                          FROM + 10,         FROM + 11 },
    { "2024-03-01+00:00:10",                          FROM + 10,         FROM + 11 },
    { "2024-03-01T02:00:10+02:00",                    FROM + 10,         FROM + 11 },
    { ">2024-03-01",                                  FROM + DAY,        INT64_MAX },
    { "<2024-03-01",                                  INT64_MIN,         FROM },
    { ">2024-03-01 00:00:10",                         FROM + 11,         INT64_MAX },
    { "2024-03-01...2024-03-02",                      FROM,              FROM + 2 * DAY },
    { "2024-03-01 00:00:10...2024-03-01 00:00:20",    FROM + 10,         FROM + 21 },
    { "2024-3-1",                                     FROM,              FROM + DAY },
    { "2024-03-1",                                    FROM,              FROM + DAY },
    { "2024-3-01",                                    FROM,              FROM + DAY },
    { "2024-3-1 0:0:7",                               FROM + 7,          FROM + 8 },
    { "2024-3-1+2:0:41",                              FROM + 7241,       FROM + 7242 },
    { "2024-3-1T2:0:10+2:0",                          FROM + 10,         FROM + 11 },
    { ">2024-3-1",                                    FROM + DAY,        INT64_MAX },
    { "<2024-3-1",                                    INT64_MIN,         FROM },
    { "2024-3-1...2024-3-2",                          FROM,              FROM + 2 * DAY },
    { "2024-3-1+0:0:7...2024-3-2+3:0:41",             FROM + 7,          FROM + DAY + 10842 },
};
static const char *const bad[] = {
    "", "yesterday", ">", "<", "...", "2024-03-01...", "...2024-03-01", ">>2024-03-01", "2024-02-30",
    "2024-03-01....2024-03-02", "4-3-1", "2024-3-", "2024--1", "2024-0-1",
    "2024-3-0", "2024-2-30", "2024-003-1", "2024-3-1 2:0", "2024-3-1 24:0:0", "2024-3-1+", "2024-3-1 0:0:60",
    "2024-03-01...2024-03-02...2024-03-03",
    "2024-03-01 00:00:00.0000000000000000000000000000000000000000000000000000000000",
};
// clang-format on

static int64_t us(int64_t s)
{
    return s == INT64_MIN || s == INT64_MAX ? s : s * 1000000;
}

static void ranges_are_read(void **state)
{
    struct range r;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!range_read(good[i].text, &r) || r.since.us != us(good[i].since) ||
            r.before.us != us(good[i].before))
            fail_msg("%s", good[i].text);
    }
}

/* A digit of a fraction is no place of its own. */
static void fractions_stay(void **state)
{
    struct range r;
    (void)state;
    assert_true(range_read("2024-3-1T0:0:1.5Z", &r));
    assert_int_equal(r.since.us, FROM * 1000000 + 1500000);
}

static void others_are_not(void **state)
{
    struct range r;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (range_read(bad[i], &r))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(ranges_are_read),
                                        cmocka_unit_test(fractions_stay),
                                        cmocka_unit_test(others_are_not) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
