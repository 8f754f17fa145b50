#include "look/redirect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BASE "http://www.example.com/.well-known/pki-validation/fileauth.txt"

static const struct web_rules rules = {
    .statuses = { 301, 302, 307, 308 }, .ports = { 80, 443 }, .redirects = 5, .bytes = 5000
};

// clang-format off
static const struct {
    const char *location, *leads_to; /* NULL: nowhere */
} locations[] = {
    { "/there",                              "http://www.example.com/there" },
    { "there",                               "http://www.example.com/.well-known/pki-validation/there" },
    { "../x?y",                              "http://www.example.com/.well-known/x?y" },
    { "../../../../x",                       "http://www.example.com/x" },
    { "?q=1",                                BASE "?q=1" },
    { "#part",                               BASE },
    { "//www.example.net",                   "http://www.example.net/" },
    { "https://www.example.net/a#b",         "https://www.example.net/a" },
    { "HTTPS://WWW.Example.NET:443/A",       "https://www.example.net:443/A" },
    { "http://www.example.net:80/",          "http://www.example.net:80/" },
    { "http://www.example.net:8080/",        NULL },
    { "https://www.example.net:80/",         NULL },
    { "http://www.example.net:22/",          NULL },
    { "ftp://www.example.net/",              NULL },
    { "file:///etc/passwd",                  NULL },
    { "gopher://www.example.net:80/",        NULL },
    { "javascript:alert(1)",                 NULL },
    { "data:text/plain,x",                   NULL },
    { "http:www.example.net",                NULL },
    { "http:/www.example.net",               NULL },
    { "http:///www.example.net",             NULL },
    { "http://",                             NULL },
    { "//",                                  NULL },
    { "",                                    NULL },
    { " /x",                                 NULL },
    { "/x y",                                NULL },
    { "/x\\y",                               NULL },
    { "/\xc3\xa4",                           NULL },
    { "http://user@www.example.net/",        NULL },
    { "http://user:pass@www.example.net/",   NULL },
    { "http://www.example.net@evil.example/", NULL },
    { "http://127.0.0.1/",                   NULL },
    { "http://10.0.0.1/",                    NULL },
    { "http://169.254.169.254/latest",       NULL },
    { "http://[::1]/",                       NULL },
    { "http://[::ffff:10.0.0.1]/",           NULL },
    { "http://0x7f000001/",                  NULL },
    { "http://2130706433/",                  NULL },
    { "http://localhost/",                   NULL },
    { "http://metadata.internal/",           NULL },
    { "http://www/",                         NULL },
};
// clang-format on

static void a_location_leads_where_the_rules_allow(void **state)
{
    const struct guard guard = { .http = true };

    (void)state;
    for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
        struct guarded_url out;
        struct fault f = { 0 };
        bool good = redirect_resolve(&rules, &guard, BASE, locations[i].location, &out, &f);
        const char *want = locations[i].leads_to;

        if (good != (want != NULL) || (good && strcasecmp(out.text, want) != 0))
            fail_msg("\"%s\": %s %s", locations[i].location, good ? out.text : "-", f.detail);
        assert_true(good || (f.code == FAULT_INVALID && f.detail[0]));
    }
}

/* As long as fits, and one character more. */
static void a_long_location_is_none(void **state)
{
    const struct guard guard = { .http = true };
    char location[2 * GUARD_URL_SIZE];
    struct guarded_url out;
    struct fault f = { 0 };

    (void)state;
    memset(location, 'a', sizeof location);
    memcpy(location, "//www.example.net/", strlen("//www.example.net/"));
    for (size_t length = GUARD_URL_SIZE - 40; length < GUARD_URL_SIZE + 40; length++) {
        location[length] = '\0';
        bool good = redirect_resolve(&rules, &guard, BASE, location, &out, &f);
        if (good)
            assert_int_equal(strlen(out.text), length + strlen("http:"));
        assert_true(good == (length + sizeof "https:" <= GUARD_URL_SIZE));
        location[length] = 'a';
    }
}

static void rules_are_whole_numbers(void **state)
{
    static const char *const good[] = { "301", "301 302 307 308" };
    static const char *const bad[] = {
        "",        "abc",         "301,302", "301  302", " 301",
        "301 ",    "200",         "404",     "-301",     "301 302 303 304 305 306 307 308",
        "3010000", "99999999999", "+301",    NULL
    };
    WebRules texts = WEB_RULES__INIT;
    struct web_rules out;
    char text[64];

    (void)state;
    assert_false(web_rules_read(NULL, &out));
    texts.statuses = text;
    texts.ports = "80 443";
    texts.redirects = "5";
    texts.bytes = "5000";
    for (size_t i = 0; i < 2; i++) {
        strncpy(text, good[i], sizeof text - 1);
        assert_true(web_rules_read(&texts, &out));
        assert_true(web_follows(&out, 301) && !web_follows(&out, 303) && !web_follows(&out, 0));
    }
    assert_true(web_follows(&out, 308));
    for (size_t i = 0; bad[i]; i++) {
        strncpy(text, bad[i], sizeof text - 1);
        assert_false(web_rules_read(&texts, &out));
    }
    strncpy(text, good[1], sizeof text - 1);
    texts.redirects = "11";
    assert_false(web_rules_read(&texts, &out));
    texts.redirects = "0";
    assert_true(web_rules_read(&texts, &out));
    texts.bytes = NULL;
    assert_false(web_rules_read(&texts, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_location_leads_where_the_rules_allow),
        cmocka_unit_test(a_long_location_is_none),
        cmocka_unit_test(rules_are_whole_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
