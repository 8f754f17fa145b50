#include "pki/identifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void kinds_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum identifier_kind kind;
    } cases[] = {
        { "www.example.com", IDENTIFIER_DNS }, { "*.example.com", IDENTIFIER_DNS },
        { "intranet", IDENTIFIER_DNS },        { "1.2.3.4.example.com", IDENTIFIER_DNS },
        { "192.0.2.1", IDENTIFIER_IP },        { "2001:db8::1", IDENTIFIER_IP },
        { "[2001:db8::1]", IDENTIFIER_IP },    { "somebody@example.com", IDENTIFIER_EMAIL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(identifier_guess(cases[i].text), cases[i].kind);
}

static void lists_keep_their_order(void **state)
{
    (void)state;
    static char host[] = "a.example", address[] = "192.0.2.1";
    char *const texts[] = { host, address };
    struct arena a;

    arena_init(&a);
    struct identifier *out = identifiers_guess(&a, texts, 2);
    assert_int_equal(out[0].kind, IDENTIFIER_DNS);
    assert_ptr_equal(out[0].value, host);
    assert_int_equal(out[1].kind, IDENTIFIER_IP);
    assert_ptr_equal(out[1].value, address);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(lists_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
