#include "token/return_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void values_have_class_text_and_fault(void **state)
{
    (void)state;
    static const struct {
        CK_RV rv;
        enum return_class class;
        const char *text;
        enum fault_code code;
        const char *detail;
    } cases[] = {
        { CKR_DEVICE_REMOVED, RETURN_STALE, "CKR_DEVICE_REMOVED", FAULT_UNAVAILABLE,
          "the token: C_Sign: CKR_DEVICE_REMOVED (0x32)" },
        { CKR_DEVICE_ERROR, RETURN_DEVICE, "CKR_DEVICE_ERROR", FAULT_UNAVAILABLE,
          "the token: C_Sign: CKR_DEVICE_ERROR (0x30)" },
        { CKR_PIN_LOCKED, RETURN_PIN, "CKR_PIN_LOCKED", FAULT_UNAVAILABLE,
          "the token: C_Sign: CKR_PIN_LOCKED (0xa4)" },
        { CKR_USER_TYPE_INVALID, RETURN_DEVICE, "CKR_USER_TYPE_INVALID", FAULT_UNAVAILABLE,
          "the token: C_Sign: CKR_USER_TYPE_INVALID (0x103)" },
        { CKR_USER_PIN_NOT_INITIALIZED, RETURN_DEVICE, "CKR_USER_PIN_NOT_INITIALIZED",
          FAULT_UNAVAILABLE, "the token: C_Sign: CKR_USER_PIN_NOT_INITIALIZED (0x102)" },
        { CKR_MECHANISM_INVALID, RETURN_FATAL, "CKR_MECHANISM_INVALID", FAULT_INTERNAL,
          "the token: C_Sign: CKR_MECHANISM_INVALID (0x70)" },
        { CKR_VENDOR_DEFINED | 0x12, RETURN_DEVICE, "CKR_?", FAULT_UNAVAILABLE,
          "the token: C_Sign: CKR_? (0x80000012)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = { 0 };
        assert_int_equal(return_class(cases[i].rv), cases[i].class);
        assert_string_equal(return_text(cases[i].rv), cases[i].text);
        assert_false(return_fault(&f, "C_Sign", cases[i].rv));
        assert_int_equal(f.code, cases[i].code);
        assert_string_equal(f.detail, cases[i].detail);
    }
    assert_int_equal(return_class(CKR_OK), RETURN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(values_have_class_text_and_fault) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
