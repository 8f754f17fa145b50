#include "pki/example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

// clang-format off
static const struct {
    const char *host;
    bool example;
} hosts[] = {
    { "example.com", true },        { "status.ca.example.com", true }, { "EXAMPLE.org.", true },
    { "a.example", true },          { "ca.test:8080", true },          { "localhost", true },
    { "x.localhost:80", true },     { "no.invalid", true },            { "127.0.0.1:8080", true },
    { "[::1]:80", true },           { "127.0.0.1", true },
    { "ca.acme-trust.com", false }, { "example.de", false },           { "notexample.com", false },
    { "contest", false },           { "example.com.evil.io", false },  { "127.a.io", false },
    { "10.1.2.3", false },          { "", false },                     { ".", false },
};

static const struct {
    const char *url;
    bool example;
} urls[] = {
    { "http://status.example/ca/root.crt", true },
    { "http://example.net:8080/crl", true },
    { "http://pki.acme-trust.com/example.com", false },
    { "http://pki.acme-trust.com?x=example.com", false },
    { "status.example", false },
};
// clang-format on

static void hosts_that_nobody_can_have(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (host_is_example(hosts[i].host) != hosts[i].example)
            fail_msg("%s", hosts[i].host);
}

static void hosts_in_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        if (url_is_example(urls[i].url) != urls[i].example)
            fail_msg("%s", urls[i].url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_that_nobody_can_have),
        cmocka_unit_test(hosts_in_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
