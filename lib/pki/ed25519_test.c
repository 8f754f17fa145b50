#include "pki/ed25519.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena arena;
static struct fault f;

static const char *file_with(const char *text)
{
    static char path[] = "/tmp/chancery-ed25519-XXXXXX";
    static bool is_made;
    FILE *file = is_made ? fopen(path, "we") : fdopen(mkstemp(path), "w");
    is_made = true;
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void what_was_signed_is_known_again(void **state)
{
    char *key, *public, *other, *public_other;
    uint8_t signature[ED25519_SIZE];
    (void)state;
    ed25519_make(&arena, &key, &public);
    ed25519_make(&arena, &other, &public_other);
    assert_true(ed25519_sign(key, BYTES_OF("a text"), signature, &f));
    struct bytes made = { signature, sizeof signature };
    struct ed25519_key *check = ed25519_load(file_with(public), &f);
    assert_non_null(check);
    assert_true(ed25519_verify(check, BYTES_OF("a text"), made));
    assert_false(ed25519_verify(check, BYTES_OF("a tex"), made));
    assert_false(ed25519_verify(check, BYTES_OF("a text"), (struct bytes){ signature, 63 }));
    signature[5] ^= 1;
    assert_false(ed25519_verify(check, BYTES_OF("a text"), made));
    assert_true(ed25519_sign(other, BYTES_OF("a text"), signature, &f));
    assert_false(ed25519_verify(check, BYTES_OF("a text"), made));
    ed25519_free(check);
}

static void other_files_are_no_keys(void **state)
{
    char *key, *public;
    uint8_t signature[ED25519_SIZE];
    (void)state;
    ed25519_make(&arena, &key, &public);
    static const char *const texts[] = {
        "",
        "nothing",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        /* P-256 */
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
        "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
        "-----END PUBLIC KEY-----\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_null(ed25519_load(file_with(texts[i]), &f));
        assert_int_equal(f.code, FAULT_INVALID);
        assert_false(ed25519_sign(texts[i], BYTES_OF("x"), signature, &f));
    }
    assert_null(ed25519_load(file_with(key), &f));
    assert_false(ed25519_sign(public, BYTES_OF("x"), signature, &f));
    assert_null(ed25519_load("/nonexistent/key", &f));
    unlink(file_with(""));
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_known_again),
        cmocka_unit_test(other_files_are_no_keys),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
