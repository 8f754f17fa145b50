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

// clang-format off
static const struct { const char *text; bool host; } hosts[] = {
    { "0.0.0.0",           false }, { "0.255.255.255",    false }, { "1.0.0.0",           true },
    { "10.0.0.1",          true },  { "127.0.0.1",        true },  { "169.254.1.1",       true },
    { "192.0.0.8",         false }, { "192.0.0.9",        true },  { "192.0.0.169",       true },
    { "192.0.0.170",       false }, { "192.0.0.171",      false }, { "192.0.0.172",       true },
    { "192.0.2.1",         true },  { "223.255.255.255",  true },  { "224.0.0.1",         false },
    { "239.255.255.255",   false }, { "240.0.0.0",        false }, { "255.255.255.255",   false },
    { "::",                false }, { "::1",              true },  { "::2",               false },
    { "::192.0.2.1",       false }, { "::ffff:192.0.2.1", false }, { "::1:0:0:0",         true },
    { "64:ff9b::1",        true },  { "100::1",           false }, { "100:0:0:1::1",      false },
    { "100:0:0:2::1",      true },  { "2001:db8::1",      true },  { "fd00::1",           true },
    { "fe80::1",           true },  { "feff::1",          true },  { "ff02::1",           false },
    { "ffff::",            false },
};
// clang-format on

static void what_no_host_can_have_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct ip ip;
        assert_true(ip_read(hosts[i].text, &ip));
        if (hosts[i].host != !ip_not_of_host(&ip))
            fail_msg("%s", hosts[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_and_writes),
                                        cmocka_unit_test(what_no_host_can_have_is_known) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
