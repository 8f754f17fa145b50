#include "base/fault.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <ctype.h>
#include <string.h>

static void fills_in_and_returns_false(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_false(fault_set(&f, FAULT_CSR, "certificate.csr", "is %d bytes long", 3));
    assert_int_equal(f.code, FAULT_CSR);
    assert_string_equal(f.field, "certificate.csr");
    assert_string_equal(f.detail, "is 3 bytes long");
    fault_set(&f, FAULT_INTERNAL, NULL, "x");
    assert_string_equal(f.field, "");
}

static void may_be_set_from_itself(void **state)
{
    struct fault f = { 0 };

    (void)state;
    fault_set(&f, FAULT_INVALID, "csr", "bad");
    fault_set(&f, FAULT_CSR, f.field, "so: %s", f.detail);
    assert_string_equal(f.field, "csr");
    assert_string_equal(f.detail, "so: bad");
}

static void cuts_what_is_too_long(void **state)
{
    struct fault f = { 0 };
    char text[1000];

    (void)state;
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    fault_set(&f, FAULT_INVALID, text, "%s", text);
    assert_int_equal(strlen(f.field), sizeof f.field - 1);
    assert_int_equal(strlen(f.detail), sizeof f.detail - 1);
}

/* "not_found|order": lower case words, at most one '|'. */
static void assert_api_code(const char *code)
{
    assert_true(islower((unsigned char)*code));
    assert_int_equal(strspn(code, "abcdefghijklmnopqrstuvwxyz_|"), strlen(code));
    assert_ptr_equal(strchr(code, '|'), strrchr(code, '|'));
    assert_int_not_equal(code[strlen(code) - 1], '|');
}

static void table_is_sane(void **state)
{
    (void)state;
    assert_int_equal(FAULT_NONE, 0);
    assert_int_equal(fault_http_status(FAULT_NONE), 200);
    for (int i = 1; i < FAULT_COUNT; i++) {
        enum fault_code code = (enum fault_code)i;
        assert_in_range(fault_http_status(code), 400, 599);
        assert_api_code(fault_api_code(code));
        assert_true(*fault_name(code));
        assert_int_equal(fault_code_from_wire(i), i);
        for (int k = 1; k < i; k++)
            assert_string_not_equal(fault_api_code(code), fault_api_code((enum fault_code)k));
    }
}

static const struct {
    enum fault_code code;
    const char *name, *api;
    int status;
    bool retryable, is_private;
} rows[] = {
    // clang-format off
    { FAULT_NO_ORDER,    "NO_ORDER",    "not_found|order",        404, false, false },
    { FAULT_RATE,        "RATE",        "request_limit_exceeded", 429, true,  false },
    { FAULT_CONFLICT,    "CONFLICT",    "conflict",               409, true,  false },
    { FAULT_INTERNAL,    "INTERNAL",    "internal_error",         500, false, true },
    { FAULT_UNAVAILABLE, "UNAVAILABLE", "service_unavailable",    503, true,  true },
    { FAULT_TOO_SLOW,    "TOO_SLOW",    "service_unavailable|too_slow", 503, true, true },
    { FAULT_UNCONFIRMED, "UNCONFIRMED", "service_unavailable|unconfirmed", 503, true, true },
    { FAULT_TIMEOUT,     "TIMEOUT",     "request_timeout",        504, true,  true },
    // clang-format on
};

static void rows_say_what_they_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(fault_name(rows[i].code), rows[i].name);
        assert_string_equal(fault_api_code(rows[i].code), rows[i].api);
        assert_int_equal(fault_http_status(rows[i].code), rows[i].status);
        assert_int_equal(fault_retryable(rows[i].code), rows[i].retryable);
        assert_int_equal(fault_is_private(rows[i].code), rows[i].is_private);
    }
}

static void unknown_numbers_are_internal(void **state)
{
    static const int numbers[] = { -1, FAULT_COUNT, 1 << 30, -(1 << 30) };

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_int_equal(fault_code_from_wire(numbers[i]), FAULT_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_and_returns_false),
        cmocka_unit_test(may_be_set_from_itself),
        cmocka_unit_test(cuts_what_is_too_long),
        cmocka_unit_test(table_is_sane),
        cmocka_unit_test(rows_say_what_they_should),
        cmocka_unit_test(unknown_numbers_are_internal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
