#include "pki/csr.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "pki/csr_make.h"
#include "pki/der.h"
#include "pki/pem.h"

#define COUNT(a)         (sizeof(a) / sizeof(a)[0])
#define RSA_WITH(last)   "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00"
#define ECDSA_WITH(last) "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last

// clang-format off
/* Keys that are used more than once; making one is slow. */
static struct { const char *kind; struct evp_pkey_st *key; } keys[] = {
    { "P-256", NULL }, { "P-384", NULL }, { "P-521", NULL }, { "2048", NULL }, { "1024", NULL },
    { "Ed25519", NULL }, { "secp256k1", NULL },
};
// clang-format on

static struct arena arena;

static const struct csr_rules today = { .sha1 = false }, earlier = { .sha1 = true };

static struct evp_pkey_st *key_of(const char *kind)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (strcmp(keys[i].kind, kind) == 0)
            return keys[i].key = keys[i].key ? keys[i].key : csr_make_key(kind);
    fail();
    return NULL;
}

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

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        csr_make_key_free(keys[i].key);
    return 0;
}

static struct bytes unhex(const char *text)
{
    struct bytes out;

    assert_true(hex_read(&arena, text, &out));
    return out;
}

static const char *const names[] = { "example.com", "www.example.com" };

static struct bytes info_of(const char *kind)
{
    return csr_make_info(&arena, csr_make_spki(&arena, key_of(kind)), names, COUNT(names));
}

static struct bytes good_csr(void)
{
    return csr_make(&arena, key_of("P-256"), names, COUNT(names));
}

static void assert_refused(struct bytes der, const char *detail)
{
    struct csr csr;
    struct fault f = { 0 };

    if (csr_read(der, today, &csr, &f))
        fail_msg("accepted, though it %s", detail);
    assert_int_equal(f.code, FAULT_CSR);
    assert_string_equal(f.field, "certificate.csr");
    assert_string_equal(f.detail, detail);
}

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

static struct bytes signed_by_p256(struct bytes info)
{
    return csr_make_signed(&arena, key_of("P-256"), info, DER_BYTES(ECDSA_WITH("\x02")), "SHA256",
                           -1);
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

static void each_truncation_is_refused(void **state)
{
    struct bytes der = good_csr();

    (void)state;
    assert_refused((struct bytes){ der.data, 0 }, "is no certificate request");
    for (size_t size = 1; size < der.size; size++) {
        /* a copy of its own, so that the sanitizer sees a read over the end */
        struct bytes cut = { arena_copy(&arena, der.data, size), size };
        assert_refused(cut, "is truncated");
    }
}

static void each_changed_byte_is_refused(void **state)
{
    struct bytes der = good_csr();
    uint8_t *copy = arena_copy(&arena, der.data, der.size);

    (void)state;
    for (size_t i = 0; i < der.size; i++) {
        struct csr csr;
        struct fault f = { 0 };
        copy[i] ^= (uint8_t)(1U << i % 8);
        if (csr_read((struct bytes){ copy, der.size }, today, &csr, &f))
            fail_msg("byte %zu does not matter", i);
        assert_int_equal(f.code, FAULT_CSR);
        copy[i] = der.data[i];
    }
}

static void what_follows_is_refused(void **state)
{
    struct bytes der = good_csr();
    uint8_t *longer = arena_alloc(&arena, CSR_SIZE_MAX + 1);

    (void)state;
    memcpy(longer, der.data, der.size);
    assert_refused((struct bytes){ longer, der.size + 2 }, "has 2 bytes after its end");
    assert_refused((struct bytes){ longer, CSR_SIZE_MAX + 1 }, "is larger than 72442 bytes");
}

static void the_signature_of_another_key_is_refused(void **state)
{
    struct bytes info = info_of("P-384");

    (void)state;
    assert_refused(signed_by_p256(info), "is not signed by its own key");
}

// clang-format off
/* Private keys by their form; the last two are none. */
static const struct { const char *hex, *detail; } unarmoured[] = {
    { "300c020100300306012a04020000",       "is a private key, which is thereby disclosed: make a new one" }, /* PKCS #8 */
    { "300e020100300306012a04020000a000",   "is a private key, which is thereby disclosed: make a new one" }, /* with attributes */
    { "3009300306012a04020000",             "is a private key, which is thereby disclosed: make a new one" }, /* encrypted */
    { "301b020100020123020103020101020105020107020101020101020101", "is a private key, which is thereby disclosed: make a new one" }, /* PKCS #1 */
    { "3012020100020123020103020101020105020107", "is a private key, which is thereby disclosed: make a new one" }, /* DSA */
    { "300d0201010401aaa005060322aabb",     "is a private key, which is thereby disclosed: make a new one" }, /* EC */
    { "3006020123020103",                   "is no certificate request" }, /* a public key of PKCS #1 */
    { "300a300306012a03030000aa",           "is no certificate request" }, /* a SubjectPublicKeyInfo */
};
// clang-format on

static void a_private_key_without_armour_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(unarmoured); i++)
        assert_refused(unhex(unarmoured[i].hex), unarmoured[i].detail);
}

/* The outermost value, with another header; and with two zeros behind it if it is indefinite. */
static struct bytes reheaded(struct bytes der, const char *header)
{
    struct der all = der_open(der);
    struct bytes content;
    struct text t;

    assert_true(der_next(&all, NULL, &content, NULL));
    text_init(&t, &arena);
    der_add_raw(&t, unhex(header));
    der_add_raw(&t, content);
    if (strcmp(header, "3080") == 0)
        der_add_raw(&t, DER_BYTES("\0\0"));
    return der_written(&t);
}

/* A request around this CertificationRequestInfo, signed over `over`. */
static struct bytes around(struct bytes info, struct bytes over)
{
    struct der all = der_open(signed_by_p256(over)), list;
    struct text t;
    size_t request;

    assert_true(der_enter(&all, DER_SEQUENCE, &list));
    list.next += over.size;
    text_init(&t, &arena);
    request = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, info);
    der_add_raw(&t, (struct bytes){ list.next, (size_t)(list.end - list.next) });
    der_end(&t, request);
    return der_written(&t);
}

static void what_is_ber_is_read_as_its_der(void **state)
{
    struct bytes der = good_csr(), info = info_of("P-256");
    const struct bytes bers[] = {
        reheaded(der, "3080"),
        reheaded(der, arena_format(&arena, "308400%06zx", der.size - 4)),
        around(reheaded(info, "3080"), info),
    };
    struct csr csr;
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT(bers); i++) {
        if (!csr_read_text(&arena, base64_write(&arena, bers[i]), today, &csr, &f))
            fail_msg("%zu: %s", i, f.detail);
        assert_true(csr_read(csr.der, today, &csr, &f)); /* what is kept is DER */
        assert_true(bytes_equal(csr.tbs, info));
    }
}

static void what_is_signed_as_ber_is_told(void **state)
{
    struct bytes ber = reheaded(info_of("P-256"), "3080");
    struct csr csr;
    struct fault f = { 0 };

    (void)state;
    assert_false(csr_read_text(&arena, base64_write(&arena, around(ber, ber)), today, &csr, &f));
    assert_string_equal(f.detail,
                        "is BER and not DER, and its signature is not over the DER of its "
                        "content (RFC 2986 4.2)");
}

/* As many names as an order may have, of full length, and a key of the larger usual size. */
static void what_a_product_takes_fits(void **state)
{
    const char *many[NAME_LIST_MAX];
    struct evp_pkey_st *key = csr_make_key("4096");
    struct text text;
    struct csr csr;
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < NAME_LIST_MAX; i++)
        many[i] = arena_format(&arena, "n%03zu%0*d.example.com", i, NAME_LENGTH_MAX - 16, 0);
    assert_int_equal(strlen(many[0]), NAME_LENGTH_MAX);
    text_init(&text, &arena);
    pem_write(
        &text, "CERTIFICATE REQUEST",
        csr_make_signed(&arena, key,
                        csr_make_info(&arena, csr_make_spki(&arena, key), many, NAME_LIST_MAX),
                        DER_BYTES(RSA_WITH("\x0b")), "SHA256", -1),
        "\r\n");
    csr_make_key_free(key);
    if (!csr_read_text(&arena, text.data, today, &csr, &f))
        fail_msg("%s", f.detail);
    assert_int_equal(csr.key.bits, 4096);
}

static void text_is_read_with_and_without_armour(void **state)
{
    struct bytes der = good_csr();
    struct text pem;
    struct csr csr;
    struct fault f = { 0 };

    (void)state;
    text_init(&pem, &arena);
    pem_write(&pem, "CERTIFICATE REQUEST", der, "\r\n");
    assert_true(csr_read_text(&arena, pem.data, today, &csr, &f));
    assert_true(bytes_equal(csr.der, der));
    assert_true(csr_read_text(&arena, base64url_write(&arena, der), today, &csr, &f));
    assert_false(csr_read_text(&arena, "AAAA", today, &csr, &f));
    assert_string_equal(f.detail, "is no certificate request");
}

static void a_request_without_attributes_is_read(void **state)
{
    struct bytes spki = csr_make_spki(&arena, key_of("P-256"));
    struct csr csr;
    struct fault f = { 0 };
    struct text t;
    size_t info;

    (void)state;
    text_init(&t, &arena);
    info = der_begin(&t, DER_SEQUENCE);
    der_add_small(&t, 0);
    der_add(&t, DER_SEQUENCE, (struct bytes){ NULL, 0 });
    der_add_raw(&t, spki);
    der_end(&t, info);
    assert_true(csr_read(signed_by_p256(der_written(&t)), today, &csr, &f));
    assert_int_equal(csr.attributes.size, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(each_accepted_key_and_algorithm_is_read),
        TEST(the_wrong_key_or_algorithm_is_named),
        TEST(sha1_proves_possession_where_policy_says_so),
        TEST(a_malformed_key_is_refused),
        TEST(a_malformed_inside_is_refused),
        TEST(an_even_or_small_exponent_is_refused),
        TEST(each_truncation_is_refused),
        TEST(each_changed_byte_is_refused),
        TEST(what_follows_is_refused),
        TEST(the_signature_of_another_key_is_refused),
        TEST(text_is_read_with_and_without_armour),
        TEST(a_private_key_without_armour_is_named),
        TEST(what_is_ber_is_read_as_its_der),
        TEST(what_is_signed_as_ber_is_told),
        TEST(what_a_product_takes_fits),
        TEST(a_request_without_attributes_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, free_keys);
}
