#include "pki/key.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "pki/csr_make.h"
#include "pki/key_factor.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

// clang-format off
static const struct { const char *detail, *modulus; } moduli[] = { /* detail NULL: accepted */
    { NULL, /* two random primes */
      "b0ca884ba2123d3277305f5975a7792f37d1fb7e0b85fdca5924124b18157831f156d1396d96e3b5f8c6b5a7a820edac"
      "8375555736fb24069268f3ec9044bb751f6926c56a31c64bd48fa468fde932986c5a11a8998b91f90d5517ea2e90e7b4"
      "e01ce46e066fe34c2c330348b666d123af7db5fb4305400c00bb7bc05a428a9bfde33e2901d968eac697fc981f6036cf"
      "2a26b2ab0ac616a7bd5c1c64b9fa176bb10269d5a7982c397d05f96916b0bd4cfd644c68564a6e12702f93134451c714"
      "38a213fdf3e7575a8ccee5c11499178208888d6a2fbf7395c376080557bd60028d669cde015f65913a61e688f8a27fe3"
      "7061e72f86f1f514939caaa3f5df2e43" },
    { "has an RSA key of 2044 bits: at least 2048 are needed",
      "0e44e751940281686a789e05c121065449e74f516efee8b9450f188b5bafd7fae7f6bcba6e1ff0b8e7202df27a63a76e8"
      "4fd27f7d79521d88a0e8cd9deb024ef903911291f1fe65249fc309ffbf91806a92ce59150e5de981d2ed62e2029cdf59"
      "581119e7e8655fd7375d1ecb87c643522d6bdf3df841dd77300764ed566f4bb86276fd5d53aa50eea4ff6bd20e85fb57"
      "d43fed613a80984db54c234d62eab06543de98084a901886b2d438971f28c8b76a6a9b8dccbbb4cdf1cd212a7d557b18"
      "91fea730f7f378cea6af768ba440537a3f83d95a756d05a59a021a79b47433e76a8e51f32555af260c1f19429ef8fd8e"
      "b66e5972a5db3db28d50cd0af95fbfb" },
    { "has an RSA key with an even modulus",
      "cae9c2448e5bcca74403b59c6a52912778af8c88be94d158ecbdda61e5c39343b8a277772eef0b192a735ab4a1fb3315"
      "9ce0dbd2e6d39a5bbc7a02dfecabf45fe4ddc28974a6ef278aa9913cb9de6eda490e3420bd1fda6bf3bbdc88145d79eb"
      "83f9a83417ec1cfe2cd3788ce456ff2797637794beeb5ce7ad3bf9cf442b0fb6b61bce01a46551246dbe963e637c06c6"
      "cfe3dc49c438f921da6d230c078aed9aa22de9cd253ede7c07904f0a11c3ff545edd4a8021fc50fd8d96667f3ae1f0a3"
      "2459b42bcfa5166d7b9491a5b28d85a07ba597adbc24a6eab19e3fecc2a43d57d815770ff7de45b6fc857cdf74322186"
      "7befda08c185868a9ba034ddcfb92fe6" },
    { "has an RSA key whose modulus is divisible by 751", /* the largest prime below 752 */
      "8e60208443c2d3e6a78e8c4830f60dfe5af8a7f15991344e3ca66ef1e688f1a56c491fb04d3979988bcf868e6ca7671c"
      "f16ded04b1dd3a0ad450db86a919f1a272bb2819390de457f12ff3535719bae7c867aa4ae0cd3d78e8deed2503df36dc"
      "d379fcaac69660427fcd265c0fe115498724a329601062bc37258d4bfbc8af76cecb1c37e9f8aacdc58ab3fdbef1dc93"
      "5c6a7e85f0c40dac96112076853e0e6b09f6d7195e152e86cf95d639462a5fa5f48c57090a73c997f39471ffc6f4d8ad"
      "70747682e46599640a0c922468af529f3d683defa8f1e5a6306877a662f8dcab090545fd1aa5b50ebaeede289eebd9d3"
      "a23c8b834c7b504e02e8678edc8a5dcf" },
    { NULL, /* the next prime */
      "9612ff5e81c1cc8a89af6480337d4b442a0714466d3f9b19b3cf1a68049a9e037e43fc67e0d754c85fea3eb55ef0d661"
      "eea72c3d2a16d8e85b93dcded9aeccf3f77cecc32515c1111d4d8a68405d0af2795341ac1517d030f916a86257bff87c"
      "8d84c4b9f84b0a24972d3bc01852795954a087e2c9bdc9e95ca243d52299674a1f13a7ffa1e9f079a875ec89889d7ea5"
      "caeb009af6ccaa5fb0857ee5669b2dc8cc83cfff171e95cf674c3a199a3dc3b81350eb75cadbc7480e14c2c0f378c3f1"
      "77cc85004ec6459f0780f6c70fc1a57e508141ba965845fc8f2ec11043b2c267a611728bd562730b0734b447674301f8"
      "3f133a45f34b37a296912ef86564cb17" },
    { "has an RSA key of the kind that the ROCA attack breaks (CVE-2017-15361)", /* made as that library did: k * M + 65537^a mod M */
      "b79dd0daf13011014d165a4141e5d8206affff6cb4433807dd9213a99521c959dc38346ccf4629c7cc40508a79a090ed"
      "283f9bb6e525726b00eba449362a82453ec41d5cf0bb3ac56dfc2b14208ebe7d56cf7c37af337060ef69745312a05e94"
      "2e14319729447bc581a26d5cdabee898761bdf25b79ae32d6522c3c3614e90380fc76ca865db3163f2538d5abab43ff0"
      "9928a5fea5ca3ee3e08ece394ca099725db139a48148279c07dbf0fd3adb24f1d5f105a54b27c59d915e98afcc6773ad"
      "5b6810dce94f34c7ab94e8796eb54b0339654390cc41f62ddc9caa04e407f1f1be12866837765b5141162728b3cf5aa3"
      "8fa03dd8530449152a0b88d602d60311" },
    { "has an RSA key that is broken by Fermat's method", /* p * p */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e25941b0dfccb5e272d171db102def91f67d3cd73a8934ad68f8c9041d055cde08e0749"
      "09660b7bf4a6310962b6d9571f2b977d4f2ba57d3446e6d1a38788b7920edde080c05f0e06a2d17502c29814a827fb45"
      "d14601e86b3950b64fa11c325ec942abd8ebbbf68b0ed1abf5107ccc160a0ce3103cadc7f2b923785aa177b4998f9299"
      "b4eed6f52379ab0497c38ebcb810246224b5a757765a925d17ac9fef48798c99b8daafaf40518f90d2fdc6f4a4c51c58"
      "dfd1e217197909a5236dd6cedbec8839" },
    { "has an RSA key that is broken by Fermat's method", /* p * the next prime */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e25941b0dfccb5e272d171db102def91f67d3cd73a8934ad68f8c9041d055cde08e0749"
      "09660b7bf4a6310962b6d9571f2b977d4f2ba57d3446e6d1a38788b7920edea10bbb29ac45dbbc48150c183a0197bb20"
      "e7343855efe3d02e815992b35367664d73f47047fa8614f97cdb4e9714c810f7107c34885de2ca76b063b284c989f792"
      "4e1be0dbe78778b00d84dc4364edf878ae105842a69145b0380f8ad73fa111a9988852b8e787fc54ebf99df82a88c980"
      "c3015650ad2bc4c4dce91f34a331c7db" },
    { "has an RSA key that is broken by Fermat's method", /* falls in the 100th round */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e259430aa29cc0d70bb6408eced6eb6d07d64f0481068c2f3f1f290f2c0ec6b2794e35f"
      "4a9f56334dc2cf6cf7f7acaa4956bc2be6b2bc91c1c1c76bba96fb8e83dc3777d7900c7d38b19aa4a7ff90e4989e3ae5"
      "57ce37ea81d19725dfbb89d7e187631b3e9e52cee31a69a9ebf3465a2b9682df5511fa482bd8693e8acebe7bd02d70ab"
      "b2a9f76e17fcddb562fee64ecc6afe48236855516a9d7f93303425f09faf132859076ccff268ff71d25fea29bb22a602"
      "b9894ca174c7ec20bdeddf1248d30f5f" },
    { NULL, /* falls in the 101st */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e259430c5e4c61e99492ddf04615ac73d268ca8d35d8694c30275178047f991bf7ffb47"
      "9ee484bed0a6c8bf162f83a8f4e3a06ebde698ca0a21bdf9f54ebefb1904fc3eb0c3e3f704c8a4b558a1b56d1fffd00a"
      "ba3ea6171c04818a5df3e7300f68982dade5624580e6df30a4960955abe31dcec6f4815f2a86839318ac621eb8f05475"
      "1bfa9e1aee83c6405f3a23b6f50609269a4b853249db8523fca0c62f7cb8489cc98b99d9a660973b73f40183a513030b"
      "f0bbdc7f49107802de962b1e5c790d17" },
};

static const struct { unsigned number, factor; } small[] = {
    { 4, 2 }, { 9, 3 }, { 751 * 757, 751 }, { 757, 0 }, { 757 * 761, 0 }, { 2 * 3 * 5, 2 },
};

/* Numbers that Fermat's method splits in so many rounds, the first being the one at the root. */
static const struct { unsigned number, rounds; } fermat[] = {
    { 9, 1 }, { 15, 1 }, { 35, 1 }, { 5959, 3 }, { 8051, 1 }, { 21, 1 }, { 33, 2 },
};
// clang-format on

static struct bytes unhex(struct arena *a, const char *text)
{
    struct bytes out;

    assert_true(hex_read(a, text, &out));
    return out;
}

static int bits_of(struct bytes modulus)
{
    int bits = (int)modulus.size * 8;

    for (unsigned top = modulus.data[0]; !(top & 0x80); top <<= 1)
        bits--;
    return bits;
}

static void weak_moduli_are_found_and_named(void **state)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(moduli); i++) {
        struct key key = { .type = KEY_RSA, .exponent = { exponent, sizeof exponent } };
        struct fault f = { .detail = "" };
        key.modulus = unhex(&a, moduli[i].modulus);
        key.bits = bits_of(key.modulus);
        assert_int_equal(key_check(&key, &f, "certificate.csr"), moduli[i].detail == NULL);
        assert_string_equal(f.detail, moduli[i].detail ? moduli[i].detail : "");
        assert_string_equal(f.field, moduli[i].detail ? "certificate.csr" : "");
    }
    arena_free(&a);
}

static struct bytes big_endian(unsigned number, uint8_t out[4])
{
    struct bytes b = { out, 4 };

    for (int i = 3; i >= 0; i--, number >>= 8)
        out[i] = (uint8_t)number;
    for (; b.size > 1 && *b.data == 0; b.size--)
        b.data++;
    return b;
}

static void small_factors_are_found(void **state)
{
    uint8_t room[4];

    (void)state;
    for (size_t i = 0; i < COUNT(small); i++)
        assert_int_equal(key_factor_small(big_endian(small[i].number, room)), small[i].factor);
}

static void fermat_needs_as_many_rounds_as_it_does(void **state)
{
    uint8_t room[4];

    (void)state;
    for (size_t i = 0; i < COUNT(fermat); i++) {
        struct bytes number = big_endian(fermat[i].number, room);
        assert_true(key_factor_fermat(number, fermat[i].rounds));
        assert_false(key_factor_fermat(number, fermat[i].rounds - 1));
    }
}

static void checks_are_found_by_name(void **state)
{
    (void)state;
    for (const struct key_check *c = key_checks; c->name; c++)
        assert_ptr_equal(key_check_find(c->name), c);
    assert_null(key_check_find("rsa"));
    assert_null(key_check_find(""));
}

static void made_keys_are_read_and_accepted(void **state)
{
    static const struct {
        const char *kind, *type, *curve;
        int bits;
    } kinds[] = {
        { "P-256", "ecdsa", "P-256", 256 },
        { "P-384", "ecdsa", "P-384", 384 },
        { "P-521", "ecdsa", "P-521", 521 },
        { "2048", "rsa", NULL, 2048 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct evp_pkey_st *made = csr_make_key(kinds[i].kind), *read;
        struct arena a;
        struct key key;
        struct fault f = { 0 };
        arena_init(&a);
        assert_true(key_read(csr_make_spki(&a, made), &key, &f, ""));
        assert_true(key_check(&key, &f, ""));
        assert_string_equal(key_type_name(key.type), kinds[i].type);
        assert_int_equal(key.bits, kinds[i].bits);
        if (kinds[i].curve)
            assert_string_equal(key_curve_name(key.curve), kinds[i].curve);
        read = key_evp(&key);
        assert_true(bytes_equal(csr_make_spki(&a, read), key.spki));
        csr_make_key_free(read);
        csr_make_key_free(made);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_moduli_are_found_and_named),
        cmocka_unit_test(small_factors_are_found),
        cmocka_unit_test(fermat_needs_as_many_rounds_as_it_does),
        cmocka_unit_test(checks_are_found_by_name),
        cmocka_unit_test(made_keys_are_read_and_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
