#include "pki/der.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct bytes unhex(struct arena *a, const char *text)
{
    struct bytes out;

    assert_true(hex_read(a, text, &out));
    return out;
}

// clang-format off
static const struct { const char *hex, *why; } no_der[] = {
    { "",             "nothing" },
    { "30",           "no length" },
    { "3001",         "content cut off" },
    { "30800000",    "indefinite length" },
    { "308100",       "long form of 0" },
    { "30817f",       "long form of 127" },
    { "3082007f",     "leading zero in the length" },
    { "3085000000000100", "length of five bytes" },
    { "3084ffffffff00",   "length over the end" },
    { "30840000",     "length cut off" },
    { "1f0100",       "tag of several bytes" },
    { "bf8100",       "context tag of several bytes" },
    { "0000",         "end of contents" },
};

static const struct { const char *hex; const char *magnitude; } integers[] = {
    { "020100",     "00" },
    { "02017f",     "7f" },
    { "02020080",   "80" },
    { "0200",       NULL },  /* empty */
    { "020180",     NULL },  /* negative */
    { "0202007f",   NULL },  /* not minimal */
    { "02020000",   NULL },
    { "0a0101",     NULL },  /* another tag */
};

static const struct { const char *text; unsigned tag; const char *iso; } times[] = {
    { "240229235959Z",    DER_UTC_TIME,         "2024-02-29T23:59:59+00:00" },
    { "491231235959Z",    DER_UTC_TIME,         "2049-12-31T23:59:59+00:00" },
    { "500101000000Z",    DER_UTC_TIME,         "1950-01-01T00:00:00+00:00" },
    { "20500101000000Z",  DER_GENERALIZED_TIME, "2050-01-01T00:00:00+00:00" },
    { "230229000000Z",    DER_UTC_TIME,         NULL }, /* no such day */
    { "240100000000Z",    DER_UTC_TIME,         NULL },
    { "241301000000Z",    DER_UTC_TIME,         NULL },
    { "240101240000Z",    DER_UTC_TIME,         NULL },
    { "240101000060Z",    DER_UTC_TIME,         NULL },
    { "2401010000Z",      DER_UTC_TIME,         NULL }, /* no seconds */
    { "240101000000+0000", DER_UTC_TIME,        NULL },
    { "20240101000000.5Z", DER_GENERALIZED_TIME, NULL },
    { "20240101000000",   DER_GENERALIZED_TIME, NULL },
    { "2024010100000aZ",  DER_GENERALIZED_TIME, NULL },
    { "20240101000000Z",  DER_UTF8_STRING,      NULL },
};

static const struct { const char *dotted, *hex; } oids[] = {
    { "2.5.4.3",                   "550403" },
    { "1.2.840.113549.1.1.11",     "2a864886f70d01010b" },
    { "2.23.140.1.2.1",            "67810c010201" },
    { "1.3.6.1.4.1.11129.2.4.2",   "2b06010401d679020402" },
    { "2.999",                     "8837" },
    { "0.39",                      "27" },
    { "1.2.4294967295",            "2a8fffffff7f" },
};

static const char *const no_oids[] = {
    "", "1", "1.", ".1", "1.2.", "1..2", "3.1", "1.40", "1.02", "1.2.4294967296", "1.2.x", "1.2 ", "-1.2",
};

static const char *const no_oid_bytes[] = { "", "80", "2a80", "2a8001", "2affffffffff7f" };

static const struct { unsigned set; const char *hex; } named_bits[] = {
    { 0,      "030100" },
    { 1u,     "03020780" },   /* digitalSignature */
    { 5u,     "030205a0" },   /* digitalSignature, keyEncipherment */
    { 0x60,   "03020106" },   /* keyCertSign, cRLSign */
    { 0x101,  "0303078080" }, /* digitalSignature, decipherOnly */
};
// clang-format on

static void what_is_no_der_is_refused_and_not_passed(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(no_der); i++) {
        struct der c = der_open(unhex(&a, no_der[i].hex)), before = c;
        if (der_next(&c, NULL, NULL, NULL) || c.next != before.next)
            fail_msg("read: %s", no_der[i].why);
    }
    arena_free(&a);
}

static void values_are_found_in_order(void **state)
{
    static const uint8_t in[] = { 0x30, 0x07, 0x02, 0x01, 0x05, 0x04, 0x02, 'h', 'i', 0x05, 0x00 };
    struct der all = der_open((struct bytes){ in, sizeof in }), list;
    struct bytes text, whole;
    unsigned number;

    (void)state;
    assert_true(der_enter(&all, DER_SEQUENCE, &list));
    assert_false(der_take(&list, DER_OCTET_STRING, &text));
    assert_true(der_take_small(&list, &number));
    assert_int_equal(number, 5);
    assert_true(der_at(&list, DER_OCTET_STRING));
    assert_true(der_take(&list, DER_OCTET_STRING, &text));
    assert_memory_equal(text.data, "hi", 2);
    assert_true(der_done(&list));
    assert_false(der_done(&all));
    assert_true(der_take_whole(&all, DER_NULL, &whole));
    assert_int_equal(whole.size, 2);
    assert_true(der_done(&all));
    assert_false(der_at(&all, DER_NULL));
}

static void integers_are_minimal_and_not_negative(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(integers); i++) {
        struct der c = der_open(unhex(&a, integers[i].hex));
        struct bytes magnitude;
        bool ok = der_take_unsigned(&c, &magnitude);
        assert_int_equal(ok, integers[i].magnitude != NULL);
        if (ok)
            assert_string_equal(hex_lower(&a, magnitude), integers[i].magnitude);
    }
    arena_free(&a);
}

static void small_values_are_strict(void **state)
{
    struct arena a;
    struct der c;
    struct bytes bits;
    unsigned number;
    bool flag;

    (void)state;
    arena_init(&a);
    c = der_open(unhex(&a, "02050100000000"));
    assert_false(der_take_small(&c, &number));
    c = der_open(unhex(&a, "0101ff"));
    assert_true(der_take_bool(&c, &flag) && flag);
    c = der_open(unhex(&a, "010101"));
    assert_false(der_take_bool(&c, &flag));
    c = der_open(unhex(&a, "030200aa"));
    assert_true(der_take_bits(&c, &bits) && bits.size == 1 && bits.data[0] == 0xaa);
    c = der_open(unhex(&a, "030201aa"));
    assert_false(der_take_bits(&c, &bits));
    c = der_open(unhex(&a, "0300"));
    assert_false(der_take_bits(&c, &bits));
    arena_free(&a);
}

static void times_are_those_of_rfc_5280(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(times); i++) {
        struct text t;
        struct der c;
        struct instant at;
        char iso[INSTANT_TEXT_SIZE];
        text_init(&t, &a);
        der_add_text(&t, times[i].tag, times[i].text);
        c = der_open(der_written(&t));
        if (der_take_time(&c, &at) != (times[i].iso != NULL))
            fail_msg("%s", times[i].text);
        if (!times[i].iso)
            continue;
        assert_string_equal(instant_text(at, iso), times[i].iso);
    }
    arena_free(&a);
}

static void times_are_written_in_the_right_type(void **state)
{
    struct arena a;
    struct text t;
    struct instant at;

    (void)state;
    arena_init(&a);
    text_init(&t, &a);
    assert_true(instant_read("2049-12-31T23:59:59Z", &at));
    der_add_time(&t, at);
    assert_string_equal(t.data, "\x17\x0d"
                                "491231235959Z");
    text_init(&t, &a);
    der_add_time(&t, instant_add(at, seconds(1)));
    assert_string_equal(t.data, "\x18\x0f"
                                "20500101000000Z");
    arena_free(&a);
}

static void oids_go_both_ways(void **state)
{
    struct arena a;
    struct bytes content;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(oids); i++) {
        assert_true(der_oid_read(&a, oids[i].dotted, &content));
        assert_string_equal(hex_lower(&a, content), oids[i].hex);
        assert_string_equal(der_oid_text(&a, content), oids[i].dotted);
    }
    for (size_t i = 0; i < COUNT(no_oids); i++)
        if (der_oid_read(&a, no_oids[i], &content))
            fail_msg("read: %s", no_oids[i]);
    for (size_t i = 0; i < COUNT(no_oid_bytes); i++)
        assert_null(der_oid_text(&a, unhex(&a, no_oid_bytes[i])));
    arena_free(&a);
}

/* Lengths at each edge of the length's own size, nested, read back. */
static void what_is_written_is_read(void **state)
{
    static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct bytes content = { arena_alloc(&a, sizes[i]), sizes[i] }, back;
        struct der c, outer, inner;
        struct text t;
        size_t first, second;

        text_init(&t, &a);
        text_add(&t, "x"); /* what is there before stays */
        first = der_begin(&t, DER_SEQUENCE);
        second = der_begin(&t, DER_CONTEXT_OF(3));
        der_add(&t, DER_OCTET_STRING, content);
        der_add_small(&t, 128);
        der_end(&t, second);
        der_add_bool(&t, true);
        der_add_null(&t);
        der_end(&t, first);
        assert_int_equal(t.data[0], 'x');
        c = der_open((struct bytes){ (uint8_t *)t.data + 1, t.length - 1 });
        assert_true(der_enter(&c, DER_SEQUENCE, &outer) && der_done(&c));
        assert_true(der_enter(&outer, DER_CONTEXT_OF(3), &inner));
        assert_true(der_take(&inner, DER_OCTET_STRING, &back) && bytes_equal(back, content));
        assert_true(der_take_unsigned(&inner, &back) && back.data[0] == 128 && der_done(&inner));
        assert_true(der_take(&outer, DER_BOOLEAN, NULL) && der_take(&outer, DER_NULL, NULL));
        assert_true(der_done(&outer));
    }
    arena_free(&a);
}

static void named_bits_lose_trailing_zeros(void **state)
{
    struct arena a;
    struct text t;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(named_bits); i++) {
        text_init(&t, &a);
        der_add_named_bits(&t, named_bits[i].set);
        assert_string_equal(hex_lower(&a, der_written(&t)), named_bits[i].hex);
    }
    arena_free(&a);
}

static void integers_are_written_minimal(void **state)
{
    struct arena a;
    struct text t;

    (void)state;
    arena_init(&a);
    text_init(&t, &a);
    der_add_unsigned(&t, DER_INTEGER, DER_BYTES("\0\0\x80"));
    der_add_unsigned(&t, DER_INTEGER, DER_BYTES("\0\x7f"));
    der_add_unsigned(&t, DER_ENUMERATED, DER_BYTES(""));
    der_add_small(&t, 65537);
    assert_string_equal(hex_lower(&a, der_written(&t)), "0202008002017f0a01000203010001");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_der_is_refused_and_not_passed),
        cmocka_unit_test(values_are_found_in_order),
        cmocka_unit_test(integers_are_minimal_and_not_negative),
        cmocka_unit_test(small_values_are_strict),
        cmocka_unit_test(times_are_those_of_rfc_5280),
        cmocka_unit_test(times_are_written_in_the_right_type),
        cmocka_unit_test(oids_go_both_ways),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(named_bits_lose_trailing_zeros),
        cmocka_unit_test(integers_are_written_minimal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
