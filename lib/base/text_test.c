#include "base/text.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <ctype.h>
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

static void grows_and_stays_terminated(void **state)
{
    struct text t;
    char expected[3001] = "";

    (void)state;
    text_init(&t, &arena);
    assert_string_equal(t.data, "");
    for (size_t i = 0; i < 3000; i++) {
        text_add_char(&t, (char)('a' + i % 26));
        expected[i] = (char)('a' + i % 26);
        assert_int_equal(t.data[t.length], '\0');
    }
    assert_int_equal(t.length, 3000);
    assert_string_equal(t.data, expected);
}

static void adds_all_kinds(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, &arena);
    text_add(&t, "one");
    text_add(&t, "");
    text_add_bytes(&t, NULL, 0);
    text_add_bytes(&t, "a\0b", 3);
    text_format(&t, "%d%s", 7, "!");
    assert_int_equal(t.length, 8);
    assert_memory_equal(t.data, "onea\0b7!", 9);
}

/* Lengths around each growth, where the format must be done twice. */
static void formats_over_the_edge(void **state)
{
    char piece[600];

    (void)state;
    for (int length = 0; length < 600; length++) {
        struct text t;
        text_init(&t, &arena);
        memset(piece, 'p', sizeof piece);
        text_format(&t, "%.*s", length, piece);
        text_format(&t, "<%.*s>", length, piece);
        assert_int_equal(t.length, 2 * length + 2);
        assert_int_equal(strlen(t.data), t.length);
    }
}

static const struct {
    const char *text;
    bool ok;
    int64_t value;
} integers[] = {
    // clang-format off
    { "0", true, 0 }, { "-0", true, 0 }, { "007", true, 7 }, { "-12", true, -12 },
    { "9223372036854775807",  true, INT64_MAX }, { "-9223372036854775808", true, INT64_MIN },
    { "9223372036854775808",  false, 0 }, { "-9223372036854775809", false, 0 },
    { "99999999999999999999", false, 0 }, { "", false, 0 }, { "-", false, 0 }, { "+1", false, 0 },
    { "--1", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "1.0", false, 0 },
    { "0x10", false, 0 }, { "1e3", false, 0 }, { "\xD9\xA1", false, 0 },
    // clang-format on
};

static void reads_integers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++) {
        int64_t n = 0;
        if (int64_read(integers[i].text, &n) != integers[i].ok || n != integers[i].value)
            fail_msg("\"%s\"", integers[i].text);
    }
}

static void compares_bytes(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } pairs[] = { { "", "", true },       { "abc", "abc", true }, { "abc", "abd", false },
                  { "abc", "ab", false }, { "", "a", false },     { "xbc", "abc", false } };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct bytes a = BYTES_OF(pairs[i].a), b = BYTES_OF(pairs[i].b);
        assert_int_equal(bytes_equal(a, b), pairs[i].equal);
        assert_int_equal(bytes_equal_secret(a, b), pairs[i].equal);
    }
    assert_true(bytes_equal((struct bytes){ NULL, 0 }, BYTES_OF("")));
}

static void random_texts_use_every_letter(void **state)
{
    bool seen[256] = { false };
    char text[2001], other[33];
    int letters = 0;

    (void)state;
    random_text(text, 2000);
    assert_int_equal(strlen(text), 2000);
    for (const char *c = text; *c; c++) {
        assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c));
        letters += !seen[(unsigned char)*c];
        seen[(unsigned char)*c] = true;
    }
    assert_int_equal(letters, 36); /* one is missing in 1 of 10^23 runs */
    random_text(other, 32);
    assert_memory_not_equal(text, other, 32);
    random_text(other, 0);
    assert_string_equal(other, "");
}

static void random_bytes_fill_all(void **state)
{
    unsigned char bytes[1000] = { 0 };
    size_t zeros = 0;

    (void)state;
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    assert_true(zeros < 100);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(grows_and_stays_terminated),
        TEST(adds_all_kinds),
        TEST(formats_over_the_edge),
        TEST(reads_integers),
        TEST(compares_bytes),
        TEST(random_texts_use_every_letter),
        TEST(random_bytes_fill_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
