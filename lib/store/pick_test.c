#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/pick.h"

static const struct sql list = {
    .name = "list",
    .text = "SELECT id FROM t\n"
            " WHERE a = $1\n"
            "AND b = $2  --? b\n"
            "AND c IN (SELECT x  --? c\n"
            "           WHERE y > $3  --? c_from\n"
            "         )  --? c\n"
            " ORDER BY\n"
            " b,  --> by_b\n"
            " c DESC,  --> by_c_desc\n"
            " c, d,  --> by_c\n"
            " id\n",
    .parts = true,
};

static struct arena arena;

static const char *text_of(const char *const *parts)
{
    struct pick pick = { 0 };

    for (; *parts; parts++)
        pick_add(&pick, *parts);
    return pick_sql(&arena, &list, &pick)->text;
}

#define TEXT(...) text_of((const char *const[]){ __VA_ARGS__, NULL })

static void what_is_not_asked_for_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(TEXT(NULL), "SELECT id FROM t\n WHERE a = $1\n ORDER BY\n id\n");
    assert_string_equal(TEXT("b"), "SELECT id FROM t\n WHERE a = $1\nAND b = $2  --? b\n"
                                   " ORDER BY\n id\n");
    assert_string_equal(TEXT("c"), "SELECT id FROM t\n WHERE a = $1\n"
                                   "AND c IN (SELECT x  --? c\n         )  --? c\n"
                                   " ORDER BY\n id\n");
}

/* In place, whatever the order of asking. */
static void parts_within_parts(void **state)
{
    (void)state;
    assert_string_equal(TEXT("c_from", "c"),
                        "SELECT id FROM t\n WHERE a = $1\n"
                        "AND c IN (SELECT x  --? c\n           WHERE y > $3  --? c_from\n"
                        "         )  --? c\n ORDER BY\n id\n");
}

static void ordered_lines_come_as_asked(void **state)
{
    (void)state;
    assert_string_equal(TEXT("by_c", "by_b"), "SELECT id FROM t\n WHERE a = $1\n ORDER BY\n"
                                              " c, d,  --> by_c\n b,  --> by_b\n id\n");
    assert_string_equal(TEXT("by_b", "by_c_desc", "by_b"),
                        "SELECT id FROM t\n WHERE a = $1\n ORDER BY\n"
                        " b,  --> by_b\n c DESC,  --> by_c_desc\n id\n");
}

static void only_orders_are_orders(void **state)
{
    (void)state;
    assert_true(pick_is_order(&list, "by_c"));
    assert_true(pick_is_order(&list, "by_c_desc"));
    assert_false(pick_is_order(&list, "b"));
    assert_false(pick_is_order(&list, "by_"));
    assert_false(pick_is_order(&list, "by_b,"));
    assert_false(pick_is_order(&list, ""));
}

static void planned_for_its_values(void **state)
{
    struct pick none = { 0 };

    (void)state;
    assert_false(list.once);
    assert_true(pick_sql(&arena, &list, &none)->once);
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void orders_are_listed(void **state)
{
    const char *const *parts;
    static const struct sql none = { .text = "SELECT 1 WHERE a = $1  --? a\n" };

    (void)state;
    assert_int_equal(pick_orders(&arena, &list, &parts), 3);
    assert_string_equal(parts[0], "by_b");
    assert_string_equal(parts[1], "by_c_desc");
    assert_string_equal(parts[2], "by_c");
    assert_int_equal(pick_orders(&arena, &none, &parts), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_asked_for_is_left_out),
        cmocka_unit_test(parts_within_parts),
        cmocka_unit_test(ordered_lines_come_as_asked),
        cmocka_unit_test(only_orders_are_orders),
        cmocka_unit_test(orders_are_listed),
        cmocka_unit_test(planned_for_its_values),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
