#include "pki/authkey.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char key[] = "0123456789abcdef0123456789abcdef";
/* base64 "MAA=" */
#define CSR ((struct bytes){ (const uint8_t *)"\x30", 2 })
/* hmac.new(key, b"20240301102030MAA=", sha256) in Python, as a number in base 36 */
#define TOKEN "202403011020305y66uw1kto7xjeke8k0xag2vnm39l904oryuupadx74kdchzol"

// clang-format off
static const struct {
    const char *text, *key, *now;
    int64_t days;
    bool found;
} searches[] = {
    { TOKEN,                       key, "2024-03-01T10:20:30Z", 30, true },
    { "x=" TOKEN " y",             key, "2024-03-02T00:00:00Z", 30, true },
    { "2024" TOKEN,                key, "2024-03-02T00:00:00Z", 30, true },
    { "20240301102030" TOKEN,      key, "2024-03-02T00:00:00Z", 30, true },  /* a stamp before the token */
    { TOKEN "0",                   key, "2024-03-31T10:20:30Z", 30, true },  /* exactly 30 days */
    { TOKEN,                       key, "2024-03-31T10:20:31Z", 30, false },
    { TOKEN,                       key, "2024-03-31T10:20:31Z", 31, true },
    { TOKEN,                       key, "2024-03-01T10:20:29Z", 30, false }, /* made in the future */
    { TOKEN,                       "other", "2024-03-02T00:00:00Z", 30, false },
    { TOKEN,                       "",  "2024-03-02T00:00:00Z", 30, false },
    { "",                          key, "2024-03-02T00:00:00Z", 30, false },
    { "20240301102030",            key, "2024-03-02T00:00:00Z", 30, false },
    { "20240301102031" TOKEN,      key, "2024-03-02T00:00:00Z", 30, true },
    { "20240230102030",            key, "2024-03-02T00:00:00Z", 30, false }, /* no such day */
};
// clang-format on

static struct instant at(const char *text)
{
    struct instant out;

    assert_true(instant_read(text, &out));
    return out;
}

static void a_token_is_what_the_description_says(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_int_equal(strlen(TOKEN), AUTHKEY_TOKEN_LENGTH);
    assert_string_equal(authkey_token(&a, key, CSR, at("2024-03-01T10:20:30Z")), TOKEN);
    arena_free(&a);
}

static void a_token_is_found_anywhere_in_its_time(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(searches); i++) {
        /* a copy of its own, so that the sanitizer sees a read over the end */
        size_t length = strlen(searches[i].text);
        const char *text = arena_copy(&a, searches[i].text, length);
        struct instant made;
        bool found = authkey_find(&a, text, length, searches[i].key, CSR, at(searches[i].now),
                                  days(searches[i].days), &made);
        if (found != searches[i].found)
            fail_msg("%zu: %s", i, searches[i].text);
        if (found)
            assert_int_equal(made.us, at("2024-03-01T10:20:30Z").us);
    }
    arena_free(&a);
}

static void each_character_of_a_token_counts(void **state)
{
    char text[] = TOKEN;
    struct instant made;
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < AUTHKEY_TOKEN_LENGTH; i++) {
        text[i] = text[i] == '0' ? '1' : '0';
        assert_false(authkey_find(&a, text, AUTHKEY_TOKEN_LENGTH, key, CSR,
                                  at("2024-03-02T00:00:00Z"), days(30), &made));
        text[i] = TOKEN[i];
    }
    assert_false(authkey_find(&a, text, AUTHKEY_TOKEN_LENGTH, key,
                              (struct bytes){ (const uint8_t *)"\x31", 2 },
                              at("2024-03-02T00:00:00Z"), days(30), &made));
    arena_free(&a);
}

/* One MAC in 36^n starts with n zeros; among so many some do, and all must have their length. */
static void short_macs_are_padded(void **state)
{
    struct instant now = at("2024-03-01T00:00:00Z");
    bool padded = false;

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct instant made, made_at = instant_add(now, seconds(i));
        struct arena a;
        arena_init(&a);
        const char *token = authkey_token(&a, key, CSR, made_at);
        assert_int_equal(strlen(token), AUTHKEY_TOKEN_LENGTH);
        assert_true(
            authkey_find(&a, token, AUTHKEY_TOKEN_LENGTH, key, CSR, made_at, days(1), &made));
        assert_int_equal(made.us, made_at.us);
        padded = padded || token[AUTHKEY_STAMP_LENGTH] == '0';
        arena_free(&a);
    }
    assert_true(padded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_what_the_description_says),
        cmocka_unit_test(a_token_is_found_anywhere_in_its_time),
        cmocka_unit_test(each_character_of_a_token_counts),
        cmocka_unit_test(short_macs_are_padded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
