#include "base/calendar.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>
#include <time.h>

#define REFUSED INT64_MIN

static const struct {
    const char *text;
    int64_t us;
} instants[] = {
    // clang-format off
    { "1970-01-01T00:00:00Z",             0 },
    { "1970-01-01T00:00:00+00:00",        0 },
    { "1970-01-01t00:00:00z",             0 },
    { "1970-01-01 00:00:01",              1000000 },
    { "1970-01-02",                       86400000000 },
    { "1970-01-01T00:00:01",              1000000 },
    { "1970-01-01T00:00:00.5Z",           500000 },
    { "1970-01-01T00:00:00.123456789Z",   123456 },
    { "1970-01-01T00:00:00.000001",       1 },
    { "1969-12-31T23:59:59.999999Z",      -1 },
    { "1970-01-01T02:00:00+02:00",        0 },
    { "1969-12-31T18:30:00-05:30",        0 },
    { "1970-01-01T00:00:00-00:00",        0 },
    { "2024-03-01T10:20:30+00:00",        1709288430000000 },
    { "2024-02-29",                       1709164800000000 },
    { "2000-02-29",                       951782400000000 },
    { "2038-01-19T03:14:08Z",             2147483648000000 },
    { "0000-01-01T00:00:00Z",             -62167219200000000 },
    { "9999-12-31T23:59:59Z",             253402300799000000 },
    { "0000-01-01T00:00:00+00:01",        REFUSED }, /* in the year -1 */
    { "9999-12-31T23:59:59-00:01",        REFUSED }, /* in the year 10000 */
    { "2023-02-29",                       REFUSED },
    { "1900-02-29",                       REFUSED },
    { "2100-02-29",                       REFUSED },
    { "2024-04-31",                       REFUSED },
    { "2024-13-01",                       REFUSED },
    { "2024-00-01",                       REFUSED },
    { "2024-01-00",                       REFUSED },
    { "2024-01-32",                       REFUSED },
    { "2024-03-01T24:00:00Z",             REFUSED },
    { "2024-03-01T10:60:00Z",             REFUSED },
    { "2016-12-31T23:59:60Z",             REFUSED }, /* leap second */
    { "2024-03-01T10:20Z",                REFUSED },
    { "2024-03-01T10:20:30+24:00",        REFUSED },
    { "2024-03-01T10:20:30+01:60",        REFUSED },
    { "2024-03-01T10:20:30+0100",         REFUSED },
    { "2024-03-01T10:20:30+01",           REFUSED },
    { "2024-03-01T10:20:30 ",             REFUSED },
    { "2024-03-01T10:20:30ZZ",            REFUSED },
    { "2024-03-01T10:20:30.",             REFUSED },
    { "2024-03-01T10:20:30.Z",            REFUSED },
    { "2024-03-01T10:20:30,5Z",           REFUSED },
    { "2024-03-01 10:20:30Z",             REFUSED },
    { "2024-03-01 10:20:30.5",            REFUSED },
    { "2024-03-01  10:20:30",             REFUSED },
    { "2024-03-01T",                      REFUSED },
    { "2024-03-01Z",                      REFUSED },
    { "2024-3-1",                         REFUSED },
    { "24-03-01",                         REFUSED },
    { "02024-03-01",                      REFUSED },
    { "-2024-03-01",                      REFUSED },
    { "+2024-03-01",                      REFUSED },
    { " 2024-03-01",                      REFUSED },
    { "2024/03/01",                       REFUSED },
    { "20240301",                         REFUSED },
    { "1709288430",                       REFUSED },
    { "now",                              REFUSED },
    { "",                                 REFUSED },
    // clang-format on
};

static void reads_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        struct instant at = { REFUSED };
        bool ok = instant_read(instants[i].text, &at);
        if (ok != (instants[i].us != REFUSED) || at.us != instants[i].us)
            fail_msg("\"%s\": %s, %lld", instants[i].text, ok ? "read" : "refused",
                     (long long)at.us);
    }
}

static const struct {
    int64_t us;
    const char *text;
} texts[] = {
    { 0, "1970-01-01T00:00:00+00:00" },
    { 999999, "1970-01-01T00:00:00+00:00" },
    { -1, "1969-12-31T23:59:59+00:00" },
    { -1000000, "1969-12-31T23:59:59+00:00" },
    { 1709288430123456, "2024-03-01T10:20:30+00:00" },
    { INT64_MAX, "9999-12-31T23:59:59+00:00" },
    { INT64_MIN, "0000-01-01T00:00:00+00:00" },
};

static void writes_instants(void **state)
{
    char out[INSTANT_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct instant at = { texts[i].us };
        assert_string_equal(instant_text(at, out), texts[i].text);
        assert_memory_equal(instant_date(at, out), texts[i].text, 10);
        assert_int_equal(strlen(out), 10);
    }
}

/* Every 61st day or so of ten thousand years, against the C library. */
static void agrees_with_the_c_library(void **state)
{
    enum { STEP = 61 * 86400 + 8647 };
    char ours[INSTANT_TEXT_SIZE], theirs[64];
    struct instant back;
    struct tm utc;

    (void)state;
    for (time_t t = -62167219200; t <= 253402300799; t += STEP) {
        gmtime_r(&t, &utc);
        snprintf(theirs, sizeof theirs, "%04d-%02d-%02dT%02d:%02d:%02d+00:00", utc.tm_year + 1900,
                 utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
        assert_string_equal(instant_text(instant_from_unix(t), ours), theirs);
        assert_int_equal(calendar_of(instant_from_unix(t)).weekday, utc.tm_wday);
        assert_true(instant_read(ours, &back));
        assert_int_equal(back.us, (int64_t)t * 1000000);
    }
}

static void parts_out_of_range_are_no_instant(void **state)
{
    static const struct calendar bad[] = {
        { 2024, 13, 1, 0, 0, 0, 0 },     { 2024, 0, 1, 0, 0, 0, 0 },
        { 2023, 2, 29, 0, 0, 0, 0 },     { 2024, 1, 0, 0, 0, 0, 0 },
        { 2024, 1, 1, 24, 0, 0, 0 },     { 2024, 1, 1, 0, 60, 0, 0 },
        { 2024, 1, 1, 0, 0, 60, 0 },     { 10000, 1, 1, 0, 0, 0, 0 },
        { -1, 12, 31, 0, 0, 0, 0 },      { 2024, 1, 1, -1, 0, 0, 0 },
        { 2024, 1, 1, 0, -1, 0, 0 },     { 2024, 1, 1, 0, 0, -1, 0 },
        { 2024, -1, 1, 0, 0, 0, 0 },     { 2024, 4, 31, 0, 0, 0, 0 },
        { INT32_MAX, 1, 1, 0, 0, 0, 0 }, { 2024, INT32_MAX, 1, 0, 0, 0, 0 },
    };
    struct calendar good = { 2024, 2, 29, 23, 59, 59, 0 }, back;
    struct instant at = { REFUSED };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (calendar_instant(&bad[i], &at) || at.us != REFUSED)
            fail_msg("row %zu", i);
    assert_true(calendar_instant(&good, &at));
    back = calendar_of((struct instant){ at.us + 999999 });
    good.weekday = 4; /* Thursday */
    assert_memory_equal(&back, &good, sizeof good);
}

static void years_are_of_the_calendar(void **state)
{
    static const struct {
        const char *from;
        int years;
        const char *to;
    } rows[] = {
        { "2026-03-01T10:20:30Z", 1, "2027-03-01T10:20:30+00:00" },
        { "2026-03-01T10:20:30Z", 3, "2029-03-01T10:20:30+00:00" }, /* over a leap day */
        { "2028-02-29T23:59:59Z", 1, "2029-03-01T23:59:59+00:00" },
        { "2028-02-29T00:00:00Z", 4, "2032-02-29T00:00:00+00:00" },
        { "2096-02-29T00:00:00Z", 4, "2100-03-01T00:00:00+00:00" }, /* no leap year */
        { "1968-12-31T23:59:59Z", 2, "1970-12-31T23:59:59+00:00" },
    };
    struct instant at;
    char text[INSTANT_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(instant_read(rows[i].from, &at));
        assert_string_equal(instant_text(instant_add_years(at, rows[i].years), text), rows[i].to);
        assert_string_equal(instant_text(instant_day(at), text) + 10, "T00:00:00+00:00");
        assert_memory_equal(text, rows[i].from, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_instants),
        cmocka_unit_test(writes_instants),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(parts_out_of_range_are_no_instant),
        cmocka_unit_test(years_are_of_the_calendar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
