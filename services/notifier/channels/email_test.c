#include "channels/email.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static struct arena arena;
static char *names[] = { "shop.example.com", "*.shop.example.com" };

static struct email usual(void)
{
    return (struct email){ .from = "ca@ca.example",
                           .to = "admin@example.com",
                           .id = "0a1b2c",
                           .domain = "example.com",
                           .product = "GeoTrust DV",
                           .order_id = 700101,
                           .account_id = 900,
                           .account = "Example Ltd",
                           .names = names,
                           .name_count = 2,
                           .link = "https://ca.example/dcv/approve/abc",
                           .now = instant_from_unix(1709288430),
                           .expires = instant_from_unix(1711880430) };
}

static const char *written(const struct email *m)
{
    struct fault f = { 0 };
    struct bytes out;
    if (!email_write(&arena, m, &out, &f))
        fail_msg("%s %s", f.field, f.detail);
    return arena_strndup(&arena, (const char *)out.data, out.size);
}

static void the_form(void **state)
{
    static const char head[] = "From: <ca@ca.example>\r\n"
                               "To: <admin@example.com>\r\n"
                               "Subject: Approve a certificate for example.com\r\n"
                               "Date: Fri, 01 Mar 2024 10:20:30 +0000\r\n"
                               "Message-ID: <0a1b2c@ca.example>\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n"
                               "Auto-Submitted: auto-generated\r\n\r\n";
    struct email m = usual();
    (void)state;
    const char *text = written(&m);
    assert_memory_equal(text, head, sizeof head - 1);
    assert_non_null(strstr(text, "\r\n  shop.example.com\r\n  *.shop.example.com\r\n"));
    assert_non_null(strstr(text, "\r\nhttps://ca.example/dcv/approve/abc\r\n"));
    assert_non_null(strstr(text, "until 2024-03-31T10:20:30+00:00."));
    assert_null(strstr(text, "{"));
}

static void lines_are_short_and_plain(void **state)
{
    struct email m = usual();
    char longest[301];
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    m.product = arena_format(&arena, "Zertifikat f\xc3\xbcr 1=1 %s ", longest);
    const char *text = written(&m);
    assert_non_null(strstr(text, "Zertifikat f=C3=BCr 1=3D1 "));
    assert_non_null(strstr(text, "=20\r\n")); /* a blank at the end of a line would be lost */
    for (const char *line = text, *end; (end = strstr(line, "\r\n")); line = end + 2)
        assert_true(end - line <= 76);
    for (const char *c = text; *c; c++)
        assert_true((*c >= ' ' && *c <= '~') || (*c == '\r' && c[1] == '\n') ||
                    (*c == '\n' && c[-1] == '\r'));
}

/* No value can begin another header. */
static void headers_cannot_be_added(void **state)
{
    static const char *const bad[] = { "admin@example.com\r\nBcc: x@example.com",
                                       "admin@example.com\n",
                                       "a\tb@example.com",
                                       "<admin@example.com>",
                                       "admin",
                                       "" };
    struct bytes out;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct email to = usual(), from = usual(), subject = usual();
        struct fault f = { 0 };
        to.to = from.from = bad[i];
        subject.domain = arena_format(&arena, "%s\r\nBcc: x@example.com", bad[i]);
        assert_false(email_write(&arena, &to, &out, &f));
        assert_false(email_write(&arena, &from, &out, &f));
        assert_false(email_write(&arena, &subject, &out, &f));
    }
}

static const char *account_line(const char *name)
{
    struct email m = usual();
    m.account = name;
    const char *line = strstr(written(&m), "\r\nAccount: ") + 2;
    return arena_strndup(&arena, line, strcspn(line, "\r"));
}

/* Whose name it is, it cannot be taken for words of ours. */
static void who_asks_is_told_in_one_line(void **state)
{
    static const struct {
        const char *name, *line;
    } cases[] = {
        { "Example Ltd", "Account: 900, Example Ltd" },
        { "B\xc3\xbc"
          "cher",
          "Account: 900, B=C3=BCcher" },
        { "x\nAccount: 1, Bank", "Account: 900, x?Account: 1, Bank" },
        { "x\r\n\r\nhttps://evil.example/", "Account: 900, x????https://evil.example/" },
        { "{link}", "Account: 900, {link}" },
        { "\xe2\x80\xae"
          "dtL",
          "Account: 900, ?dtL" },
        { NULL, "Account: 900" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(account_line(cases[i].name), cases[i].line);
}

static void unknown_languages_are_answered_in_english(void **state)
{
    static const char *const locales[] = { "en", "EN-gb", "xx", "xx-YY", "", "e", "english" };
    struct email m = usual();
    (void)state;
    const char *text = written(&m);
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        m.locale = locales[i];
        assert_string_equal(written(&m), text);
    }
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form),
        cmocka_unit_test(lines_are_short_and_plain),
        cmocka_unit_test(headers_cannot_be_added),
        cmocka_unit_test(who_asks_is_told_in_one_line),
        cmocka_unit_test(unknown_languages_are_answered_in_english),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
