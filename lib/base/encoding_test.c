#include "base/text.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

/* RFC 4648 section 10. */
static const struct {
    const char *plain, *hex, *base64, *base64url;
} vectors[] = {
    { "", "", "", "" },
    { "f", "66", "Zg==", "Zg" },
    { "fo", "666f", "Zm8=", "Zm8" },
    { "foo", "666f6f", "Zm9v", "Zm9v" },
    { "foob", "666f6f62", "Zm9vYg==", "Zm9vYg" },
    { "fooba", "666f6f6261", "Zm9vYmE=", "Zm9vYmE" },
    { "foobar", "666f6f626172", "Zm9vYmFy", "Zm9vYmFy" },
    { "\xFB\xEF\xBE\xFF", "fbefbeff", "++++/w==", "----_w" },
};

static void writes_and_reads_vectors(void **state)
{
    struct bytes back;

    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct bytes plain = BYTES_OF(vectors[i].plain);
        assert_string_equal(hex_lower(&arena, plain), vectors[i].hex);
        struct text added;
        text_init(&added, &arena);
        text_add_hex(&added, plain);
        assert_string_equal(added.data, vectors[i].hex);
        assert_string_equal(base64_write(&arena, plain), vectors[i].base64);
        assert_string_equal(base64url_write(&arena, plain), vectors[i].base64url);
        assert_true(hex_read(&arena, vectors[i].hex, &back) && bytes_equal(back, plain));
        assert_true(base64_read(&arena, vectors[i].base64, strlen(vectors[i].base64), &back));
        assert_true(bytes_equal(back, plain));
        assert_true(base64_read(&arena, vectors[i].base64url, strlen(vectors[i].base64url), &back));
        assert_true(bytes_equal(back, plain));
    }
}

static void reads_back_all_lengths(void **state)
{
    uint8_t data[200];
    struct bytes back;

    (void)state;
    random_bytes(data, sizeof data);
    for (size_t size = 0; size <= sizeof data; size++) {
        struct bytes b = { data, size };
        char *text = base64_write(&arena, b);
        assert_int_equal(strlen(text) % 4, 0);
        assert_true(base64_read(&arena, text, strlen(text), &back) && bytes_equal(b, back));
        assert_true(hex_read(&arena, hex_upper(&arena, b), &back) && bytes_equal(b, back));
    }
}

static const struct {
    const char *text, *plain; /* NULL: refused */
} base64_texts[] = {
    // clang-format off
    { " Z g\r\n=\t= ", "f" }, { "Zm9v\nYmFy\n", "foobar" }, { "-_-_", "\xFB\xFF\xBF" },
    { "+/-_", "\xFB\xFF\xBF" }, { " \n", "" },
    { "Z",       NULL }, { "Zm9vY",   NULL }, /* a lone digit */
    { "Zg=",     NULL }, { "Zg===",   NULL }, { "Zm8==", NULL }, { "Zm9v=", NULL },
    { "Zm9v==",  NULL }, { "=",       NULL }, { "====",  NULL }, { "Z===",  NULL },
    { "Zg==Zg==", NULL }, { "Z=g=",   NULL },
    { "Zh==",    NULL }, { "Zm9",     NULL }, /* bits that no byte uses */
    { "Zm9v!",   NULL }, { "Zm.v",    NULL }, { "Zm9v\x0B", NULL }, { "\xC3\xA9==", NULL },
    // clang-format on
};

static void base64_is_lenient_and_exact(void **state)
{
    struct bytes back;

    (void)state;
    for (size_t i = 0; i < sizeof base64_texts / sizeof *base64_texts; i++) {
        const char *text = base64_texts[i].text, *plain = base64_texts[i].plain;
        bool ok = base64_read(&arena, text, strlen(text), &back);
        if (ok != (plain != NULL) || (ok && !bytes_equal(back, BYTES_OF(plain))))
            fail_msg("\"%s\": %s", text, ok ? "read" : "refused");
    }
    assert_false(base64_read(&arena, "Zm9v\0", 5, &back));
}

static void base64url_is_strict(void **state)
{
    static const struct {
        const char *text, *plain; /* NULL: refused */
    } rows[] = {
        // clang-format off
        { "", "" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9v", "foo" }, { "-_-_", "\xFB\xFF\xBF" },
        { "Zg==",   NULL }, { "Zm8=",  NULL }, { "=",     NULL }, /* padding, though it is right */
        { "+/-_",   NULL }, { "-_+_",  NULL }, { "-_/_",  NULL }, /* the other alphabet */
        { " Zg",    NULL }, { "Zg\n",  NULL }, { "Z g",   NULL }, { " ",     NULL },
        { "Z",      NULL }, { "Zm9vY", NULL }, { "Zh",    NULL }, { "Zm9",   NULL },
        { "Zm9v!",  NULL }, { "Zm.v",  NULL }, { "\xC3\xA9", NULL },
        // clang-format on
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bytes back;
        bool ok = base64url_read_strict(&arena, rows[i].text, strlen(rows[i].text), &back);
        if (ok != (rows[i].plain != NULL) || (ok && !bytes_equal(back, BYTES_OF(rows[i].plain))))
            fail_msg("\"%s\": %s", rows[i].text, ok ? "read" : "refused");
        if (ok)
            assert_string_equal(base64url_write(&arena, back), rows[i].text);
    }
    assert_false(base64url_read_strict(&arena, "Zm9v\0", 5, &(struct bytes){ 0 }));
}

static void hex_as_people_copy_it(void **state)
{
    static const struct {
        const char *text, *plain; /* NULL: is none */
    } rows[] = {
        { "0A:1b:FF", "0a1bff" },
        { "0a 1B ff", "0a1bff" },
        { "a1BFF", "0a1bff" },
        { "A:1B:FF", "0a1bff" },
        { "7", "07" },
        { "", NULL },
        { "::", NULL },
        { "0a-1b", NULL },
        { "0x1b", NULL },
        { "0a1g", NULL },
        { "0a\n", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *plain = hex_plain(&arena, rows[i].text);
        if (!plain != !rows[i].plain || (plain && strcmp(plain, rows[i].plain) != 0))
            fail_msg("%s: %s", rows[i].text, plain);
    }
}

static void hex_is_strict(void **state)
{
    static const char *const wrong[] = { "6", "666", "6g", "0x66", "66 6f", " 66", "66:6f" };
    struct bytes back;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(hex_read(&arena, wrong[i], &back));
    assert_true(hex_read(&arena, "aBcDeF", &back));
    assert_true(bytes_equal(back, BYTES_OF("\xAB\xCD\xEF")));
    assert_string_equal(hex_upper(&arena, back), "ABCDEF");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(writes_and_reads_vectors),
        TEST(reads_back_all_lengths),
        TEST(base64_is_lenient_and_exact),
        TEST(base64url_is_strict),
        TEST(hex_is_strict),
        TEST(hex_as_people_copy_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
