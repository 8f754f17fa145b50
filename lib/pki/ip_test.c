#include "pki/ip.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on

/* What is no address has no text. */
// clang-format off
static const struct { const char *given, *text; size_t size; } rows[] = {
    { "192.0.2.1",                         "192.0.2.1",           4 },
    { "[192.0.2.1]",                       "192.0.2.1",           4 },
    { "2001:db8::1",                       "2001:db8::1",         16 },
    { "2001:0DB8:0:0:0:0:0:1",             "2001:db8::1",         16 },
    { "[2001:db8::1]",                     "2001:db8::1",         16 },
    { "::ffff:192.0.2.1",                  "::ffff:192.0.2.1",    16 },
    { "::",                                "::",                  16 },
    { "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 16 },
    { "",                                  NULL,                  0 },
    { "[]",                                NULL,                  0 },
    { "[192.0.2.1",                        NULL,                  0 },
    { "192.0.2.01",                        NULL,                  0 },
    { "192.0.2.256",                       NULL,                  0 },
    { "192.0.2",                           NULL,                  0 },
    { "0x7f000001",                        NULL,                  0 },
    { "2001:db8::1%eth0",                  NULL,                  0 },
    { "192.0.2.0/24",                      NULL,                  0 },
    { "localhost",                         NULL,                  0 },
    { "[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]", NULL, 0 },
};
// clang-format on

static void reads_and_writes(void **state)
{
    struct arena a;
    struct ip found;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].text) {
            assert_false(ip_read(rows[i].given, &found));
            continue;
        }
        assert_true(ip_read(rows[i].given, &found));
        assert_int_equal(found.size, rows[i].size);
        assert_string_equal(ip_text(&a, (struct bytes){ found.octets, found.size }), rows[i].text);
    }
    assert_null(ip_text(&a, (struct bytes){ found.octets, 5 }));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_and_writes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
