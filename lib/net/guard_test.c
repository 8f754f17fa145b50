#include "net/guard.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct guard strict = { 0 };
static const struct guard rig = { .http = true, .loopback = true };
static const struct guard dcv = { .http = true };
static const struct guard wider = { .ports = { 8443, 9443 } };

// clang-format off
/* What a customer may not name, and a word of the reason. */
static const struct refused { const char *url, *why; } refused[] = {
    /* schemes */
    { "",                                   "https://" },
    { "example.com",                        "https://" },
    { "http://example.com/",                "https://" },
    { "ftp://example.com/",                 "https://" },
    { "file:///etc/passwd",                 "https://" },
    { "gopher://example.com/",              "https://" },
    { "https:/example.com/",                "two slashes" },
    { "https:example.com",                  "two slashes" },
    { "https:///example.com/",              "name a host" },
    { "https://",                           "name a host" },
    { "//example.com/",                     "https://" },
    /* IPv4 in every notation that some resolver takes */
    { "https://127.0.0.1/",                 "loopback" },
    { "https://127.255.255.254/",           "loopback" },
    { "https://2130706433/",                "four decimal" },
    { "https://4294967296/",                "four decimal" },
    { "https://0x7f000001/",                "four decimal" },
    { "https://0x7f.1/",                    "four decimal" },
    { "https://0x7f.0x1",                   "four decimal" },
    { "https://0177.0.0.1/",                "four decimal" },
    { "https://017700000001/",              "four decimal" },
    { "https://127.1/",                     "four decimal" },
    { "https://127.1./",                    "dot" },
    { "https://127.0.1/",                   "four decimal" },
    { "https://8.8.010.8/",                 "four decimal" },
    { "https://256.1.1.1/",                 "four decimal" },
    { "https://1.2.3.4.5/",                 "four decimal" },
    { "https://example.1/",                 "four decimal" },
    { "https://127.0.0.1./",                "dot" },
    { "https://%31%32%37.0.0.1/",           "name a host" },
    { "https://0/",                         "four decimal" },
    { "https://0.0.0.0/",                   "this network" },
    { "https://10.1.2.3/",                  "private" },
    { "https://100.64.0.1/",                "shared" },
    { "https://169.254.169.254/latest/",    "link local" },
    { "https://172.16.0.1/",                "private" },
    { "https://172.31.255.255/",            "private" },
    { "https://192.168.1.1/",               "private" },
    { "https://192.0.2.1/",                 "documentation" },
    { "https://198.18.0.1/",                "benchmarks" },
    { "https://224.0.0.1/",                 "multicast" },
    { "https://255.255.255.255/",           "broadcast" },
    /* IPv6 */
    { "https://[::]/",                      "unspecified" },
    { "https://[::1]/",                     "loopback" },
    { "https://[0:0:0:0:0:0:0:1]/",         "loopback" },
    { "https://[::127.0.0.1]/",             "not global" },
    { "https://[::ffff:127.0.0.1]/",        "loopback" },
    { "https://[::ffff:7f00:1]/",           "loopback" },
    { "https://[::ffff:a9fe:a9fe]/",        "link local" },
    { "https://[64:ff9b::10.0.0.1]/",       "private" },
    { "https://[2002:7f00:1::]/",           "loopback" },
    { "https://[2002:c0a8:101::1]/",        "private" },
    { "https://[2001:0:1::1]/",             "Teredo" },
    { "https://[2001:db8::1]/",             "documentation" },
    { "https://[fe80::1]/",                 "link local" },
    { "https://[fe80::1%25eth0]/",          "name a host" },
    { "https://[fd00:ec2::254]/",           "unique local" },
    { "https://[ff02::1]/",                 "multicast" },
    { "https://[::1/",                      "name a host" },
    { "https://[v1.a]/",                    "name a host" },
    { "https://[abcd]/",                    "" },
    { "https://[]/",                        "" },
    /* names */
    { "https://localhost/",                 "localhost" },
    { "https://LOCALHOST/",                 "localhost" },
    { "https://a.localhost/",               "localhost" },
    { "https://localhost./",                "dot" },
    { "https://printer.local/",             "local" },
    { "https://metadata.google.internal/",  "internal" },
    { "https://nas.home.arpa/",             "home.arpa" },
    { "https://hidden.onion/",              "onion" },
    { "https://hook.test/",                 "test" },
    { "https://intranet/",                  "in full" },
    { "https://example.com./",              "dot" },
    { "https://.example.com/",              "cannot exist" },
    { "https://a..example.com/",            "cannot exist" },
    { "https://-a.example.com/",            "cannot exist" },
    { "https://a-.example.com/",            "cannot exist" },
    { "https://a_b.example.com/",           "name a host" },
    { "https://*.example.com/",             "name a host" },
    { "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com/", "cannot exist" },
    /* full-width digits, an ideographic full stop, a circled letter: IDNA turns them into ASCII */
    { "https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/", "character" },
    { "https://127\xe3\x80\x82""0\xe3\x80\x82""0\xe3\x80\x82""1/", "character" },
    { "https://\xe2\x93\x9bocalhost/",      "character" },
    { "https://b\xc3\xbc" "cher.example/",  "character" },
    /* users, and what two parsers split differently */
    { "https://user@example.com/",          "no user" },
    { "https://user:pw@example.com/",       "no user" },
    { "https://example.com@127.0.0.1/",     "no user" },
    { "https://127.0.0.1\\@example.com/",   "character" },
    { "https://example.com\\.127.0.0.1/",   "character" },
    { "https://example.com /",              "character" },
    { "https://example.com/\r\nHost: a",    "character" },
    { "https://example.com/\x7f",           "character" },
    { "https://example.com;.a.com/",        "name a host" },
    /* ports */
    { "https://example.com:80/",            "port 80" },
    { "https://example.com:22/",            "port 22" },
    { "https://example.com:8443/",          "port 8443" },
    { "https://example.com:0/",             "port 0" },
    { "https://example.com:65536/",         "well-formed" },
    { "https://example.com:99999999999999/","well-formed" },
    { "https://example.com:443x/",          "no user" },
    { "https://example.com:-1/",            "no user" },
    { "https://8.8.8.8:6379/",              "port 6379" },
};

static const struct allowed {
    const struct guard *guard; const char *url, *text, *host; uint16_t port;
} allowed[] = {
    { &strict, "https://example.com",            "https://example.com/",           "example.com",   443 },
    { &strict, "HTTPS://Hooks.Example.COM/A?b=C","https://Hooks.Example.COM/A?b=C","hooks.example.com", 443 },
    { &strict, "https://example.com:443/x",      "https://example.com:443/x",      "example.com",   443 },
    { &strict, "https://example.com:/x",         "https://example.com/x",          "example.com",   443 },
    { &strict, "https://example.com/a#fragment", "https://example.com/a",          "example.com",   443 },
    { &strict, "https://example.com?q",          "https://example.com/?q",         "example.com",   443 },
    { &strict, "https://example.com/a@b:c%20d",  "https://example.com/a@b:c%20d",  "example.com",   443 },
    { &strict, "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example", 443 },
    { &strict, "https://mylocalhost.com/",       "https://mylocalhost.com/",       "mylocalhost.com", 443 },
    { &strict, "https://latest.net/",            "https://latest.net/",            "latest.net",    443 },
    { &strict, "https://1and1.example/",         "https://1and1.example/",         "1and1.example", 443 },
    { &strict, "https://8.8.8.8/",               "https://8.8.8.8/",               "8.8.8.8",       443 },
    { &strict, "https://[2606:4700::1111]/",     "https://[2606:4700::1111]/",     "2606:4700::1111", 443 },
    { &strict, "https://[64:ff9b::8.8.8.8]/",    "https://[64:ff9b::8.8.8.8]/",    "64:ff9b::8.8.8.8", 443 },
    { &wider,  "https://example.com:9443/",      "https://example.com:9443/",      "example.com",   9443 },
    { &dcv,    "http://example.com/",            "http://example.com/",            "example.com",   80 },
    { &rig,    "https://127.9.0.1:8443/ok",      "https://127.9.0.1:8443/ok",      "127.9.0.1",     8443 },
    { &rig,    "http://localhost:8080/",         "http://localhost:8080/",         "localhost",     8080 },
    { &rig,    "https://[::1]:1/",               "https://[::1]:1/",               "::1",           1 },
    { &rig,    "https://hook.example.test/",     "https://hook.example.test/",     "hook.example.test", 443 },
};

/* The loopback setting opens the loopback and nothing else. */
static const char *const refused_on_rig[] = {
    "https://10.0.0.1/", "https://169.254.169.254/", "https://192.168.0.1:443/", "https://[fe80::1]/",
    "https://[fd00::1]/", "https://0.0.0.0/", "https://[::]/", "https://printer.local/",
    "https://intranet/", "https://127.1/", "https://a@127.0.0.1/", "ftp://127.0.0.1/",
    "https://127.0.0.1:0/",
};

static const struct address { const char *text; bool is_public; } addresses[] = {
    { "0.0.0.0", false },         { "0.255.255.255", false },   { "1.0.0.0", true },
    { "9.255.255.255", true },    { "10.0.0.0", false },        { "10.255.255.255", false },
    { "11.0.0.0", true },         { "100.63.255.255", true },   { "100.64.0.0", false },
    { "100.127.255.255", false }, { "100.128.0.0", true },      { "126.255.255.255", true },
    { "127.0.0.0", false },       { "128.0.0.0", true },        { "169.253.255.255", true },
    { "169.254.0.0", false },     { "169.255.0.0", true },      { "172.15.255.255", true },
    { "172.16.0.0", false },      { "172.31.255.255", false },  { "172.32.0.0", true },
    { "192.0.0.9", false },       { "192.0.1.0", true },        { "192.0.2.255", false },
    { "192.31.196.1", false },    { "192.52.193.1", false },    { "192.88.99.1", false },
    { "192.167.255.255", true },  { "192.168.0.0", false },     { "192.169.0.0", true },
    { "192.175.48.1", false },    { "198.17.255.255", true },   { "198.18.0.0", false },
    { "198.19.255.255", false },  { "198.20.0.0", true },       { "198.51.100.1", false },
    { "203.0.113.1", false },     { "203.0.114.0", true },      { "223.255.255.255", true },
    { "224.0.0.0", false },       { "239.255.255.255", false }, { "240.0.0.0", false },
    { "255.255.255.255", false },
    { "::", false },              { "::1", false },             { "::2", false },
    { "::8.8.8.8", false },       { "::ffff:8.8.8.8", true },   { "::ffff:10.0.0.1", false },
    { "::ffff:0:8.8.8.8", false },
    { "64:ff9b::8.8.8.8", true }, { "64:ff9b::127.0.0.1", false }, { "64:ff9b:1::808:808", false },
    { "100::1", false },          { "100:0:0:1::1", false },    { "1fff::1", false },
    { "2000::1", true },          { "2001::1", false },         { "2001:1ff:ffff::1", false },
    { "2001:200::1", true },      { "2001:db7::1", true },      { "2001:db8::1", false },
    { "2001:db9::1", true },      { "2002:808:808::1", true },  { "2002:a00:1::1", false },
    { "2003::1", true },          { "2620:4f:8000::1", false }, { "2a00:1450::1", true },
    { "3ffe::1", false },         { "3fff::1", false },         { "3fff:fff::1", false },
    { "3fff:1000::1", true },     { "4000::1", false },         { "5f00::1", false },
    { "8000::1", false },         { "fc00::1", false },         { "fdff::1", false },
    { "fe80::1", false },         { "febf::1", false },         { "fec0::1", false },
    { "feff::1", false },         { "ff00::1", false },         { "ffff::1", false },
};
// clang-format on

static void forbidden_urls_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct guarded_url out;
        struct fault f = { 0 };

        if (guard_url(&strict, refused[i].url, &out, &f))
            fail_msg("accepted: %s", refused[i].url);
        assert_int_equal(f.code, FAULT_INVALID);
        if (!strstr(f.detail, refused[i].why))
            fail_msg("%s: \"%s\" does not say \"%s\"", refused[i].url, f.detail, refused[i].why);
    }
}

static void good_urls_are_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(allowed); i++) {
        struct guarded_url out;
        struct fault f = { 0 };

        if (!guard_url(allowed[i].guard, allowed[i].url, &out, &f))
            fail_msg("%s: %s", allowed[i].url, f.detail);
        assert_string_equal(out.text, allowed[i].text);
        assert_string_equal(out.host, allowed[i].host);
        assert_int_equal(out.port, allowed[i].port);
    }
}

static void loopback_setting_opens_loopback_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused_on_rig); i++) {
        struct guarded_url out;
        struct fault f = { 0 };

        if (guard_url(&rig, refused_on_rig[i], &out, &f))
            fail_msg("accepted: %s", refused_on_rig[i]);
    }
}

static void urls_that_are_too_long_are_refused(void **state)
{
    char url[GUARD_URL_SIZE + 1] = "https://example.com/";
    struct guarded_url out;
    struct fault f = { 0 };
    size_t length = strlen(url);

    (void)state;
    memset(url + length, 'a', GUARD_URL_SIZE - 1 - length);
    assert_true(guard_url(&strict, url, &out, &f));
    assert_string_equal(out.text, url);
    url[GUARD_URL_SIZE - 1] = 'a';
    assert_false(guard_url(&strict, url, &out, &f));
}

static void addresses_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(addresses); i++) {
        struct sockaddr_in in = { .sin_family = AF_INET };
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
        const char *text = addresses[i].text;
        bool four = inet_pton(AF_INET, text, &in.sin_addr) == 1;
        struct fault f = { 0 };

        assert_true(four || inet_pton(AF_INET6, text, &in6.sin6_addr) == 1);
        if (guard_address(&strict, four ? (void *)&in : (void *)&in6, &f) != addresses[i].is_public)
            fail_msg("%s: should%s be public", text, addresses[i].is_public ? "" : " not");
    }
}

static void other_families_are_no_addresses(void **state)
{
    const struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/run/docker.sock" };
    struct fault f = { 0 };

    (void)state;
    assert_false(guard_address(&rig, (const void *)&un, &f));
    assert_int_equal(f.code, FAULT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbidden_urls_are_refused),
        cmocka_unit_test(good_urls_are_taken),
        cmocka_unit_test(loopback_setting_opens_loopback_only),
        cmocka_unit_test(urls_that_are_too_long_are_refused),
        cmocka_unit_test(addresses_are_judged),
        cmocka_unit_test(other_families_are_no_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
