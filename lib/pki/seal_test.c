#include "pki/seal.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HEX_A    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HEX_B    "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BASE64_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct arena arena;
static char folder[] = "/tmp/seal_test.XXXXXX";
static char path[sizeof folder + 8], old[sizeof folder + 8];

static int start(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key", folder);
    snprintf(old, sizeof old, "%s/key.old", folder);
    arena_init(&arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    unlink(path);
    unlink(old);
    rmdir(folder);
    memset(folder + strlen(folder) - 6, 'X', 6);
    return 0;
}

static void put(const char *file, const char *content)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    close(fd);
}

static struct seal_key *load(const char *content)
{
    struct fault f = { 0 };
    struct seal_key *key;

    put(path, content);
    key = seal_key_load(path, &f);
    if (!key)
        fail_msg("%s", f.detail);
    return key;
}

// clang-format off
static const char *const no_keys[] = {
    "", "\n", "00", HEX_A "00", HEX_A " 00", "zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", BASE64_A BASE64_A, BASE64_A BASE64_A BASE64_A BASE64_A BASE64_A BASE64_A,
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8*",
};

static const char *const same_key[] = { HEX_A, HEX_A "\n", BASE64_A, BASE64_A "\r\n" };

static const char *const secrets[] = { "", "x", "a webhook's secret", "\xff\xfe" };
// clang-format on

static void what_is_sealed_opens_again(void **state)
{
    struct seal_key *key = load(HEX_A);
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++) {
        struct bytes plain;
        struct bytes sealed = seal(&arena, key, BYTES_OF("row|1"), BYTES_OF(secrets[i]));
        struct bytes twice = seal(&arena, key, BYTES_OF("row|1"), BYTES_OF(secrets[i]));
        assert_int_equal(sealed.size, 1 + 4 + 12 + strlen(secrets[i]) + 16);
        assert_int_equal(sealed.data[0], 1);
        assert_memory_equal(sealed.data + 1, "\x63\x0d\xcd\x29", 4); /* sha256 of the key */
        assert_false(bytes_equal(sealed, twice));
        assert_true(unseal(&arena, key, BYTES_OF("row|1"), sealed, &plain, &f));
        assert_string_equal((const char *)plain.data, secrets[i]);
        assert_int_equal(plain.size, strlen(secrets[i]));
        assert_int_equal(seal_age(key, (struct bytes){ sealed.data, SEAL_PREFIX }), SEAL_NEW);
    }
    seal_key_free(key);
}

static void each_changed_byte_and_each_cut_is_noticed(void **state)
{
    struct seal_key *key = load(HEX_A);
    struct bytes plain, sealed = seal(&arena, key, BYTES_OF("row|1"), BYTES_OF("secret"));
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < sealed.size; i++) {
        uint8_t *copy = arena_copy(&arena, sealed.data, sealed.size);
        copy[i] ^= 1;
        assert_false(unseal(&arena, key, BYTES_OF("row|1"), (struct bytes){ copy, sealed.size },
                            &plain, &f));
        assert_int_equal(f.code, FAULT_INTERNAL);
        assert_false(unseal(&arena, key, BYTES_OF("row|1"),
                            (struct bytes){ arena_copy(&arena, sealed.data, i), i }, &plain, &f));
    }
    seal_key_free(key);
}

static void a_secret_does_not_open_at_another_place(void **state)
{
    struct seal_key *key = load(HEX_A);
    struct bytes plain, sealed = seal(&arena, key, BYTES_OF("row|1"), BYTES_OF("secret"));
    struct fault f = { 0 };

    (void)state;
    assert_false(unseal(&arena, key, BYTES_OF("row|2"), sealed, &plain, &f));
    assert_string_equal(f.detail, "a sealed secret was changed or moved");
    assert_false(unseal(&arena, key, BYTES_OF(""), sealed, &plain, &f));
    seal_key_free(key);
}

static void the_old_key_opens_and_the_new_one_seals(void **state)
{
    struct seal_key *key = load(HEX_A);
    struct bytes plain, before = seal(&arena, key, BYTES_OF("r"), BYTES_OF("before"));
    struct fault f = { 0 };

    (void)state;
    seal_key_free(key);
    put(old, HEX_A "\n");
    key = load(HEX_B);
    assert_true(unseal(&arena, key, BYTES_OF("r"), before, &plain, &f));
    assert_string_equal((const char *)plain.data, "before");
    struct bytes prefix = seal_prefix(&arena, key);
    assert_memory_equal(seal(&arena, key, BYTES_OF("r"), plain).data, prefix.data, prefix.size);
    assert_int_equal(seal_age(key, prefix), SEAL_NEW);
    assert_int_equal(seal_age(key, (struct bytes){ before.data, SEAL_PREFIX }), SEAL_OLD);
    assert_int_equal(seal_age(key, (struct bytes){ before.data, SEAL_PREFIX - 1 }), SEAL_UNKNOWN);
    assert_int_equal(seal_age(key, BYTES_OF("\1abcd")), SEAL_UNKNOWN);
    seal_key_free(key);
    unlink(old);
    key = load(HEX_B);
    assert_false(unseal(&arena, key, BYTES_OF("r"), before, &plain, &f));
    assert_string_equal(f.detail, "a secret is sealed with an unknown key");
    seal_key_free(key);
}

static void a_key_has_several_spellings(void **state)
{
    struct seal_key *first = load(HEX_A);
    struct bytes plain, sealed = seal(&arena, first, BYTES_OF("r"), BYTES_OF("secret"));
    struct fault f = { 0 };

    (void)state;
    seal_key_free(first);
    for (size_t i = 0; i < COUNT(same_key); i++) {
        struct seal_key *key = load(same_key[i]);
        assert_true(unseal(&arena, key, BYTES_OF("r"), sealed, &plain, &f));
        seal_key_free(key);
    }
}

static void what_is_no_key_is_refused(void **state)
{
    struct fault f = { 0 };

    (void)state;
    assert_null(seal_key_load(path, &f));
    assert_string_equal(f.detail, "cannot be read: No such file or directory");
    assert_string_equal(f.field, path);
    for (size_t i = 0; i < COUNT(no_keys); i++) {
        put(path, no_keys[i]);
        if (seal_key_load(path, &f))
            fail_msg("read: %s", no_keys[i]);
        assert_int_equal(f.code, FAULT_INVALID);
        assert_string_equal(f.field, path);
    }
    put(path, HEX_A);
    put(old, "x");
    assert_null(seal_key_load(path, &f));
    assert_string_equal(f.field, old);
    assert_int_equal(chmod(old, 0644), 0);
    assert_null(seal_key_load(path, &f));
    assert_non_null(strstr(f.detail, "chmod 600"));
    assert_int_equal(chmod(old, 0600), 0);
    seal_key_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(what_is_sealed_opens_again),
        TEST(each_changed_byte_and_each_cut_is_noticed),
        TEST(a_secret_does_not_open_at_another_place),
        TEST(the_old_key_opens_and_the_new_one_seals),
        TEST(a_key_has_several_spellings),
        TEST(what_is_no_key_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
