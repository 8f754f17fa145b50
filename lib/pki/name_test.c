#include "pki/name.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define L63      "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define NAME_251 L63 "." L63 "." L63 ".abcdefghijklmnopqrstuvwxyz0123456789abcdefghijk.example.com"

// clang-format off
static const struct { const char *text, *fqdn, *host, *base; bool wildcard; } goods[] = {
    { "example.com",           "example.com",        "example.com",      "example.com",   false },
    { "example.net",           "example.net",        "example.net",      "example.net",   false },
    { "www.example.org",       "www.example.org",    "www.example.org",  "example.org",   false },
    { "WWW.Example.COM",       "www.example.com",    "www.example.com",  "example.com",   false },
    { "*.example.com",         "*.example.com",      "example.com",      "example.com",   true },
    { "*.a.b.example.co.uk",   "*.a.b.example.co.uk", "a.b.example.co.uk", "example.co.uk", true },
    { "a.s3.amazonaws.com",    "a.s3.amazonaws.com", "a.s3.amazonaws.com", "amazonaws.com", false }, /* only the ICANN part counts */
    { "github.io",             "github.io",          "github.io",        "github.io",     false },
    { "a.b.ck",                "a.b.ck",             "a.b.ck",           "a.b.ck",        false }, /* *.ck */
    { "www.ck",                "www.ck",             "www.ck",           "www.ck",        false }, /* !www.ck */
    { "x.www.ck",              "x.www.ck",           "x.www.ck",         "www.ck",        false },
    { "a.city.kawasaki.jp",    "a.city.kawasaki.jp", "a.city.kawasaki.jp", "city.kawasaki.jp", false },
    { "1.example.com",         "1.example.com",      "1.example.com",    "example.com",   false },
    { "a-b--c.example.com",    "a-b--c.example.com", "a-b--c.example.com", "example.com", false },
    { L63 ".example.com",      L63 ".example.com",   L63 ".example.com", "example.com",   false },
    { NAME_251,                NAME_251,             NAME_251,           "example.com",   false },
    { "*." NAME_251,           "*." NAME_251,        NAME_251,           "example.com",   true },
    { "b\xc3\xbc" "cher.example.com", "xn--bcher-kva.example.com", "xn--bcher-kva.example.com", "example.com", false },
    { "*.B\xc3\x9c" "CHER.de", "*.xn--bcher-kva.de", "xn--bcher-kva.de", "xn--bcher-kva.de", true },
    { "stra\xc3\x9f" "e.de",   "xn--strae-oqa.de",   "xn--strae-oqa.de", "xn--strae-oqa.de", false }, /* not strasse.de */
    { "xn--strae-oqa.de",      "xn--strae-oqa.de",   "xn--strae-oqa.de", "xn--strae-oqa.de", false },
    { "XN--BCHER-KVA.de",      "xn--bcher-kva.de",   "xn--bcher-kva.de", "xn--bcher-kva.de", false },
    { "u\xcc\x88.de",          "xn--tda.de",         "xn--tda.de",       "xn--tda.de",    false }, /* composed (NFC) */
    { "\xef\xbd\x85" "xample\xe3\x80\x82" "com", "example.com", "example.com", "example.com",  false }, /* another width, another full stop */
    { "l\xc2\xb7l.example.com", "xn--ll-0ea.example.com", "xn--ll-0ea.example.com", "example.com", false }, /* Catalan */
    { "\xd0\xb0\xd0\xb1.\xd1\x80\xd1\x84", "xn--80ac.xn--p1ai", "xn--80ac.xn--p1ai", "xn--80ac.xn--p1ai", false },
    { "a.xn--55qx5d.cn",       "a.xn--55qx5d.cn",    "a.xn--55qx5d.cn",  "a.xn--55qx5d.cn", false }, /* a suffix that is an IDN */
};

static const struct { const char *text, *detail; } bads[] = {
    { "",                      "\"\" is empty" },
    { "a_b.example.com",       "\"a_b.example.com\" has an underscore" },
    { "_dmarc.example.com",    "\"_dmarc.example.com\" has an underscore" },
    { "*",                     "\"*\" has a wildcard that is not the whole left-most label" },
    { "*.*.example.com",       "\"*.*.example.com\" has a wildcard that is not the whole left-most label" },
    { "a.*.example.com",       "\"a.*.example.com\" has a wildcard that is not the whole left-most label" },
    { "w*.example.com",        "\"w*.example.com\" has a wildcard that is not the whole left-most label" },
    { "*example.com",          "\"*example.com\" has a wildcard that is not the whole left-most label" },
    { "*.",                    "\"*.\" has an empty label" },
    { "192.0.2.1",             "\"192.0.2.1\" is an IP address, not a DNS name" },
    { "2001:db8::1",           "\"2001:db8::1\" is an IP address, not a DNS name" },
    { "[2001:db8::1]",         "\"[2001:db8::1]\" is an IP address, not a DNS name" },
    { "::ffff:192.0.2.1",      "\"::ffff:192.0.2.1\" is an IP address, not a DNS name" },
    { "*.192.0.2.1",           "\"*.192.0.2.1\" ends with a number, as no host name does" },
    { "192.0.2.300",           "\"192.0.2.300\" ends with a number, as no host name does" },
    { "192.0.2.0x1",           "\"192.0.2.0x1\" ends with a number, as no host name does" },
    { "0x7F000001",            "\"0x7F000001\" ends with a number, as no host name does" },
    { "2130706433",            "\"2130706433\" ends with a number, as no host name does" },
    { "127.1",                 "\"127.1\" ends with a number, as no host name does" },
    { "0177.0.0.01",           "\"0177.0.0.01\" ends with a number, as no host name does" },
    { "a.0x",                  "\"a.0x\" ends with a number, as no host name does" },
    { "\xef\xbc\x91.\xef\xbc\x92", "\"\xef\xbc\x91.\xef\xbc\x92\" ends with a number, as no host name does" }, /* of full width */
    { "https://example.com/",  "\"https://example.com/\" is a URL, not a DNS name" },
    { "a@example.com",         "\"a@example.com\" is a mail address, not a DNS name" },
    { "example.com:443",       "\"example.com:443\" has a character that no host name has" },
    { " example.com",          "\" example.com\" has a character that no host name has" },
    { "example.com\n",         "\"example.com\n\" has a character that no host name has" },
    { "exa mple.com",          "\"exa mple.com\" has a character that no host name has" },
    { "example.com.",          "\"example.com.\" ends with a dot" },
    { ".example.com",          "\".example.com\" has an empty label" },
    { "a..example.com",        "\"a..example.com\" has an empty label" },
    { ".",                     "\".\" ends with a dot" },
    { "-a.example.com",        "\"-a.example.com\" has a label that begins or ends with a hyphen" },
    { "a-.example.com",        "\"a-.example.com\" has a label that begins or ends with a hyphen" },
    { "ab--c.example.com",     "\"ab--c.example.com\" has a label with hyphens at its third and fourth place" },
    { "xn--a.example.com",     "\"xn--a.example.com\" has a label that is no valid A-label (IDNA2008)" },
    { "xn--bcher-.example.com", "\"xn--bcher-.example.com\" has a label that begins or ends with a hyphen" },
    { "xn--99999999.example.com", "\"xn--99999999.example.com\" has a label that is no valid A-label (IDNA2008)" },
    { "xn--www-.com",          "\"xn--www-.com\" has a label that begins or ends with a hyphen" },
    { "xn--i-7iq.ws",          "\"xn--i-7iq.ws\" has a label that is no valid A-label (IDNA2008)" }, /* a symbol */
    { "\xe2\x9d\xa4.ws",       "\"\xe2\x9d\xa4.ws\" is no valid internationalised name (IDNA2008)" },
    { "a\xe2\x80\x8d" "b.com", "\"a\xe2\x80\x8d" "b.com\" has a character that may stand only beside certain others (RFC 5892)" }, /* a joiner out of context */
    { "\xd7\x90" "1a.com",     "\"\xd7\x90" "1a.com\" has a label of two directions that may not be mixed so (RFC 5893)" }, /* two directions */
    { "\xcc\x88" "a.com",      "\"\xcc\x88" "a.com\" has a label that begins with a combining mark" }, /* a combining mark first */
    { "\xef\xac\x81" "x.com",   "\"\xef\xac\x81" "x.com\" has a character that no name has: write \"fix.com\" if that is meant" },
    { "xn--ab-0ea.com",        "\"xn--ab-0ea.com\" has a label that is no valid A-label (IDNA2008)" }, /* a middle dot out of context */
    { "\xff.com",              "\"...\" is no valid UTF-8" },
    { L63 "x.example.com",     "\"" L63 "x.example.com\" has a label of more than 63 characters" },
    { "ab." NAME_251,         "\"ab." L63 ".abcdefghijklm...\" has more than 253 characters" },
    { "localhost",             "\"localhost\" is an internal name" },
    { "server",                "\"server\" is an internal name: it has one label" },
    { "a.local",               "\"a.local\" is an internal name" },
    { "a.internal",            "\"a.internal\" is an internal name" },
    { "a.test",                "\"a.test\" is an internal name" },
    { "a.example",             "\"a.example\" is under no public top-level domain" },
    { "a.corp",                "\"a.corp\" is under no public top-level domain" },
    { "a.onion",               "\"a.onion\" is an onion name, for which there is no product" },
    { "1.2.0.192.in-addr.arpa", "\"1.2.0.192.in-addr.arpa\" is a reverse name" },
    { "1.ip6.arpa",            "\"1.ip6.arpa\" is a reverse name" },
    { "a.home.arpa",           "\"a.home.arpa\" is under arpa, where there are no hosts" },
    { "com",                   "\"com\" is a public suffix" },
    { "co.uk",                 "\"co.uk\" is a public suffix" },
    { "b.ck",                  "\"b.ck\" is a public suffix" },
    { "ck",                    "\"ck\" is a public suffix" },
    { "*.com",                 "\"*.com\" is a wildcard over a public suffix" },
    { "*.co.uk",               "\"*.co.uk\" is a wildcard over a public suffix" },
    { "*.b.ck",                "\"*.b.ck\" is a wildcard over a public suffix" },
};

static const struct { const char *host, *ancestor; bool within; } relations[] = {
    { "example.com",     "example.com", true },
    { "a.example.com",   "example.com", true },
    { "a.b.example.com", "example.com", true },
    { "aexample.com",    "example.com", false },
    { "example.com",     "a.example.com", false },
    { "example.org",     "example.com", false },
    { ".example.com",    "example.com", true },
    { "example.com",     "",            false },
    { "",                "",            true },
};
// clang-format on

static void names_are_read_and_normalised(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(goods); i++) {
        struct name name;
        struct fault f = { 0 };
        if (!name_read(&a, goods[i].text, NAMES_PUBLIC, &name, &f, "x"))
            fail_msg("%s", f.detail);
        assert_string_equal(name.fqdn, goods[i].fqdn);
        assert_string_equal(name.host, goods[i].host);
        assert_string_equal(name.base_domain, goods[i].base);
        assert_int_equal(name.wildcard, goods[i].wildcard);
    }
    arena_free(&a);
}

static void what_must_not_be_certified_is_refused_with_a_reason(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(bads); i++) {
        struct name name;
        struct fault f = { 0 };
        if (name_read(&a, bads[i].text, NAMES_PUBLIC, &name, &f, "certificate.dns_names"))
            fail_msg("accepted: %s", bads[i].text);
        assert_string_equal(f.detail, bads[i].detail);
        assert_string_equal(f.field, "certificate.dns_names");
        assert_int_equal(f.code, FAULT_DNS_NAME);
    }
    arena_free(&a);
}

// clang-format off
static const struct { const char *text, *fqdn; bool wildcard; } privates[] = {
    { "intranet",              "intranet",           false },
    { "DB1.Corp",              "db1.corp",           false },
    { "printer.local",         "printer.local",      false },
    { "*.svc.internal",        "*.svc.internal",     true },
    { "localhost",             "localhost",          false },
    { "www.example.com",       "www.example.com",    false },
    { "b\xc3\xbc" "cher.lan",  "xn--bcher-kva.lan",  false },
    { "10.0.0.1",              "10.0.0.1",           false },
    { "[FD00:0::1]",           "fd00::1",            false },
    { "127.0.0.1",             "127.0.0.1",          false },
    { "::1",                   "::1",                false },
    { "a.0xg",                 "a.0xg",              false },
    { "x0",                    "x0",                 false },
    { "0x1.corp",              "0x1.corp",           false },
};

static const struct { const char *text, *detail; } private_bads[] = {
    { "",                      "\"\" is empty" },
    { "a_b.corp",              "\"a_b.corp\" has an underscore" },
    { "10.0.0.256",            "\"10.0.0.256\" ends with a number, as no host name does" },
    { "10.0.0.0xff",           "\"10.0.0.0xff\" ends with a number, as no host name does" },
    { "0x7f000001",            "\"0x7f000001\" ends with a number, as no host name does" },
    { "2130706433",            "\"2130706433\" ends with a number, as no host name does" },
    { "0.0.0.0",               "\"0.0.0.0\" is no host's address: it means this network (RFC 1122 3.2.1.3)" },
    { "255.255.255.255",       "\"255.255.255.255\" is no host's address: it is everybody's (RFC 919)" },
    { "224.0.0.251",           "\"224.0.0.251\" is no host's address: it is a group's (RFC 5771)" },
    { "[::]",                  "\"[::]\" is no host's address: it says that there is none (RFC 4291 2.5.2)" },
    { "ff02::1",               "\"ff02::1\" is no host's address: it is a group's (RFC 4291 2.7)" },
    { "::ffff:10.0.0.1",       "\"::ffff:10.0.0.1\" is an IPv4 address: write it as one (RFC 4291 2.5.5.2)" },
    { "10.0.0.0/8",            "\"10.0.0.0/8\" has a character that no host name has" },
    { "*.10.0.0.1",            "\"*.10.0.0.1\" ends with a number, as no host name does" },
    { "*.corp",                "\"*.corp\" is a wildcard over a single label" },
    { "*.co.uk",               "\"*.co.uk\" is a wildcard over a public suffix" },
    { "*",                     "\"*\" has a wildcard that is not the whole left-most label" },
    { "1.0.0.127.in-addr.arpa", "\"1.0.0.127.in-addr.arpa\" is a reverse name" },
    { "a.invalid",             "\"a.invalid\" is an internal name" },
    { "corp.",                 "\"corp.\" ends with a dot" },
};
// clang-format on

static void the_private_realm_has_more_names(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(privates); i++) {
        struct name name;
        struct fault f = { 0 };
        if (!name_read(&a, privates[i].text, NAMES_PRIVATE, &name, &f, "x"))
            fail_msg("%s", f.detail);
        assert_string_equal(name.fqdn, privates[i].fqdn);
        assert_int_equal(name.wildcard, privates[i].wildcard);
        assert_string_equal(name.base_domain, name.host);
    }
    for (size_t i = 0; i < COUNT(private_bads); i++) {
        struct name name;
        struct fault f = { 0 };
        if (name_read(&a, private_bads[i].text, NAMES_PRIVATE, &name, &f, "x"))
            fail_msg("accepted: %s", private_bads[i].text);
        assert_string_equal(f.detail, private_bads[i].detail);
    }
    arena_free(&a);
}

static void names_are_within_on_label_borders(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(relations); i++)
        assert_int_equal(name_is_within(relations[i].host, relations[i].ancestor),
                         relations[i].within);
}

static void a_list_has_each_name_once_and_the_common_name_first(void **state)
{
    static const char *const given[] = { "a.example.com", "*.example.com", "B.example.com",
                                         "b.example.com", "www.example.com" };
    static const char *const want[] = { "www.example.com", "a.example.com", "*.example.com",
                                        "b.example.com" };
    struct arena a;
    struct name_list list;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    assert_true(
        name_list_read(&a, NAMES_PUBLIC, "WWW.example.com", given, COUNT(given), &list, &f));
    assert_int_equal(list.count, COUNT(want));
    for (size_t i = 0; i < COUNT(want); i++)
        assert_string_equal(list.names[i].fqdn, want[i]);
    assert_true(name_list_read(&a, NAMES_PUBLIC, NULL, given, 1, &list, &f));
    assert_int_equal(list.count, 1);
    arena_free(&a);
}

static void a_list_names_the_field_that_is_wrong(void **state)
{
    static const char *const given[] = { "a.example.com", "a_b.example.com" };
    struct arena a;
    struct name_list list;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    assert_false(name_list_read(&a, NAMES_PUBLIC, "com", given, 1, &list, &f));
    assert_string_equal(f.field, "certificate.common_name");
    assert_false(name_list_read(&a, NAMES_PUBLIC, "example.com", given, 2, &list, &f));
    assert_string_equal(f.field, "certificate.dns_names");
    assert_string_equal(f.detail, "\"a_b.example.com\" has an underscore");
    assert_false(name_list_read(&a, NAMES_PUBLIC, "", given, 0, &list, &f));
    assert_int_equal(f.code, FAULT_REQUIRED);
    assert_string_equal(f.field, "certificate.common_name");
    arena_free(&a);
}

static void a_list_has_at_most_250_names(void **state)
{
    const char *given[NAME_LIST_MAX + 2];
    struct arena a;
    struct name_list list;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(given); i++)
        given[i] = arena_format(&a, "n%zu.example.com", i);
    assert_true(
        name_list_read(&a, NAMES_PUBLIC, "n0.example.com", given, NAME_LIST_MAX, &list, &f));
    assert_int_equal(list.count, NAME_LIST_MAX);
    assert_true(name_list_read(&a, NAMES_PUBLIC, NULL, given, NAME_LIST_MAX, &list, &f));
    assert_false(
        name_list_read(&a, NAMES_PUBLIC, "n0.example.com", given, NAME_LIST_MAX + 1, &list, &f));
    assert_string_equal(f.field, "certificate.dns_names");
    assert_string_equal(f.detail, "has more than 250 different names");
    assert_false(
        name_list_read(&a, NAMES_PUBLIC, "www.example.com", given, NAME_LIST_MAX, &list, &f));
    assert_string_equal(f.field, "certificate.dns_names");
    arena_free(&a);
}

/* However few names they are, and whatever is wrong with the first. */
static void a_list_is_counted_before_it_is_read(void **state)
{
    static const char *given[NAME_ENTRIES_MAX + 1];
    struct arena a;
    struct name_list list;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(given); i++)
        given[i] = "www.example.com";
    assert_true(name_list_read(&a, NAMES_PUBLIC, NULL, given, NAME_ENTRIES_MAX, &list, &f));
    assert_int_equal(list.count, 1);
    assert_false(name_list_read(&a, NAMES_PUBLIC, "a_b.example.com", given, NAME_ENTRIES_MAX + 1,
                                &list, &f));
    assert_int_equal(f.code, FAULT_DNS_NAME);
    assert_string_equal(f.field, "certificate.dns_names");
    assert_string_equal(f.detail, "has 1001 entries: at most 1000 are read");
    arena_free(&a);
}

/* Of any text that looks like a name, one of DNS that is no host's too. */
static void base_domains(void **state)
{
    static const char *const cases[][2] = {
        { "example.com", "example.com" },
        { "_dnsauth.www.example.co.uk", "example.co.uk" },
        { "co.uk", "co.uk" },
        { "com", "com" },
        { "db.internal", "db.internal" },
        { "a..b", "a..b" },
        { ".", "." },
        { "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(name_base_domain(cases[i][0]), cases[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_domains),
        cmocka_unit_test(names_are_read_and_normalised),
        cmocka_unit_test(what_must_not_be_certified_is_refused_with_a_reason),
        cmocka_unit_test(the_private_realm_has_more_names),
        cmocka_unit_test(names_are_within_on_label_borders),
        cmocka_unit_test(a_list_has_each_name_once_and_the_common_name_first),
        cmocka_unit_test(a_list_names_the_field_that_is_wrong),
        cmocka_unit_test(a_list_has_at_most_250_names),
        cmocka_unit_test(a_list_is_counted_before_it_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
