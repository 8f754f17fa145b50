#include "pki/ber.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

// clang-format off
/* The numbers are sections of X.690. */
static const struct { const char *ber, *der; } taken[] = {
    { "0500",                         "0500" },
    { "3000",                         "3000" },
    { "30800000",                     "3000" },                   /* 8.1.3.6 indefinite */
    { "308030800201010000" "0000",    "3005" "3003020101" },      /* one in another */
    { "30818103" "020101",            NULL },                     /* too long for what is there */
    { "308103020101",                 "3003020101" },             /* 8.1.3.5: longer than it need be */
    { "30840000000302" "0101",        "3003020101" },
    { "3089000000000000000003020101", "3003020101" },             /* zeros before it */
    { "24080402aabb0402ccdd",         "0404aabbccdd" },           /* 8.7.3 an OCTET STRING in pieces */
    { "24800402aabb24040402ccdd0000", "0404aabbccdd" },           /* pieces of pieces */
    { "2400",                         "0400" },
    { "2309" "0303000a3b" "0302045f", "0304040a3b5f" },           /* 8.6.4.2 a BIT STRING in pieces */
    { "2309" "0302045f" "0303000a3b", NULL },                     /* unused bits before the end */
    { "2302" "0300",                  NULL },                     /* a piece without its first byte */
    { "2300",                         "030100" },
    { "2c060c01610c0162",             "0c026162" },               /* 8.23 other strings */
    { "2c060c0161130162",             NULL },                     /* of another type */
    { "3600",                         "1600" },
    { "a080020101" "0000",            "a003020101" },
    { "0480aa0000",                   NULL },                     /* 8.1.3.2 indefinite and primitive */
    { "3080",                         NULL },                     /* no end */
    { "308002010100",                 NULL },
    { "3003020101" "00",              NULL },                     /* something after it */
    { "0000",                         NULL },
    { "1f0100",                       NULL },
    { "30ff",                         NULL },                     /* 8.1.3.5 (c) */
    { "3088ffffffffffffffff",         NULL },
    { "30850100000003020101",         NULL },
    { "30",                           NULL },
    { "",                             NULL },
};
// clang-format on

static void each_form_is_written_as_der(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(taken); i++) {
        struct bytes ber, der, again;
        bool ok;
        assert_true(hex_read(&a, taken[i].ber, &ber));
        ber.data = memcpy(arena_alloc(&a, ber.size + 1), ber.data, ber.size);
        ok = ber_to_der(&a, ber, &der);
        if (ok != (taken[i].der != NULL))
            fail_msg("%s is %s", taken[i].ber, ok ? "taken" : "refused");
        if (!ok)
            continue;
        assert_string_equal(hex_lower(&a, der), taken[i].der);
        assert_true(ber_to_der(&a, der, &again) && bytes_equal(der, again));
    }
    arena_free(&a);
}

/* `depth` values, each in another, the innermost empty. */
static bool nested_is_read(struct arena *a, size_t depth)
{
    uint8_t *ber = arena_alloc(a, 4 * depth);
    struct bytes der;

    for (size_t i = 0; i < depth; i++) {
        ber[2 * i] = 0x30;
        ber[2 * i + 1] = 0x80;
    }
    memset(ber + 2 * depth, 0, 2 * depth);
    return ber_to_der(a, (struct bytes){ ber, 4 * depth }, &der);
}

static void nobody_descends_for_ever(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_true(nested_is_read(&a, 32));
    assert_false(nested_is_read(&a, 33));
    assert_false(nested_is_read(&a, 100000));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_written_as_der),
        cmocka_unit_test(nobody_descends_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
