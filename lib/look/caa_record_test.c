/* What a CAA record and its values say, and what is no record and no value. */
#include "look/caa_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RDATA(s) ((struct bytes){ (const uint8_t *)(s), sizeof(s) - 1 })

static void a_record_is_read(void **state)
{
    struct caa_record r;

    (void)state;
    assert_true(caa_record_read(RDATA("\x00\x05issueca.example"), &r));
    assert_false(r.critical);
    assert_true(caa_record_is(&r, "issue"));
    assert_false(caa_record_is(&r, "issuewild"));
    assert_true(bytes_equal(r.value, BYTES_OF("ca.example")));
    assert_true(caa_record_read(RDATA("\x80\x03TbsUnknown"), &r));
    assert_true(r.critical);
    assert_true(caa_record_is(&r, "tbs"));
    assert_false(caa_record_understood(&r));
    assert_true(caa_record_read(RDATA("\xff\x05IsSuE"), &r)); /* other flags are for others */
    assert_true(r.critical && caa_record_understood(&r) && r.value.size == 0);
    assert_true(caa_record_read(RDATA("\x7f\x05iodefx"), &r));
    assert_false(r.critical);
}

static void what_is_no_record_is_not_read(void **state)
{
    const struct bytes none[] = { RDATA(""),
                                  RDATA("\x00"),
                                  RDATA("\x00\x00"),
                                  RDATA("\x00\x05issu"),
                                  RDATA("\x00\x05is_ue"),
                                  RDATA("\x00\x05issu\xe9"),
                                  RDATA("\x00\xffissue") };
    struct caa_record r;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (caa_record_read(none[i], &r))
            fail_msg("record %zu was read", i);
}

static const struct {
    const char *value, *issuer, *account, *methods;
    bool repeated;
} values[] = {
    // clang-format off
    /* RFC 8659 4.2 and 4.3, RFC 8657 5. */
    { "ca1.example.net",                                     "ca1.example.net", NULL, NULL, false },
    { "ca1.example.net; account=230123",                     "ca1.example.net", NULL, NULL, false },
    { ";",                                                   "", NULL, NULL, false },
    { "",                                                    "", NULL, NULL, false },
    { " \t ",                                                "", NULL, NULL, false },
    { "ca1.example.net; policy=ev",                          "ca1.example.net", NULL, NULL, false },
    { "example.net; accounturi=https://example.net/account/1234", "example.net", "https://example.net/account/1234", NULL, false },
    { "example.net; accounturi=https://example.net/account/1234; validationmethods=dns-01", "example.net",
      "https://example.net/account/1234", "dns-01", false },
    { "example.net; validationmethods=dns-01,xyz-01",        "example.net", NULL, "dns-01,xyz-01", false },
    { "  ca.example  ;  A1-b  =  v  ;  c=",                  "ca.example", NULL, NULL, false },
    { "ca.example;",                                         "ca.example", NULL, NULL, false },
    { "; accounturi=a",                                      "", "a", NULL, false },
    { "ca.example;AccountURI=a;accounturi=a",                "ca.example", "a", NULL, true },
    { "ca.example;validationmethods=a;validationmethods=b",  "ca.example", NULL, "b", true },
    { "xn--bcher-kva.example",                               "xn--bcher-kva.example", NULL, NULL, false },
    /* What names nobody. */
    { "%%%%%",                                               NULL, NULL, NULL, false },
    { "ca_1.example",                                        NULL, NULL, NULL, false },
    { "ca.example.",                                         NULL, NULL, NULL, false },
    { ".ca.example",                                         NULL, NULL, NULL, false },
    { "ca..example",                                         NULL, NULL, NULL, false },
    { "-ca.example",                                         NULL, NULL, NULL, false },
    { "ca-.example",                                         NULL, NULL, NULL, false },
    { "ca.example other.example",                            NULL, NULL, NULL, false },
    { "ca.example; account",                                 NULL, NULL, NULL, false },
    { "ca.example; a=b c",                                   NULL, NULL, NULL, false },
    { "ca.example; a=b;",                                    NULL, NULL, NULL, false },
    { "ca.example; ; a=b",                                   NULL, NULL, NULL, false },
    { "ca.example; -a=b",                                    NULL, NULL, NULL, false },
    { "ca.example; a=b\n",                                   NULL, NULL, NULL, false },
    { "ca.example, other.example",                           NULL, NULL, NULL, false },
    // clang-format on
};

static bool is(struct bytes b, bool there, const char *text)
{
    return there ? text && bytes_equal(b, BYTES_OF(text)) : !text;
}

static void values_are_read_as_the_grammar_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct caa_issue issue;
        bool read = caa_issue_read(BYTES_OF(values[i].value), &issue);

        if (read != (values[i].issuer != NULL))
            fail_msg("\"%s\": %s", values[i].value, read ? "was read" : "was not read");
        if (!read)
            continue;
        if (!is(issue.issuer, true, values[i].issuer) ||
            !is(issue.account_uri, issue.has_account_uri, values[i].account) ||
            !is(issue.methods, issue.has_methods, values[i].methods) ||
            issue.repeated != values[i].repeated)
            fail_msg("\"%s\" was read otherwise", values[i].value);
    }
}

static void issuers_have_no_case_and_no_neighbours(void **state)
{
    (void)state;
    assert_true(caa_issuer_is(BYTES_OF("CA.Example"), "ca.example"));
    assert_false(caa_issuer_is(BYTES_OF("ca.example2"), "ca.example"));
    assert_false(caa_issuer_is(BYTES_OF("ca.exampl"), "ca.example"));
    assert_false(caa_issuer_is(BYTES_OF("x.ca.example"), "ca.example"));
    assert_false(caa_issuer_is(BYTES_OF(""), ""));
}

/* The labels of a list with '|' between; "!": it is none. */
static const char *labels(const char *text)
{
    static char out[256];
    struct bytes list = BYTES_OF(text), label;

    out[0] = '\0';
    while (list.size && caa_method_next(&list, &label)) {
        size_t at = strlen(out);

        snprintf(out + at, sizeof out - at, "%s%.*s", at ? "|" : "", (int)label.size,
                 (const char *)label.data);
    }
    return list.size ? "!" : out;
}

static void lists_of_methods_are_read(void **state)
{
    (void)state;
    assert_string_equal(labels("dns-01"), "dns-01");
    assert_string_equal(labels("dns-01,ca-tbr-7"), "dns-01|ca-tbr-7");
    assert_string_equal(labels(""), "");
    assert_string_equal(labels("dns-01,"), "!");
    assert_string_equal(labels(",dns-01"), "!");
    assert_string_equal(labels("dns-01,,a"), "!");
    assert_string_equal(labels("dns_01"), "!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read),
        cmocka_unit_test(what_is_no_record_is_not_read),
        cmocka_unit_test(values_are_read_as_the_grammar_says),
        cmocka_unit_test(issuers_have_no_case_and_no_neighbours),
        cmocka_unit_test(lists_of_methods_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
