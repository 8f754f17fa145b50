#include "base/zip.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

static struct arena arena;

/* 2026-11-22T10:20:31Z, which a DOS time rounds to 30 seconds. */
static const struct instant modified = { INT64_C(1795342831) * 1000000 };

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

/* Byte for byte as the APPNOTE lays it out; the CRC is the check value of CRC-32/ISO-HDLC, and nine
 * letters without a repetition are literals of RFC 1951's fixed codes (3.2.6). */
static void one_file(void **state)
{
    static const char wanted[] = "PK\x03\x04\x14\x00\x00\x00\x08\x00\x8f\x52\x76\x5d"
                                 "\x26\x39\xf4\xcb\x0b\x00\x00\x00\x09\x00\x00\x00\x05\x00\x00\x00"
                                 "a.crt"
                                 "\x33\x34\x32\x36\x31\x35\x33\xb7\xb0\x04\x00"
                                 "PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00\x8f\x52\x76\x5d"
                                 "\x26\x39\xf4\xcb\x0b\x00\x00\x00\x09\x00\x00\x00\x05\x00\x00\x00"
                                 "\x00\x00\x00\x00\x00\x00\x00\x00\xa4\x81\x00\x00\x00\x00"
                                 "a.crt"
                                 "PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00\x33\x00\x00\x00"
                                 "\x2e\x00\x00\x00\x00\x00";
    struct text t;
    struct zip z;
    (void)state;
    text_init(&t, &arena);
    zip_begin(&z, &t, modified);
    zip_add(&z, "a.crt", BYTES_OF("123456789"));
    zip_end(&z);
    assert_int_equal(t.length, sizeof wanted - 1);
    assert_memory_equal(t.data, wanted, t.length);
}

/* What stands behind the first local header, inflated. */
static size_t inflated(const struct text *t, uint8_t *out, size_t room)
{
    const uint8_t *at = (const uint8_t *)t->data;
    z_stream s = { .next_in = at + 30 + at[26],
                   .avail_in = at[18] | (uInt)at[19] << 8 | (uInt)at[20] << 16,
                   .avail_out = (uInt)room };
    s.next_out = out;
    assert_int_equal(inflateInit2(&s, -15), Z_OK);
    assert_int_equal(inflate(&s, Z_FINISH), Z_STREAM_END);
    assert_int_equal(s.avail_in, 0);
    size_t size = s.total_out;
    inflateEnd(&s);
    return size;
}

/* Nothing, much of the same, and bytes that cannot be made shorter. */
static void contents_come_back(void **state)
{
    static uint8_t content[200000], back[sizeof content];
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct text t;
        struct zip z;
        size_t size = kind ? sizeof content : 0;
        memset(content, 'a', sizeof content);
        if (kind == 2)
            random_bytes(content, sizeof content);
        text_init(&t, &arena);
        zip_begin(&z, &t, modified);
        zip_add(&z, "a", (struct bytes){ content, size });
        zip_end(&z);
        assert_int_equal(inflated(&t, back, sizeof back), size);
        assert_memory_equal(back, content, size);
        assert_true(kind != 1 || t.length < 1000);
    }
}

static void no_text_shows(void **state)
{
    struct text t, pem;
    struct zip z;
    (void)state;
    text_init(&t, &arena);
    text_init(&pem, &arena);
    text_add(&pem, "-----BEGIN CERTIFICATE-----\n");
    for (int i = 0; i < 20; i++)
        text_format(&pem, "MIIC%060d\n", i * 7919);
    text_add(&pem, "-----END CERTIFICATE-----\n");
    zip_begin(&z, &t, modified);
    zip_add(&z, "a.crt", BYTES_OF(pem.data));
    zip_end(&z);
    assert_null(memmem(t.data, t.length, "-----", 5));
}

static void archive(struct text *t, unsigned files)
{
    struct zip z;
    text_init(t, &arena);
    zip_begin(&z, t, modified);
    for (unsigned i = 0; i < files; i++)
        zip_add(&z, arena_format(&arena, "%u.crt", i), BYTES_OF(i % 2 ? "" : "content\n"));
    zip_end(&z);
}

static void the_same_twice(void **state)
{
    struct text a, b;
    (void)state;
    archive(&a, ZIP_FILES_MAX);
    archive(&b, ZIP_FILES_MAX);
    assert_int_equal(a.length, b.length);
    assert_memory_equal(a.data, b.data, a.length);
}

/* The directory's offsets lead to the local headers, in order. */
static void offsets_lead_to_files(void **state)
{
    struct text t;
    (void)state;
    archive(&t, 3);
    const uint8_t *end = (const uint8_t *)t.data + t.length - 22, *begin = (const uint8_t *)t.data;
    assert_int_equal(end[10], 3);
    const uint8_t *at = begin + (end[16] | end[17] << 8);
    for (char name = '0'; name < '3'; name++, at += 46 + 5) {
        assert_memory_equal(at, "PK\x01\x02", 4);
        const uint8_t *file = begin + (at[42] | at[43] << 8);
        assert_memory_equal(file, "PK\x03\x04", 4);
        assert_int_equal(file[30], name);
    }
    assert_ptr_equal(at, end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_file),
        cmocka_unit_test(contents_come_back),
        cmocka_unit_test(no_text_shows),
        cmocka_unit_test(the_same_twice),
        cmocka_unit_test(offsets_lead_to_files),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
