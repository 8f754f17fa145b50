#include "net/http_date.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static void three_forms_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t second; /* -1: is none */
    } cases[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
        { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
        { "Tue, 29 Feb 2028 23:59:59 GMT", 1835481599 },
        { "Sun, 06 Nov 1994 08:49:37", -1 },
        { "Sun, 06 Nov 1994 08:49:37 CET", -1 },
        { "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
        { "1994-11-06T08:49:37Z", -1 },
        { "784111777", -1 },
        { "", -1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct instant at = { -7 };
        if (http_date_read(cases[i].text, &at) != (cases[i].second >= 0) ||
            at.us != (cases[i].second >= 0 ? cases[i].second * 1000000 : -7))
            fail_msg("%s: %lld", cases[i].text, (long long)at.us);
    }
}

static void one_form_is_written(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        { 784111777000000, "Sun, 06 Nov 1994 08:49:37 GMT" },
        { 784111777999999, "Sun, 06 Nov 1994 08:49:37 GMT" },
        { 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
        { -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
        { -1000000, "Wed, 31 Dec 1969 23:59:59 GMT" },
        { 253402300799000000, "Fri, 31 Dec 9999 23:59:59 GMT" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[HTTP_DATE_SIZE];
        assert_string_equal(http_date_write((struct instant){ cases[i].us }, out), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_forms_are_read),
        cmocka_unit_test(one_form_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
