/* Reports of what CAA records have forbidden. */
#include "channels/iodef.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static const struct iodef report = { .id = 7,
                                     .ca = "chancery.example",
                                     .domain = "example.com",
                                     .dns_name = "*.example.com",
                                     .detail = "CAA example.com: 0 issue \"<&>\": no",
                                     .seen = { 1764460800000000 } };

static void a_mail_is_for_people(void **state)
{
    struct bytes out;
    struct fault f = { 0 };

    (void)state;
    assert_true(iodef_mail(&arena, &report, "ca@chancery.example", "security@example.com",
                           (struct instant){ 1764460860000000 }, &out, &f));
    const char *text = (const char *)out.data;
    assert_non_null(strstr(text, "To: <security@example.com>\r\n"));
    assert_non_null(strstr(text, "Subject: A certificate for *.example.com was not issued\r\n"));
    assert_non_null(strstr(text, "Message-ID: <caa7@chancery.example>\r\n"));
    assert_non_null(strstr(text, "Auto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(text, "CAA example.com: 0 issue \"<&>\": no\r\n"));
}

static void no_header_is_added(void **state)
{
    struct iodef bad = report;
    struct bytes out;
    struct fault f = { 0 };

    (void)state;
    bad.dns_name = "a\r\nBcc: x@example.com";
    assert_false(iodef_mail(&arena, &bad, "ca@chancery.example", "security@example.com",
                            (struct instant){ 0 }, &out, &f));
    assert_false(iodef_mail(&arena, &report, "ca@chancery.example", "a@b@c", (struct instant){ 0 },
                            &out, &f));
}

static void a_document_is_for_programs(void **state)
{
    struct bytes out = iodef_document(&arena, &report, (struct instant){ 1764460860000000 });
    const char *text = (const char *)out.data;

    (void)state;
    assert_int_equal(out.size, strlen(text));
    assert_non_null(strstr(text, "<IncidentID name=\"chancery.example\">caa-7</IncidentID>"));
    assert_non_null(strstr(text, "<DetectTime>2025-11-30T00:00:00"));
    assert_non_null(strstr(text, "0 issue &#34;&#60;&#38;&#62;&#34;: no</Description>"));
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_is_for_people),
        cmocka_unit_test(no_header_is_added),
        cmocka_unit_test(a_document_is_for_programs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
