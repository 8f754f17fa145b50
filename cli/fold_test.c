#include "fold.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static const struct {
    const char *text;
    size_t indent, width;
    const char *lines;
} cases[] = {
    // clang-format off
    { "",                    0, 10, "\n" },
    { "one",                 2, 10, "  one\n" },
    { "one two three",       0, 7,  "one two\nthree\n" },
    { "one two three",       0, 8,  "one two\nthree\n" },
    { "one  two",            0, 4,  "one\ntwo\n" },
    { "one two three",       4, 9,  "    one\n    two\n    three\n" },
    { "abcdefghij",          0, 4,  "abcd\nefgh\nij\n" },
    { "a bcdefghij",         0, 4,  "a\nbcde\nfghi\nj\n" },
    { "\xc3\xa4\xc3\xb6\xc3\xbc xx", 0, 3, "\xc3\xa4\xc3\xb6\xc3\xbc\nxx\n" },
    { "\xc3\xa4\xc3\xb6\xc3\xbc",    0, 2, "\xc3\xa4\xc3\xb6\n\xc3\xbc\n" },
    { "a\nb\x1b[m",          0, 80, "a\\u000ab\\u001b[m\n" },
    { "x",                   9, 3,  "         x\n" },
    // clang-format on
};

static void text_is_folded(void **state)
{
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text out;
        text_init(&out, &arena);
        fold_add(&out, cases[i].text, cases[i].indent, cases[i].width);
        assert_string_equal(out.data, cases[i].lines);
    }
    arena_free(&arena);
}

/* 2024-02-29 12:00:00. */
#define DAY 1709208000

static const struct {
    int64_t later; /* seconds */
    const char *text;
} times[] = {
    { 0, "2024-02-29 12:00:00 (a moment ago)" },  { -1, "2024-02-29 11:59:59 (a moment ago)" },
    { -59, "2024-02-29 11:59:01 (59 s ago)" },    { -119, "2024-02-29 11:58:01 (119 s ago)" },
    { -120, "2024-02-29 11:58:00 (2 min ago)" },  { -7200, "2024-02-29 10:00:00 (2 h ago)" },
    { -172800, "2024-02-27 12:00:00 (2 d ago)" }, { 600, "2024-02-29 12:10:00 (in 10 min)" },
};

static void times_are_both(void **state)
{
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_string_equal(fold_time(&arena, (struct instant){ (DAY + times[i].later) * 1000000 },
                                      (struct instant){ DAY * (int64_t)1000000 }),
                            times[i].text);
    arena_free(&arena);
}

/* What is no terminal is as wide as COLUMNS says. */
static void the_width_is_known(void **state)
{
    static const struct {
        const char *columns;
        size_t width;
    } widths[] = { { NULL, 100 }, { "72", 72 }, { "3", 40 }, { "-5", 40 }, { "wide", 100 } };
    FILE *file = tmpfile();
    (void)state;
    assert_non_null(file);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        if (widths[i].columns)
            setenv("COLUMNS", widths[i].columns, 1);
        else
            unsetenv("COLUMNS");
        assert_int_equal(fold_width(file), widths[i].width);
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_folded),
        cmocka_unit_test(times_are_both),
        cmocka_unit_test(the_width_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
