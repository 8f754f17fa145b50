#include "table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void columns_are_aligned(void **state)
{
    struct arena a;
    struct table t;
    struct text out;
    (void)state;
    arena_init(&a);
    table_init(&t, &a, 2);
    TABLE_ROW(&t, "ID", "STORY");
    TABLE_ROW(&t, "1234", NULL);
    TABLE_ROW(&t, "\xC3\xA9", "x");
    text_init(&out, &a);
    table_write(&t, 1, &out);
    assert_string_equal(out.data, " ID    STORY\n 1234  -\n \xC3\xA9     x\n");
    arena_free(&a);
}

/* A story may have in it what a stranger's server said. */
static void a_terminal_obeys_nothing(void **state)
{
    struct arena a;
    struct table t;
    struct text out;
    (void)state;
    arena_init(&a);
    table_init(&t, &a, 1);
    TABLE_ROW(&t, "said \x1B]0;mine\x07, \xC2\x9B"
                  "2J\r\n\x7F and \xC2\xA0 \xC3\x9B");
    text_init(&out, &a);
    table_write(&t, 0, &out);
    assert_string_equal(out.data, "said \\u001b]0;mine\\u0007, \\u009b2J\\u000d\\u000a\\u007f and "
                                  "\xC2\xA0 \xC3\x9B\n");
    arena_free(&a);
}

/* Numbers are numbers only below a heading that says so; the terminal's rules are none of JSON's. */
static void programs_read_objects(void **state)
{
    struct arena a;
    struct table t;
    struct text out;
    (void)state;
    arena_init(&a);
    table_init(&t, &a, 4);
    TABLE_ROW(&t, "ID#", "RUN AT", "SHA-256 OF IT", "ORDER#");
    text_init(&out, &a);
    table_write_json(&t, &out);
    assert_string_equal(out.data, "[\n]\n");
    assert_int_equal(table_rows(&t), 0);
    TABLE_ROW(&t, "12", "34", "a\"\x1B", "gone");
    TABLE_ROW(&t, "-7", NULL, "\xC3\xA9", "{\"a\": 1}");
    text_init(&out, &a);
    table_write_json(&t, &out);
    assert_string_equal(
        out.data,
        "[\n{\"id\":12,\"run_at\":\"34\",\"sha_256_of_it\":\"a\\\"\\u001b\",\"order\":\"gone\"},\n"
        "{\"id\":-7,\"run_at\":null,\"sha_256_of_it\":\"\xC3\xA9\",\"order\":{\"a\": 1}}\n]\n");
    text_init(&out, &a);
    table_write(&t, 0, &out);
    assert_string_equal(out.data,
                        "ID  RUN AT  SHA-256 OF IT  ORDER\n12  34      a\"\\u001b       gone\n"
                        "-7  -       \xC3\xA9              {\"a\": 1}\n");
    assert_int_equal(table_rows(&t), 2);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(a_terminal_obeys_nothing),
        cmocka_unit_test(programs_read_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
