#include "net/retry_after.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { NOW = 1674087231, LONGEST = 86400 };

// clang-format off
static const struct good { const char *text; int64_t want_s; } good[] = {
    { "0",                                0 },
    { "120",                              120 },
    { "86399",                            86399 },
    { "86400",                            86400 },
    { "86401",                            86400 },
    { "9223372036854775807",              86400 },
    { "Thu, 19 Jan 2023 00:35:31 GMT",    1300 },
    { "Thursday, 19-Jan-23 00:35:31 GMT", 1300 },
    { "Thu Jan 19 00:35:31 2023",         1300 },
    { "Thu Feb  2 00:35:31 2023",         86400 },
    { "Thu, 19 Jan 2023 00:13:60 GMT",    8 }, /* a leap second is 59 */
    { "Thu, 19 Jan 2023 00:13:50 GMT",    -1 },
    { "Fri, 19 Jan 2099 00:35:31 GMT",    86400 },
};

static const char *const bad[] = {
    "", " ", "-5", "+500", "500x", "0x10", "1.5", "5 minutes", "99999999999999999999", "tomorrow",
    "Thu, 19 Jan 2023 00:35:31 GMT+1", "Thu, 19 Jan 2023", "2023-01-19T00:35:31Z",
    "Thu, 99 Jan 2023 00:35:31 GMT", "Wed, 31 Feb 2024 00:35:31 GMT",
};
// clang-format on

static void seconds_and_dates_are_read(void **state)
{
    const struct instant now = instant_from_unix(NOW);

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct instant at;

        if (!retry_after_read(good[i].text, now, seconds(LONGEST), &at) ||
            instant_since(at, now).us != seconds(good[i].want_s).us)
            fail_msg("%s", good[i].text);
    }
}

static void anything_else_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct instant at;

        if (retry_after_read(bad[i], instant_from_unix(NOW), seconds(LONGEST), &at))
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_and_dates_are_read),
        cmocka_unit_test(anything_else_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
