#include "base/mail_address.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define TEN "abcdefghij"
#define L63 TEN TEN TEN TEN TEN TEN "abc"

static const struct {
    const char *text;
    bool valid;
} cases[] = {
    { "ann@example.net", true },
    { "o'brien+x=y/z@a.b-c.example", true },
    { "a.b.c@xn--bcher-kva.example", true },
    { "1@2.example", true },
    { L63 "x@example.net", true },
    { L63 "xy@example.net", false },
    { "a@" L63 ".example", true },
    { "a@" L63 "d.example", false },
    { "a@" L63 "." L63 "." L63 "." L63, false },
    { "", false },
    { "@", false },
    { "ann", false },
    { "@example.net", false },
    { "ann@", false },
    { "ann@localhost", false },
    { "ann@@example.net", false },
    { "a@b@example.net", false },
    { ".ann@example.net", false },
    { "ann.@example.net", false },
    { "a..b@example.net", false },
    { "ann@example..net", false },
    { "ann@.example.net", false },
    { "ann@example.net.", false },
    { "ann@-example.net", false },
    { "ann@example-.net", false },
    { "ann@exam_ple.net", false },
    { "ann @example.net", false },
    { " ann@example.net", false },
    { "ann@example.net ", false },
    { "ann@example.net\n", false },
    { "ann@example.net\r\nBcc: all@example.net", false },
    { "\"ann lee\"@example.net", false },
    { "Ann <ann@example.net>", false },
    { "ann@[192.0.2.1]", false },
    { "ann@ex\xc3\xa4mple.net", false },
    { "\xc3\xa4nn@example.net", false },
    { "a,b@example.net", false },
};

static void addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mail_address_valid(cases[i].text) != cases[i].valid)
            fail_msg("%s: %s", cases[i].text, cases[i].valid ? "refused" : "taken");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(addresses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
