#include "look/anchor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
    const char *text;
    size_t keys;
} cases[] = {
    { ". IN DS 20326 8 2 E06D44B8\n", 1 },
    { ". IN DS 20326 8 2 E06D44B8\n. IN DS 38696 8 2 683D2D0A\n", 2 },
    { ". IN DS 20326 8 2 E06D44B8\n. 3600 IN DS 20326 8 1 AABB\n", 1 },
    { ".\t172800\tIN\tDNSKEY\t257 3 8 AwEAAaz ;{id = 20326 (ksk)} ;;state=2 [  VALID  ]\n"
      ".\t172800\tIN\tDNSKEY\t257 3 8 AwEAAa9 ;{id = 38696 (ksk)} ;;state=2\n",
      2 },
    { "; . IN DS 20326 8 2 E06D44B8\n; autotrust\n\n. in ds 38696 8 2 683D2D0A\r\n", 1 },
    { "example. IN DS 20326 8 2 E06D44B8\n. IN NS a.root-servers.net.\n. IN DS\n", 0 },
    { ". IN DNSKEY 257 3 8\n", 0 },
    { "", 0 },
};

static char path[] = "/tmp/chancery-anchor-XXXXXX";

static void keys_are_counted_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = { 0 };
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(cases[i].text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(anchor_keys(path, &f), cases[i].keys);
        assert_int_equal(strstr(f.detail, "no DS or DNSKEY of the root") != NULL,
                         cases[i].keys == 0);
    }
}

static void many_keys_are_many(void **state)
{
    struct fault f = { 0 };
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        fprintf(file, ". IN DS %d 8 2 00\n", i);
    assert_int_equal(fclose(file), 0);
    assert_in_range(anchor_keys(path, &f), 2, 100);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_int_equal(anchor_keys("/nowhere/root.key", &f), 0);
    assert_non_null(strstr(f.detail, "/nowhere/root.key"));
}

static int set_up(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? 1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_counted_once),
        cmocka_unit_test(many_keys_are_many),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
