#include "pki/digest.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void assert_hex(const uint8_t *got, size_t size, const char *want)
{
    char text[2 * SHA512_SIZE + 1] = "";

    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", got[i]);
    assert_string_equal(text, want);
}

// clang-format off
static const struct hash_case {
    const char *in;
    void (*hash)(struct bytes, uint8_t *);
    size_t size;
    const char *out;
} hashes[] = { /* FIPS 180-4 examples */
    { "",    digest_sha1,   SHA1_SIZE,   "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
    { "abc", digest_sha1,   SHA1_SIZE,   "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "",    digest_sha256, SHA256_SIZE, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", digest_sha256, SHA256_SIZE, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abc", digest_sha384, SHA384_SIZE, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
    { "abc", digest_sha512, SHA512_SIZE, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static const struct mac_case { const char *key, *message, *out; } macs[] = {
    /* RFC 4231 test case 2; then the empty key (RFC 2104 pads it with zeros) */
    { "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "",     "",                             "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
};
// clang-format on

static void hashes_are_the_standard_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(hashes); i++) {
        uint8_t out[SHA512_SIZE];
        hashes[i].hash(BYTES_OF(hashes[i].in), out);
        assert_hex(out, hashes[i].size, hashes[i].out);
    }
}

static void hmac_is_the_standard_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(macs); i++) {
        uint8_t out[SHA256_SIZE];
        hmac_sha256(BYTES_OF(macs[i].key), BYTES_OF(macs[i].message), out);
        assert_hex(out, sizeof out, macs[i].out);
    }
}

static void pieces_give_the_hash_of_the_whole_again_and_again(void **state)
{
    struct digest *d = digest_new();
    uint8_t out[SHA256_SIZE];

    (void)state;
    for (int round = 0; round < 2; round++) {
        digest_add(d, BYTES_OF("a"));
        digest_add(d, BYTES_OF(""));
        digest_add(d, BYTES_OF("bc"));
        digest_end(d, out);
        assert_hex(out, sizeof out, hashes[3].out);
    }
    digest_free(d);
    digest_free(NULL);
}

static void *hash_often(void *failed)
{
    for (int i = 0; i < 2000; i++) {
        uint8_t mac[SHA256_SIZE], hash[SHA256_SIZE];
        hmac_sha256(BYTES_OF("Jefe"), BYTES_OF("what do ya want for nothing?"), mac);
        digest_sha256(BYTES_OF("abc"), hash);
        if (mac[0] != 0x5b || mac[31] != 0x43 || hash[0] != 0xba || hash[31] != 0xad)
            *(bool *)failed = true;
    }
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    pthread_t threads[4];
    bool failed[4] = { false };

    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &failed[i]), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
        assert_false(failed[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_the_standard_ones),
        cmocka_unit_test(hmac_is_the_standard_one),
        cmocka_unit_test(pieces_give_the_hash_of_the_whole_again_and_again),
        cmocka_unit_test(threads_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
