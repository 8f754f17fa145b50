#include "cadence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define OLD "1m/15m 5m/1h 15m/4h 1h/1d 4h/7d" /* until 2024-06-04 */
#define NEW "1m/15m 5m/1h 15m/1d 1h/10d"

enum { S = 1, M = 60, H = 3600, D = 86400 };
enum { ENDED = -1 };

// clang-format off
static const struct {
    const char *text;
    int64_t now, next; /* seconds from the start of polling */
} cases[] = {
    { NEW, -5*S,                 M },
    { NEW, 0,                    M },
    { NEW, 2*S,                  M },
    { NEW, M - S,                M },
    { NEW, M,                    2*M },
    { NEW, 14*M + 59*S,          15*M },
    { NEW, 15*M,                 20*M },
    { NEW, 21*M,                 25*M },
    { NEW, 75*M - S,             75*M },
    { NEW, 75*M,                 90*M },
    { NEW, D,                    D + 15*M },
    { NEW, D + 75*M - S,         D + 75*M },
    { NEW, D + 75*M,             D + 75*M + H },
    { NEW, 11*D + 75*M - S,      11*D + 75*M },
    { NEW, 11*D + 75*M,          ENDED },
    { NEW, 400*D,                ENDED },
    { OLD, 0,                    M },
    { OLD, 15*M,                 20*M },
    { OLD, 75*M,                 90*M },
    { OLD, 5*H + 15*M - S,       5*H + 15*M },
    { OLD, 5*H + 15*M,           6*H + 15*M },
    { OLD, 29*H + 15*M - S,      29*H + 15*M },
    { OLD, 29*H + 15*M,          33*H + 15*M },
    { OLD, 7*D + 29*H + 15*M - S, 7*D + 29*H + 15*M },
    { OLD, 7*D + 29*H + 15*M,    ENDED },
    /* A step that does not fill its phase leaves the rest of it without a check. */
    { "7m/15m 10m/1h", 7*M,      14*M },
    { "7m/15m 10m/1h", 14*M,     25*M },
};

static const char *const bad[] = {
    "", " ", "1m", "1m/", "/15m", "0s/15m", "-1m/15m", "15m/1m", "1m/15m,5m/1h", "1m/15m 5m",
    "1m/15m/2", "1m/15x", "1m/1m 1m/1m 1m/1m 1m/1m 1m/1m 1m/1m 1m/1m 1m/1m 1m/1m",
};
// clang-format on

static void the_next_check(void **state)
{
    const struct instant from = { INT64_C(1717500000123456) };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cadence c;
        struct instant next = { 0 };

        assert_true(cadence_read(cases[i].text, &c));
        bool more = cadence_next(&c, from, instant_add(from, seconds(cases[i].now)), &next);
        if (more != (cases[i].next != ENDED) ||
            (more && next.us != instant_add(from, seconds(cases[i].next)).us))
            fail_msg("case %zu: %lld s", i, (long long)(next.us - from.us) / 1000000);
    }
}

static void a_microsecond_before_a_check_is_before_it(void **state)
{
    struct cadence c;
    struct instant next, from = { 0 };

    (void)state;
    assert_true(cadence_read(NEW, &c));
    assert_true(cadence_next(&c, from, (struct instant){ 59999999 }, &next));
    assert_int_equal(next.us, 60000000);
    assert_true(cadence_next(&c, from, (struct instant){ 60000000 }, &next));
    assert_int_equal(next.us, 120000000);
}

/* Followed from check to check: 15 + 12 + 96 + 240. */
static void polling_ends(void **state)
{
    struct cadence c;
    struct instant at = { 0 }, from = { 0 };
    int checks = 0;

    (void)state;
    assert_true(cadence_read(NEW, &c));
    while (cadence_next(&c, from, at, &at))
        checks++;
    assert_int_equal(checks, 15 + 12 + 96 + 240);
}

static void what_does_not_read(void **state)
{
    struct cadence c;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (cadence_read(bad[i], &c))
            fail_msg("read: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_check),
        cmocka_unit_test(a_microsecond_before_a_check_is_before_it),
        cmocka_unit_test(polling_ends),
        cmocka_unit_test(what_does_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
