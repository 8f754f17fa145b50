/* Which requests are read, by their keys and algorithms, and what is said of the others. */
#include "csr_samples_test.h"

// clang-format off
#define PSS_256(salt) "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a2030201" salt
#define PSS_384 "304106092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"
#define PSS_512 "304106092a864886f70d01010a3034a00f300d06096086480165030402030500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140"

static const struct good_case {
    const char *kind, *algorithm, *hash;
    int salt;
    enum key_type type;
    int bits;
} goods[] = {
    { "P-256", "300a06082a8648ce3d040302", "SHA256", -1, KEY_EC, 256 },
    { "P-256", "300a06082a8648ce3d040303", "SHA384", -1, KEY_EC, 256 },
    { "P-256", "300a06082a8648ce3d040304", "SHA512", -1, KEY_EC, 256 },
    { "P-384", "300a06082a8648ce3d040302", "SHA256", -1, KEY_EC, 384 },
    { "P-384", "300a06082a8648ce3d040303", "SHA384", -1, KEY_EC, 384 },
    { "P-521", "300a06082a8648ce3d040304", "SHA512", -1, KEY_EC, 521 },
    { "2048",  "300d06092a864886f70d01010b0500", "SHA256", -1, KEY_RSA, 2048 },
    { "2048",  "300b06092a864886f70d01010b",     "SHA256", -1, KEY_RSA, 2048 }, /* no NULL */
    { "2048",  "300d06092a864886f70d01010c0500", "SHA384", -1, KEY_RSA, 2048 },
    { "2048",  "300d06092a864886f70d01010d0500", "SHA512", -1, KEY_RSA, 2048 },
    { "2048",  PSS_256("20"), "SHA256", 32,  KEY_RSA, 2048 },
    { "2048",  PSS_256("00"), "SHA256", 0,   KEY_RSA, 2048 },
    { "2048",  PSS_384,       "SHA384", 48,  KEY_RSA, 2048 },
    { "2048",  PSS_512,       "SHA512", 64,  KEY_RSA, 2048 },
    /* the longest salt, which OpenSSL takes by default */
    { "2048",  "304206092a864886f70d01010a3035a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a204020200de", "SHA256", 222, KEY_RSA, 2048 },
};

static const struct { const char *kind, *algorithm, *hash; int salt; const char *detail; } bads[] = {
    { "1024",  "300d06092a864886f70d01010b0500", "SHA256", -1, "has an RSA key of 1024 bits: at least 2048 are needed" },
    { "secp256k1", "300a06082a8648ce3d040302",   "SHA256", -1, "has a key on a curve that is not P-256, P-384 or P-521" },
    { "Ed25519",   "300506032b6570",             NULL,     -1, "has a key of type Ed25519: plain RSA, or ECDSA on P-256, P-384 or P-521, is needed" },
    { "2048",  "300d06092a864886f70d0101050500", "SHA1",   -1, "is signed with SHA-1: SHA-256, SHA-384 or SHA-512 is needed" },
    { "2048",  "300d06092a864886f70d0101040500", "MD5",    -1, "is signed with MD5: SHA-256, SHA-384 or SHA-512 is needed" },
    { "2048",  "300d06092a864886f70d01010e0500", "SHA224", -1, "is signed with SHA-224: SHA-256, SHA-384 or SHA-512 is needed" },
    { "P-256", "300906072a8648ce3d0401",         "SHA1",   -1, "is signed with SHA-1: SHA-256, SHA-384 or SHA-512 is needed" },
    { "2048",  "300d06092a864886f70d01010a3000", "SHA1",   20, "is signed with SHA-1: SHA-256, SHA-384 or SHA-512 is needed" }, /* PSS by its defaults */
    { "2048",  PSS_256("20"),                    "SHA256", 31, "is not signed by its own key" }, /* another salt than it says */
    { "2048",  PSS_256("20"),                    "SHA256", -1, "is not signed by its own key" }, /* no PSS at all */
    { "2048",  PSS_256("a0"),                    "SHA256", 32, "has parameters of its signature algorithm that are not accepted" }, /* a negative salt */
    { "2048",  "300b06092a864886f70d01010a",     "SHA256", 32, "has parameters of its signature algorithm that are not accepted" },
    { "P-256", "300c06082a8648ce3d0403020500",   "SHA256", -1, "has parameters of its signature algorithm that are not accepted" },
    { "2048",  "300e06092a864886f70d01010b020100", "SHA256", -1, "has parameters of its signature algorithm that are not accepted" },
    { "P-256", "300506032b6570",                 "SHA256", -1, "has a signature algorithm that is not accepted" },
    { "P-256", "3000",                           "SHA256", -1, "has a malformed signature algorithm" },
    { "P-256", "300a06082a8648ce3d040303",       "SHA256", -1, "is not signed by its own key" }, /* another hash */
    { "P-256", "300d06092a864886f70d01010b0500", "SHA256", -1, "has a signature algorithm that does not go with its key" },
};

/* Keys that no library would make: the whole SubjectPublicKeyInfo. */
static const struct { const char *spki, *detail; } bad_keys[] = {
    { "3000", "has a malformed public key" },
    { "300a300506032b656e030100", "has a key of an unknown type: RSA, or ECDSA on P-256, P-384 or P-521, is needed" },
    { "300c300706052b240303020301aa", "has a malformed public key" }, /* unused bits that are none */
    /* RSA: parameters not there, content cut, negative modulus */
    { "3018300b06092a864886f70d0101010309003006020103020103", "has an RSA key whose algorithm parameters are not NULL" },
    { "3019300d06092a864886f70d0101010500030800300502010302ff", "has a malformed RSA key" },
    { "301a300d06092a864886f70d01010105000309003006020183020103", "has a malformed RSA key" },
    /* P-256: a point at (1, 1), the point at infinity, a compressed one, the hybrid form */
    { "3059301306072a8648ce3d020106082a8648ce3d0301070342000400000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000001", "has a key that is no point on its curve" },
    { "3019301306072a8648ce3d020106082a8648ce3d03010703020000", "has a malformed EC key" },
    { "3039301306072a8648ce3d020106082a8648ce3d030107032200026b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296", "has a key in compressed form: the uncompressed one is needed" },
    { "3059301306072a8648ce3d020106082a8648ce3d0301070342000700000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000000000000000000000000000000000000001", "has a malformed EC key" },
    { "3019301306072a8648ce3d02013008020101300306012a03020004", "has an EC key with explicit parameters instead of a named curve" },
};

static const struct { const char *info, *detail; } bad_infos[] = {
    { "3000",                       "is no certificate request" },
    { "30030201ff",                 "is no certificate request" },
    { "3003020102",                 "is of an unknown version" },
    { "3003020100",                 "has a malformed subject" },
    { "30050201003000",             "has a malformed public key" },
    { "300a02010030003000a10100",   "has malformed attributes" },
    { "300a02010030003000a0013f",   "has malformed attributes" },
    { "300b02010030003000a0023000", "has malformed attributes" },
    { "301002010030003000a007300506012a3100", "has malformed attributes" }, /* an empty set */
    { "300b02010030003000a0000500", "has malformed attributes" },
};
// clang-format on

static void each_accepted_key_and_algorithm_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(goods); i++) {
        const struct good_case *c = &goods[i];
        struct bytes der = csr_make_signed(&arena, key_of(c->kind), info_of(c->kind),
                                           unhex(c->algorithm), c->hash, c->salt);
        uint8_t hash[SHA256_SIZE];
        struct csr csr;
        struct fault f = { 0 };
        if (!csr_read(der, today, &csr, &f))
            fail_msg("%s %s: %s", c->kind, c->algorithm, f.detail);
        assert_int_equal(csr.key.type, c->type);
        assert_int_equal(csr.key.bits, c->bits);
        assert_true(bytes_equal(csr.key.spki, csr_make_spki(&arena, key_of(c->kind))));
        digest_sha256(der, hash);
        assert_memory_equal(csr.sha256, hash, sizeof hash);
        digest_sha256(csr.key.spki, hash);
        assert_memory_equal(csr.spki_sha256, hash, sizeof hash);
    }
}

static void the_wrong_key_or_algorithm_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bads); i++)
        assert_refused(csr_make_signed(&arena, key_of(bads[i].kind), info_of(bads[i].kind),
                                       unhex(bads[i].algorithm), bads[i].hash, bads[i].salt),
                       bads[i].detail);
}

// clang-format off
static const struct { const char *kind, *algorithm, *hash; int salt; const char *refused; } proofs[] = {
    { "2048",  "300d06092a864886f70d0101050500", "SHA1",   -1, NULL },
    { "2048",  "300906052b0e03021d0500",         "SHA1",   -1, NULL }, /* the older name of the same (OIW) */
    { "P-256", "300906072a8648ce3d0401",         "SHA1",   -1, NULL },
    { "2048",  "300d06092a864886f70d01010a3000", "SHA1",   20, NULL },
    { "P-256", "300a06082a8648ce3d040302",       "SHA256", -1, NULL },
    { "2048",  "300d06092a864886f70d0101040500", "MD5",    -1, "is signed with MD5: SHA-256, SHA-384 or SHA-512 is needed" },
    { "2048",  "300d06092a864886f70d01010e0500", "SHA224", -1, "is signed with SHA-224: SHA-256, SHA-384 or SHA-512 is needed" },
    { "2048",  "300d06092a864886f70d0101050500", "SHA256", -1, "is not signed by its own key" },
};
// clang-format on

static void sha1_proves_possession_where_policy_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(proofs); i++) {
        struct bytes der =
            csr_make_signed(&arena, key_of(proofs[i].kind), info_of(proofs[i].kind),
                            unhex(proofs[i].algorithm), proofs[i].hash, proofs[i].salt);
        struct csr csr;
        struct fault f = { 0 };
        assert_int_equal(csr_read(der, earlier, &csr, &f), proofs[i].refused == NULL);
        assert_string_equal(f.detail, proofs[i].refused ? proofs[i].refused : "");
        f = (struct fault){ 0 };
        if (signature_is_sha1(&csr.algorithm))
            assert_false(csr_read(der, today, &csr, &f));
    }
}

static void a_malformed_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_keys); i++)
        assert_refused(signed_by_p256(csr_make_info(&arena, unhex(bad_keys[i].spki), names, 1)),
                       bad_keys[i].detail);
}

static void a_malformed_inside_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad_infos); i++)
        assert_refused(signed_by_p256(unhex(bad_infos[i].info)), bad_infos[i].detail);
}

/* An RSA key of that exponent around a modulus that was made well. */
static struct bytes with_exponent(const char *exponent)
{
    struct bytes spki = csr_make_spki(&arena, key_of("2048"));
    struct key key;
    struct fault f;
    struct text t;
    size_t whole, algorithm, bits, list;

    assert_true(key_read(spki, &key, &f, ""));
    text_init(&t, &arena);
    whole = der_begin(&t, DER_SEQUENCE);
    algorithm = der_begin(&t, DER_SEQUENCE);
    der_add(&t, DER_OID, DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"));
    der_add_null(&t);
    der_end(&t, algorithm);
    bits = der_begin(&t, DER_BIT_STRING);
    text_add_char(&t, 0);
    list = der_begin(&t, DER_SEQUENCE);
    der_add_unsigned(&t, DER_INTEGER, key.modulus);
    der_add_unsigned(&t, DER_INTEGER, unhex(exponent));
    der_end(&t, list);
    der_end(&t, bits);
    der_end(&t, whole);
    return csr_make_info(&arena, der_written(&t), names, 1);
}

static void an_even_or_small_exponent_is_refused(void **state)
{
    (void)state;
    assert_refused(signed_by_p256(with_exponent("010000")),
                   "has an RSA key with an even exponent: make a new key with exponent 65537");
    assert_refused(signed_by_p256(with_exponent("00")),
                   "has an RSA key with an even exponent: make a new key with exponent 65537");
    assert_refused(
        signed_by_p256(with_exponent("03")),
        "has an RSA key with an exponent below 65537: make a new key with exponent 65537");
    assert_refused(
        signed_by_p256(with_exponent("01"
                                     "0000000000000000000000000000000000000000000000000000000000"
                                     "000001")),
        "has an RSA key with an exponent over 256 bits: make a new key with exponent 65537");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_accepted_key_and_algorithm_is_read),
        TEST(the_wrong_key_or_algorithm_is_named),
        TEST(sha1_proves_possession_where_policy_says_so),
        TEST(a_malformed_key_is_refused),
        TEST(a_malformed_inside_is_refused),
        TEST(an_even_or_small_exponent_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, free_keys);
}
