#include "look/anchor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define DS(rest)  ". IN DS " rest "\n"
#define KSK_2017  "20326 8 2 E06D44B8"
#define KSK_2024  "38696 8 2 683D2D0A"
#define NO_KEY    "no DS or DNSKEY of the root"
#define NO_RECORD "is no whole record"

// clang-format off
static const struct {
    const char *text;
    size_t keys, records;
    const char *why; /* NULL: it is usable */
} cases[] = {
    { DS(KSK_2017), 1, 1, NULL },
    { DS(KSK_2017) DS(KSK_2024), 2, 2, NULL },
    { ". DS " KSK_2017, 1, 1, NULL },
    { ".\t172800\tIN\tDNSKEY\t257 3 8 AwEAAaz ;{id = 20326 (ksk)} ;;state=2 [  VALID  ]\n"
      ".\t172800\tIN\tDNSKEY\t257 3 8 AwEAAa9 ;{id = 38696 (ksk)} ;;state=2\n", 2, 2, NULL },
    { "; . IN DS 20326 8 2 E06D44B8\n; autotrust\n\n. in ds 38696 8 2 683D2D0A\r\n", 1, 1, NULL },
    { DS("20326 8 2 E06D 44B8"), 1, 1, NULL },

    /* What nobody validates with is passed over: two of one key, one by SHA-1, are one. */
    { DS(KSK_2017) ". 3600 IN DS 20326 8 1 AABB\n", 1, 1, NULL },
    { DS(KSK_2017) DS("20326 8 4 AABB"), 1, 2, NULL },
    { DS("20326 8 1 AABB"), 0, 0, NO_KEY },
    { DS("20326 5 2 AABB"), 0, 0, NO_KEY },
    { DS("20326 250 2 AABB"), 0, 0, NO_KEY },
    { DS("20326 8 250 AABB"), 0, 0, NO_KEY },
    { ". IN DNSKEY 257 3 5 AwEAAaz\n", 0, 0, NO_KEY },
    { ". IN DNSKEY 256 3 8 AwEAAaz\n", 0, 0, NO_KEY }, /* signs no keys */
    { ". IN DNSKEY 385 3 8 AwEAAaz\n", 0, 0, NO_KEY }, /* revoked */
    { "", 0, 0, NO_KEY },

    /* A line that means something else to somebody else. */
    { DS(KSK_2017) "example. IN DS 20326 8 2 E06D44B8\n", 0, 1, "line 2: only keys of the root" },
    { "$ORIGIN example.\n" DS(KSK_2017), 0, 0, "line 1: only keys of the root" },
    { "$INCLUDE /etc/passwd\n" DS(KSK_2017), 0, 0, "line 1: only keys of the root" },
    { " 3600 IN DS " KSK_2017 "\n", 0, 0, "line 1: only keys of the root" },
    { ". IN NS a.root-servers.net.\n", 0, 0, NO_RECORD },
    { ". CH DS " KSK_2017 "\n", 0, 0, NO_RECORD },
    { ". IN DS\n", 0, 0, NO_RECORD },
    { ". IN DNSKEY 257 3 8\n", 0, 0, NO_RECORD },
    { ". IN DS ( 20326 8 2\n E06D44B8 )\n", 0, 0, "line 2: only keys of the root" },
};
// clang-format on

static char path[] = "/tmp/chancery-anchor-XXXXXX";

static bool count(void *context, const char *record)
{
    assert_int_equal(strncmp(record, ". IN D", 6), 0);
    ++*(size_t *)context;
    return true;
}

static void keys_are_counted_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = { 0 };
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_true(fputs(cases[i].text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        size_t records = 0, keys = anchor_read(path, count, &records, &f);

        if (keys != cases[i].keys || records != cases[i].records ||
            (cases[i].why && !strstr(f.detail, cases[i].why)))
            fail_msg("%s: %zu keys, %zu records, %s", cases[i].text, keys, records, f.detail);
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
    assert_in_range(anchor_read(path, NULL, NULL, &f), 2, 100);
}

/* Nothing is cut in silence. */
static void a_line_that_is_too_long_is_refused(void **state)
{
    struct fault f = { 0 };
    FILE *file = fopen(path, "w");

    (void)state;
    assert_non_null(file);
    fprintf(file, ". IN DS 20326 8 2 %05000d\n", 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(anchor_read(path, NULL, NULL, &f), 0);
    assert_non_null(strstr(f.detail, NO_RECORD));
}

static bool refuse(void *context, const char *record)
{
    (void)context;
    (void)record;
    return false;
}

static void what_nobody_takes_is_a_fault(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_int_equal(anchor_read("/usr/share/dns/root.key", refuse, NULL, &f), 0);
    assert_non_null(strstr(f.detail, "was not taken"));
}

/* What a fresh installation has (DNS_ANCHOR) is the root of IANA, with both of its keys. */
static void the_default_is_whole(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_int_equal(anchor_read("/usr/share/dns/root.key", NULL, NULL, &f), 2);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_int_equal(anchor_read("/nowhere/root.key", NULL, NULL, &f), 0);
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
        cmocka_unit_test(a_line_that_is_too_long_is_refused),
        cmocka_unit_test(what_nobody_takes_is_a_fault),
        cmocka_unit_test(the_default_is_whole),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
