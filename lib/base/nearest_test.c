#include "base/nearest.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

// clang-format off
static const struct {
    const char *word, *known;
    int distance;
} rows[] = {
    { "status",     "status",       0 },
    { "STATUS",     "status",       0 },
    { "statuss",    "status",       1 },
    { "staus",      "status",       1 },
    { "stetus",     "status",       1 },
    { "satus",      "status",       1 },
    { "stauts",     "status",       1 }, /* neighbours exchanged */
    { "dateCreated","date_created", 1 },
    { "limt",       "limit",        1 },
    { "ofset",      "offset",       1 },
    { "sotr",       "sort",         1 },
    { "statu_s_x",  "status",       3 },
    { "colour",     "status",       NOT_NEAR },
    { "id",         "it",           NOT_NEAR },
    { "",           "id",           NOT_NEAR },
    { "",           "",             0 },
    { "x",          "",             NOT_NEAR },
};
// clang-format on

static void distances(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *a = rows[i].word, *b = rows[i].known;
        if (nearest_distance(a, strlen(a), b, strlen(b)) != rows[i].distance ||
            nearest_distance(b, strlen(b), a, strlen(a)) != rows[i].distance)
            fail_msg("%s, %s", a, b);
    }
}

static void a_part_of_a_text(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance("filters[statuss]" + 8, 7, "filters[status]" + 8, 6), 1);
}

static void long_words_are_near_nothing(void **state)
{
    char longest[66];
    (void)state;
    memset(longest, 'a', sizeof longest);
    assert_int_equal(nearest_distance(longest, 64, longest, 64), 0);
    assert_int_equal(nearest_distance(longest, 65, longest, 65), NOT_NEAR);
    assert_int_equal(nearest_distance("a", 1, longest, 65), NOT_NEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(a_part_of_a_text),
        cmocka_unit_test(long_words_are_near_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
