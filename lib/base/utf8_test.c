#include "base/utf8.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static const struct {
    const char *bytes;
    size_t length; /* of the first character; 0: none */
} first[] = {
    // clang-format off
    { "a",                1 }, { "\x7F",            1 },
    { "\xC2\x80",         2 }, { "\xDF\xBF",        2 },
    { "\xE0\xA0\x80",     3 }, { "\xED\x9F\xBF",    3 },
    { "\xEE\x80\x80",     3 }, { "\xEF\xBF\xBF",    3 },
    { "\xF0\x90\x80\x80", 4 }, { "\xF4\x8F\xBF\xBF", 4 },
    { "\x80",             0 }, { "\xBF",            0 }, /* continuation first */
    { "\xC0\x80",         0 }, { "\xC1\xBF",        0 }, /* overlong */
    { "\xE0\x9F\xBF",     0 }, { "\xF0\x8F\xBF\xBF", 0 },
    { "\xED\xA0\x80",     0 }, { "\xED\xBF\xBF",    0 }, /* surrogates */
    { "\xF4\x90\x80\x80", 0 }, { "\xF5\x80\x80\x80", 0 }, /* above U+10FFFF */
    { "\xFE",             0 }, { "\xFF",            0 },
    { "\xC3",             0 }, { "\xE2\x82",        0 }, { "\xF0\x9F\x98", 0 }, /* cut off */
    { "\xC3\x28",         0 }, { "\xE2\x28\xA1",    0 }, { "\xE2\x82\x28", 0 },
    { "\xF0\x9F\x28\x80", 0 }, { "\xF0\x9F\x98\x28", 0 },
    // clang-format on
};

static void knows_characters(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        size_t length = utf8_length(first[i].bytes, strlen(first[i].bytes));
        if (length != first[i].length)
            fail_msg("row %zu: %zu", i, length);
        assert_int_equal(utf8_valid(first[i].bytes, strlen(first[i].bytes)), length > 0);
    }
    assert_int_equal(utf8_length("", 0), 0);
    assert_int_equal(utf8_length("\0", 1), 1);
    assert_int_equal(utf8_length("\xE2\x82\xAC", 2), 0); /* not read past the end */
}

static void writes_each_character_as_it_reads(void **state)
{
    char out[4];

    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        if (c == 0xD800)
            c = 0xE000;
        size_t length = utf8_write(c, out);
        assert_int_equal(utf8_length(out, sizeof out), length);
    }
    assert_int_equal(utf8_write(0x20AC, out), 3);
    assert_memory_equal(out, "\xE2\x82\xAC", 3);
    assert_int_equal(utf8_write(0x1F600, out), 4);
    assert_memory_equal(out, "\xF0\x9F\x98\x80", 4);
}

static void judges_texts(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z", 11));
    assert_false(utf8_valid("abc\xC3", 4));
    assert_false(utf8_valid("a\xC3\xA9\xA9", 4));
}

static void knows_control_characters(void **state)
{
    char text[5];

    (void)state;
    for (uint32_t c = 0; c < 0x800; c++) {
        bool control = (c > 0 && c < 0x20) || (c >= 0x7F && c < 0xA0);

        text[utf8_write(c, text)] = '\0';
        assert_int_equal(utf8_control(text), control ? (int)c : -1);
    }
    assert_int_equal(utf8_control("\xC2"), -1);
    assert_int_equal(utf8_control("\xC2\x1B"), -1);
    assert_int_equal(utf8_control("\x9B"), -1); /* no UTF-8 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_characters),
        cmocka_unit_test(writes_each_character_as_it_reads),
        cmocka_unit_test(judges_texts),
        cmocka_unit_test(knows_control_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
