#include "base/plain_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// clang-format off
static const struct {
    const char *text, *line;
} cases[] = {
    { "Example Ltd", "Example Ltd" },
    { "B\xc3\xbc" ". & S\xc3\xb6hne <x>", "B\xc3\xbc" ". & S\xc3\xb6hne <x>" },
    { "\xe4\xbe\x8b\xe3\x81\x88", "\xe4\xbe\x8b\xe3\x81\x88" },
    { "\xf0\x9f\x8c\xb3", "\xf0\x9f\x8c\xb3" },
    { "a\r\nOrder: 1", "a??Order: 1" },
    { "a\tb\x1b[2Jc\x7f", "a?b?[2Jc?" },
    { "a\xc2\x85" "b\xe2\x80\xa8" "c\xe2\x80\xa9" "d", "a?b?c?d" },
    { "a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\x8f", "a?b?c?" },
    { "a\xe2\x80\x8b" "b\xef\xbb\xbf", "a?b?" },
    { "a\xf3\xa0\x81\x81", "a?" },
    { "a\xff\xc3", "a??" },
    { "1234567890123456", "1234567890123456" },
    { "12345678901234567", "1234567890123456..." },
    { "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc",
      "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc" },
    { "", "" },
    { NULL, "" },
};
// clang-format on

static void lines(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(plain_line(&a, cases[i].text, 16), cases[i].line);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lines) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
