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
static const struct { const char *check, *detail, *modulus; } moduli[] = { /* check NULL: accepted */
    { NULL, "", /* two random primes */
      "b0ca884ba2123d3277305f5975a7792f37d1fb7e0b85fdca5924124b18157831f156d1396d96e3b5f8c6b5a7a820edac"
      "8375555736fb24069268f3ec9044bb751f6926c56a31c64bd48fa468fde932986c5a11a8998b91f90d5517ea2e90e7b4"
      "e01ce46e066fe34c2c330348b666d123af7db5fb4305400c00bb7bc05a428a9bfde33e2901d968eac697fc981f6036cf"
      "2a26b2ab0ac616a7bd5c1c64b9fa176bb10269d5a7982c397d05f96916b0bd4cfd644c68564a6e12702f93134451c714"
      "38a213fdf3e7575a8ccee5c11499178208888d6a2fbf7395c376080557bd60028d669cde015f65913a61e688f8a27fe3"
      "7061e72f86f1f514939caaa3f5df2e43" },
    { "rsa_bits", "has an RSA key of 2044 bits: at least 2048 are needed",
      "0e44e751940281686a789e05c121065449e74f516efee8b9450f188b5bafd7fae7f6bcba6e1ff0b8e7202df27a63a76e8"
      "4fd27f7d79521d88a0e8cd9deb024ef903911291f1fe65249fc309ffbf91806a92ce59150e5de981d2ed62e2029cdf59"
      "581119e7e8655fd7375d1ecb87c643522d6bdf3df841dd77300764ed566f4bb86276fd5d53aa50eea4ff6bd20e85fb57"
      "d43fed613a80984db54c234d62eab06543de98084a901886b2d438971f28c8b76a6a9b8dccbbb4cdf1cd212a7d557b18"
      "91fea730f7f378cea6af768ba440537a3f83d95a756d05a59a021a79b47433e76a8e51f32555af260c1f19429ef8fd8e"
      "b66e5972a5db3db28d50cd0af95fbfb" },
    { "rsa_modulus_odd", "has an RSA key with an even modulus",
      "ff26144b30513f9ab34a94f763fdc11eae248484a0a38399a2ff3595c03ea0af940426bd2563a7e51dbc1af58775d53c"
      "27bddf0d562063a1ec8dc3e81412f92ed7e8d8d2fa595f05ddd597c44dd0eaaaaf21f05d83a7f9fe5475e9a8d61431d1"
      "061c0f783c731e20257a959df5d97a7137c979f8936c9410e5cd98757579da40afdc0b9bc012058efd7fe40d0ce68e42"
      "99ba40ab261add5e29e8e67e7cfa37f78f45d44165e299285c0a633596b8e84e7f31c4ee997b0f5ab92152b0e807c861"
      "d8cd4f0f2bcec3a2ee635e20a0d7e5df8df0ee30daed60fd103da2c55c5d62a8fe2a0a4869736bbf3ceed3621e840b69"
      "20f4e1862025e06f6c99c8451871f652" },
    { "rsa_small_factor", "has an RSA key whose modulus is divisible by 751", /* the largest prime below 752 */
      "8e60208443c2d3e6a78e8c4830f60dfe5af8a7f15991344e3ca66ef1e688f1a56c491fb04d3979988bcf868e6ca7671c"
      "f16ded04b1dd3a0ad450db86a919f1a272bb2819390de457f12ff3535719bae7c867aa4ae0cd3d78e8deed2503df36dc"
      "d379fcaac69660427fcd265c0fe115498724a329601062bc37258d4bfbc8af76cecb1c37e9f8aacdc58ab3fdbef1dc93"
      "5c6a7e85f0c40dac96112076853e0e6b09f6d7195e152e86cf95d639462a5fa5f48c57090a73c997f39471ffc6f4d8ad"
      "70747682e46599640a0c922468af529f3d683defa8f1e5a6306877a662f8dcab090545fd1aa5b50ebaeede289eebd9d3"
      "a23c8b834c7b504e02e8678edc8a5dcf" },
    { NULL, "", /* the next prime */
      "9612ff5e81c1cc8a89af6480337d4b442a0714466d3f9b19b3cf1a68049a9e037e43fc67e0d754c85fea3eb55ef0d661"
      "eea72c3d2a16d8e85b93dcded9aeccf3f77cecc32515c1111d4d8a68405d0af2795341ac1517d030f916a86257bff87c"
      "8d84c4b9f84b0a24972d3bc01852795954a087e2c9bdc9e95ca243d52299674a1f13a7ffa1e9f079a875ec89889d7ea5"
      "caeb009af6ccaa5fb0857ee5669b2dc8cc83cfff171e95cf674c3a199a3dc3b81350eb75cadbc7480e14c2c0f378c3f1"
      "77cc85004ec6459f0780f6c70fc1a57e508141ba965845fc8f2ec11043b2c267a611728bd562730b0734b447674301f8"
      "3f133a45f34b37a296912ef86564cb17" },
    { "rsa_roca", "has an RSA key of the kind that the ROCA attack breaks (CVE-2017-15361)", /* made as that library did: k * M + 65537^a mod M */
      "b79dd0daf13011014d165a4141e5d8206affff6cb4433807dd9213a99521c959dc38346ccf4629c7cc40508a79a090ed"
      "283f9bb6e525726b00eba449362a82453ec41d5cf0bb3ac56dfc2b14208ebe7d56cf7c37af337060ef69745312a05e94"
      "2e14319729447bc581a26d5cdabee898761bdf25b79ae32d6522c3c3614e90380fc76ca865db3163f2538d5abab43ff0"
      "9928a5fea5ca3ee3e08ece394ca099725db139a48148279c07dbf0fd3adb24f1d5f105a54b27c59d915e98afcc6773ad"
      "5b6810dce94f34c7ab94e8796eb54b0339654390cc41f62ddc9caa04e407f1f1be12866837765b5141162728b3cf5aa3"
      "8fa03dd8530449152a0b88d602d60311" },
    { "rsa_close_primes", "has an RSA key that is broken by Fermat's method", /* p * p */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e25941b0dfccb5e272d171db102def91f67d3cd73a8934ad68f8c9041d055cde08e0749"
      "09660b7bf4a6310962b6d9571f2b977d4f2ba57d3446e6d1a38788b7920edde080c05f0e06a2d17502c29814a827fb45"
      "d14601e86b3950b64fa11c325ec942abd8ebbbf68b0ed1abf5107ccc160a0ce3103cadc7f2b923785aa177b4998f9299"
      "b4eed6f52379ab0497c38ebcb810246224b5a757765a925d17ac9fef48798c99b8daafaf40518f90d2fdc6f4a4c51c58"
      "dfd1e217197909a5236dd6cedbec8839" },
    { "rsa_close_primes", "has an RSA key that is broken by Fermat's method", /* p * the next prime */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e25941b0dfccb5e272d171db102def91f67d3cd73a8934ad68f8c9041d055cde08e0749"
      "09660b7bf4a6310962b6d9571f2b977d4f2ba57d3446e6d1a38788b7920edea10bbb29ac45dbbc48150c183a0197bb20"
      "e7343855efe3d02e815992b35367664d73f47047fa8614f97cdb4e9714c810f7107c34885de2ca76b063b284c989f792"
      "4e1be0dbe78778b00d84dc4364edf878ae105842a69145b0380f8ad73fa111a9988852b8e787fc54ebf99df82a88c980"
      "c3015650ad2bc4c4dce91f34a331c7db" },
    { "rsa_close_primes", "has an RSA key that is broken by Fermat's method", /* falls in the 100th round */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e259430aa29cc0d70bb6408eced6eb6d07d64f0481068c2f3f1f290f2c0ec6b2794e35f"
      "4a9f56334dc2cf6cf7f7acaa4956bc2be6b2bc91c1c1c76bba96fb8e83dc3777d7900c7d38b19aa4a7ff90e4989e3ae5"
      "57ce37ea81d19725dfbb89d7e187631b3e9e52cee31a69a9ebf3465a2b9682df5511fa482bd8693e8acebe7bd02d70ab"
      "b2a9f76e17fcddb562fee64ecc6afe48236855516a9d7f93303425f09faf132859076ccff268ff71d25fea29bb22a602"
      "b9894ca174c7ec20bdeddf1248d30f5f" },
    { NULL, "", /* falls in the 101st */
      "b3682dda96f4f12b1ef5b6fff54f0510d45c91db54d4a40d619c3d66da6b8a2c32ab21fb60cf8c225f389390482f8f85"
      "27b6991337d1c39c8d2fe8e88e259430c5e4c61e99492ddf04615ac73d268ca8d35d8694c30275178047f991bf7ffb47"
      "9ee484bed0a6c8bf162f83a8f4e3a06ebde698ca0a21bdf9f54ebefb1904fc3eb0c3e3f704c8a4b558a1b56d1fffd00a"
      "ba3ea6171c04818a5df3e7300f68982dade5624580e6df30a4960955abe31dcec6f4815f2a86839318ac621eb8f05475"
      "1bfa9e1aee83c6405f3a23b6f50609269a4b853249db8523fca0c62f7cb8489cc98b99d9a660973b73f40183a513030b"
      "f0bbdc7f49107802de962b1e5c790d17" },
    { "rsa_power", "has an RSA key whose modulus is a number to the power of 3: make a new key", /* p * p * p */
      "a57f691892c114923c794456720ef011bfc1769f3fd123a056bea9334bee6f0dd116234e238aa0c96c8a916f3755b82d"
      "f227245b8489cdfe083c704af6a6180c1ed6f536cc6e116899c05ed15917d7177b2332e82c87e8a6399b6f181f40b58b"
      "a1706cce63dd7fa1564e841a7ddfade482a91fbcdd74e22e39ac1f8688a71d8396eb518eb72e5f2a7dbdf3bb821c30e6"
      "ddbcf8c428f0e0f48ac4e8f6f48266c5c2e04b83c1fe2922e6e0d7eb48aad92e00b84775fa2abb2b55325ca4905151ca"
      "f098a96b04612b839ac565c89c49d1cf1b4f3de4aeeb9108060c632a4ac5ef81e6b79bd7e4d4a0b112aeb818db4292dc"
      "a0d34024ca4f50f67ef4941b5fee8f93" },
    { "rsa_power", "has an RSA key whose modulus is a number to the power of 101: make a new key", /* p^101 */
      "922deb4bd7108f09881393212800bd8a39530413a98d6ea90217a8c262105812fe41f3b243d80783c71d4fac32aea0d7"
      "220195a7ee14fd4a784d03817c87bcedaa11eec9dc56c3b153884d2d6820c8c248d796150dbd50a984a96b21bfff6dd5"
      "167e192bf508e14644f909b05c7c5befa0fca847631198e950fbbf62a1c325a926d7cf825d6e09c87c9d189a37b9e42f"
      "08b45f7edec1346c334802a0d7982c6bed849d24b796d16a02c0a7d56362acdffba6cd85447d72360f8748ac159f7e4a"
      "fc4fa084884c7f2ca13b200d3344d45da5dcb2b739d58ce44b2f24535e3185af6871bd31d76e2a029df668ebc4bb293a"
      "678fedd48da287e4f89eac478fc54d45" },
    { "rsa_bits", "has an RSA key of 2050 bits, no multiple of 8: make one of 2048", /* two random primes */
      "03431a418cd301181d1ec1d6e98fc95f322e9a226229bbb5b77c984e3f2e9c0526117d583f80c97074438534fa858ee6"
      "c759d3f594221a8f0ca8b50a8aaacb2a8c390d14fee2ea603a1cd542fedf8cebc206430c473ab156a98aa5983aad346c"
      "d52e825c5d32fd050f018a7f7e05a4f41962e3347a7493da3960495a4353ab2e1f685e29c763516d0ea85d95b7f3c0b1"
      "108e2fd873c085bc143643ac663a537feb39dabd433f20802bac53e323941316fac8323c92e2f72a995705d95bce8c7e"
      "eb4bfce406631575c3f6c13cc0d33350ced2355af248cc1d20e145055b46148f062f3771db360a94de57a86187bd81a1"
      "b558f83dd368f0143c34e30d1084684561" },
    { "debian", "has a key that Debian's OpenSSL of 2006 to 2008 made", /* weak-keys show rsa-2048 le64 nornd 4711 */
      "c6c8393b28517b597ecf11bb52906122a9cebb4b2271f62030cbbf34254aa058efab73ba16ea2f95449de0d6d9263d10"
      "b02bb8a2296c90b9ebdccb020883eebb9665a211ab33e16c693c25c3dc80463a10d52b440f9aec5bb9e0132292662829"
      "606e16637341ed03bdcc05c25b5a8fb428a7d3b59545780fa4e34a35d966f73d604d1729b5df5a18c596190978196546"
      "0dc82e0453fc6531d8c2a8a68958345fee0304d8d7517434113e2671da3758533162e74dd2907bcfc0e3197d3445a3c6"
      "42ea3dde5e2e0ced235a9a4db2090a8ca9357f308f6d7d6b8cbad5d533184e6d51c164456b7f38d551ece433a33bb368"
      "dc6bdbb6f704986e727c7a96caea5779" },
};

static const struct { unsigned number, factor; } small[] = {
    { 4, 0 }, { 9, 3 }, { 751 * 757, 751 }, { 757, 0 }, { 757 * 761, 0 }, { 2 * 3 * 5, 3 },
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

/* Each check by itself: that one and no other. */
static void only_refused_by(const struct key *key, const char *check)
{
    for (const struct key_check *c = key_checks; c->name; c++) {
        struct fault f = { .detail = "" };
        bool holds = c->holds(key, &f, "certificate.csr");
        if (holds != (!check || strcmp(c->name, check) != 0))
            fail_msg("%s of a key for %s: %s", c->name, check ? check : "none", f.detail);
    }
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
        assert_int_equal(key_check(&key, &f, "certificate.csr"), moduli[i].check == NULL);
        assert_memory_equal(f.detail, moduli[i].detail, strlen(moduli[i].detail));
        assert_string_equal(f.field, moduli[i].check ? "certificate.csr" : "");
        only_refused_by(&key, moduli[i].check);
    }
    arena_free(&a);
}

static void exponents_are_judged(void **state)
{
    static const struct {
        const char *exponent, *check;
    } exponents[] = {
        { "03", "rsa_exponent" },
        { "ffff", "rsa_exponent" },
        { "010000", "rsa_exponent" },
        { "010001", NULL },
        { "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", NULL },
        { "010000000000000000000000000000000000000000000000000000000000000001", "rsa_exponent" },
    };
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(exponents); i++) {
        struct key key = { .type = KEY_RSA, .bits = 2048 };
        key.modulus = unhex(&a, moduli[0].modulus);
        key.exponent = unhex(&a, exponents[i].exponent);
        only_refused_by(&key, exponents[i].check);
    }
    arena_free(&a);
}

/* x of points: what is on a list, and its neighbour. */
static void weak_points_are_found(void **state)
{
    static const struct {
        const char *x, *check;
        int bits;
    } points[] = {
        { "f9d282434687b7a13c0030ff8f516817407a91e6980813af4add47a46c685114", "debian", 256 },
        { "f9d282434687b7a13c0030ff8f516817407a91e6980813af4add47a46c685115", NULL, 256 },
        { "7460abaef3ab4c36d91d1d6b1e4480b9fc2a27518a7ae57e66e5fc9157c5efb329cddadcf8760e09b42d0d08"
          "32"
          "f26813",
          "debian", 384 },
    };
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(points); i++) {
        struct key key = { .type = KEY_EC, .bits = points[i].bits };
        key.public_key =
            unhex(&a, arena_format(&a, "04%s%s", points[i].x, points[i].x)); /* any y */
        only_refused_by(&key, points[i].check);
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
        cmocka_unit_test(exponents_are_judged),
        cmocka_unit_test(weak_points_are_found),
        cmocka_unit_test(small_factors_are_found),
        cmocka_unit_test(fermat_needs_as_many_rounds_as_it_does),
        cmocka_unit_test(checks_are_found_by_name),
        cmocka_unit_test(made_keys_are_read_and_accepted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
