#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proxy.h"

// clang-format off
static const struct {
    const char *trusted, *peer, *header, *client;
} cases[] = {
    { "",                     "192.0.2.1",   NULL,                         "192.0.2.1" },
    { "",                     "192.0.2.1",   "9.9.9.9",                    "192.0.2.1" },
    { "10.0.0.0/8",           "192.0.2.1",   "9.9.9.9",                    "192.0.2.1" },
    { "10.0.0.0/8",           "10.1.2.3",    NULL,                         "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "9.9.9.9",                    "9.9.9.9" },
    { "10.0.0.0/8",           "10.1.2.3",    "1.1.1.1, 9.9.9.9",           "9.9.9.9" },
    { "10.0.0.0/8",           "10.1.2.3",    "1.1.1.1, 9.9.9.9, 10.0.0.1", "9.9.9.9" },
    { "10.0.0.0/8",           "10.1.2.3",    "10.0.0.2 ,10.0.0.1 ",        "10.0.0.2" },
    { "10.0.0.0/8",           "10.1.2.3",    "nonsense",                   "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "9.9.9.9, nonsense",          "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "",                           "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    ",,,",                        "10.1.2.3" },
    { "10.0.0.0/8",           "::ffff:10.1.2.3", "9.9.9.9",                "9.9.9.9" },
    { "10.0.0.0/9",           "10.128.0.1",  "9.9.9.9",                    "10.128.0.1" },
    { "10.0.0.0/9",           "10.127.0.1",  "9.9.9.9",                    "9.9.9.9" },
    { "192.0.2.7",            "192.0.2.7",   "2001:db8::5",                "2001:db8::5" },
    { "192.0.2.7",            "192.0.2.6",   "2001:db8::5",                "192.0.2.6" },
    { "2001:db8::/32, ::1",   "::1",         "9.9.9.9, 2001:db8:1::1",     "9.9.9.9" },
    { "0.0.0.0/0",            "8.8.8.8",     "1.1.1.1, 2.2.2.2",           "1.1.1.1" },
    { "0.0.0.0/0",            "2001:db8::1", "1.1.1.1",                    "2001:db8::1" },
    /* With the client's port, and in brackets. */
    { "10.0.0.0/8",           "10.1.2.3",    "198.51.100.7:51234",         "198.51.100.7" },
    { "10.0.0.0/8",           "10.1.2.3",    "6.6.6.6:1, 198.51.100.7:65535, 10.0.0.1:80", "198.51.100.7" },
    { "10.0.0.0/8",           "10.1.2.3",    "[2001:db8::7]",              "2001:db8::7" },
    { "10.0.0.0/8",           "10.1.2.3",    "[2001:db8::7]:443",          "2001:db8::7" },
    { "10.0.0.0/8",           "10.1.2.3",    "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "2001:db8:1111:2222:3333:4444:5555:6666" },
    { "10.0.0.0/8",           "10.1.2.3",    "9.9.9.9, [::ffff:10.0.0.1]:443", "9.9.9.9" },
    { "10.0.0.0/8",           "10.1.2.3",    "198.51.100.7:",              "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "198.51.100.7:x",             "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "198.51.100.7:123456",        "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "198.51.100.7:1:2",           "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "[198.51.100.7]",             "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "[2001:db8::7",               "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "2001:db8::7]",               "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "[2001:db8::7]443",           "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "[]",                         "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    "[",                          "10.1.2.3" },
    { "10.0.0.0/8",           "10.1.2.3",    ":80",                        "10.1.2.3" },
};
// clang-format on

static void fill(const char *text, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6;
}

static void only_trusted_proxies_are_believed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy_list list;
        struct fault f;
        struct sockaddr_storage peer;
        char client[IP_TEXT_SIZE];
        assert_true(proxy_list_read(cases[i].trusted, &list, &f));
        fill(cases[i].peer, &peer);
        proxy_client(&list, (struct sockaddr *)&peer, cases[i].header, client);
        if (strcmp(client, cases[i].client) != 0)
            fail_msg("%s through %s: %s", cases[i].header, cases[i].peer, client);
    }
}

static void bad_lists_are_refused(void **state)
{
    static const char *const lists[] = {
        "proxy", "10.0.0.0/33", "10.0.0.0/-1", "::1/129", "10.0.0.0/", "1.2.3.4 x",
        // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one list that is too long
        "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 "
        "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1",
        "1111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
    };
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct proxy_list list;
        struct fault f = { 0 };
        assert_false(proxy_list_read(lists[i], &list, &f));
        assert_string_equal(f.field, "TRUSTED_PROXIES");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_trusted_proxies_are_believed),
        cmocka_unit_test(bad_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
