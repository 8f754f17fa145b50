/* Names of files, and that every platform's format is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/download.h"
#include "api/platforms.h"

static struct arena arena;

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

// clang-format off
static const struct {
    const char *common_name, *stem;
} stems[] = {
    { "shop.example.net",         "shop_example_net" },
    { "*.shop.example.net",       "star_shop_example_net" },
    { "xn--bcher-kva.example",    "xn--bcher-kva_example" },
    { "Chancery Test CA (P-256)", "Chancery_Test_CA_P-256_" },
    { "../../etc/passwd",         "etc_passwd" },
    { "a\"b\r\nX: y",             "a_b_X_y" },
    { "-rf",                      "certificate-rf" },
    { "",                         "certificate" },
    { "\xc3\xa4",                 "certificate" },
};
// clang-format on

static void names_are_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++)
        assert_string_equal(file_stem(&arena, stems[i].common_name), stems[i].stem);
}

static void names_are_short(void **state)
{
    char name[254];
    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(strlen(file_stem(&arena, name)), 100);
}

static void every_platform_has_a_format(void **state)
{
    (void)state;
    for (const struct platform *p = platforms; p->name; p++)
        if (!format_find(p->format))
            fail_msg("%s: %s", p->name, p->format);
}

static void unknown_platforms_are_other(void **state)
{
    (void)state;
    assert_int_equal(platform_find(45)->id, 45);
    assert_int_equal(platform_find(4711)->id, PLATFORM_OTHER);
    ServerPlatform p = SERVER_PLATFORM__INIT;
    p.has_id = true;
    p.id = 4711;
    platform_complete(&arena, &p);
    assert_int_equal(p.id, 4711);
    assert_string_equal(p.name, "OTHER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_safe),
        cmocka_unit_test(names_are_short),
        cmocka_unit_test(every_platform_has_a_format),
        cmocka_unit_test(unknown_platforms_are_other),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
