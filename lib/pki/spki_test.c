#include "pki/spki.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <string.h>

#include "pki/csr_make.h"
#include "pki/evp.h"
#include "pki/pem.h"

static struct arena arena;

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

static const char *armoured(const char *label, struct bytes der)
{
    struct text t;

    text_init(&t, &arena);
    pem_write(&t, label, der, "\n");
    return t.data;
}

/* What was written to `bio`, which is freed. */
static const char *written(BIO *bio)
{
    char *data;
    long size = BIO_get_mem_data(bio, &data);
    const char *out = arena_strndup(&arena, data, (size_t)size);

    BIO_free(bio);
    return out;
}

static const char *private_key(EVP_PKEY *key, bool traditional, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const unsigned char *secret = (const unsigned char *)password;
    int length = password ? (int)strlen(password) : 0;

    assert_true(traditional
                    ? PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL)
                    : PEM_write_bio_PrivateKey(bio, key, password ? EVP_aes_128_cbc() : NULL,
                                               secret, length, NULL, NULL));
    return written(bio);
}

static const char *certificate(EVP_PKEY *key)
{
    X509 *x = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());

    assert_true(X509_set_pubkey(x, key) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
                X509_gmtime_adj(X509_getm_notBefore(x), 0) &&
                X509_gmtime_adj(X509_getm_notAfter(x), 60) && X509_sign(x, key, EVP_sha256()) &&
                PEM_write_bio_X509(bio, x));
    X509_free(x);
    return written(bio);
}

static void assert_named(const char *text, struct bytes spki)
{
    uint8_t want[SHA256_SIZE], got[SHA256_SIZE];
    struct fault f = { 0 };

    digest_sha256(spki, want);
    if (!spki_sha256_of(&arena, text, got, &f, "key"))
        fail_msg("%s: %s", text, f.detail);
    assert_memory_equal(got, want, sizeof want);
}

/* The hash is the one that a request with this key has, whatever the key came in. */
static void a_key_has_one_name_in_each_form(void **state)
{
    static const char *const kinds[] = { "2048", "P-256", "P-384", "P-521" };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        EVP_PKEY *key = csr_make_key(kinds[i]);
        struct bytes spki = csr_make_spki(&arena, key);
        assert_named(private_key(key, false, NULL), spki);
        assert_named(private_key(key, true, NULL), spki);
        assert_named(armoured("PUBLIC KEY", spki), spki);
        assert_named(armoured("CERTIFICATE REQUEST", csr_make(&arena, key, NULL, 0)), spki);
        assert_named(armoured("NEW CERTIFICATE REQUEST", csr_make(&arena, key, NULL, 0)), spki);
        assert_named(certificate(key), spki);
        assert_named(arena_format(&arena, "key and certificate\r\n%s%s",
                                  private_key(key, false, NULL), certificate(key)),
                     spki);
        csr_make_key_free(key);
    }
}

static void a_key_of_pkcs1_is_the_same(void **state)
{
    EVP_PKEY *key = csr_make_key("2048");
    uint8_t *der = NULL;
    int size = i2d_PublicKey(key, &der);

    (void)state;
    assert_named(armoured("RSA PUBLIC KEY", (struct bytes){ der, (size_t)size }),
                 csr_make_spki(&arena, key));
    OPENSSL_free(der);
    csr_make_key_free(key);
}

static void a_compressed_point_is_the_same(void **state)
{
    EVP_PKEY *key = csr_make_key("P-256");
    struct bytes spki = csr_make_spki(&arena, key);
    uint8_t *der = NULL;
    int size;

    (void)state;
    assert_true(EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                               "compressed"));
    size = i2d_PUBKEY(key, &der);
    assert_true(size > 0 && (size_t)size < spki.size);
    assert_named(armoured("PUBLIC KEY", (struct bytes){ der, (size_t)size }), spki);
    OPENSSL_free(der);
    csr_make_key_free(key);
}

static void the_rest_is_refused(void **state)
{
    EVP_PKEY *key = csr_make_key("P-256");
    const struct {
        const char *text, *detail;
    } rows[] = {
        { "", "has no key, request or certificate in PEM (of an encrypted key give the public "
              "half: openssl pkey -pubout)" },
        { private_key(key, false, "password"),
          "has no key, request or certificate in PEM (of an encrypted key give the public half: "
          "openssl pkey -pubout)" },
        { "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
          "has a PUBLIC KEY that cannot be read" },
        { "-----BEGIN CERTIFICATE-----\n", "is truncated: its last line is missing" },
    };
    uint8_t hash[SHA256_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fault f = { 0 };
        assert_false(spki_sha256_of(&arena, rows[i].text, hash, &f, "file"));
        assert_string_equal(f.detail, rows[i].detail);
        assert_string_equal(f.field, "file");
        assert_int_equal(f.code, FAULT_INVALID);
    }
    csr_make_key_free(key);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_key_has_one_name_in_each_form),
        TEST(a_key_of_pkcs1_is_the_same),
        TEST(a_compressed_point_is_the_same),
        TEST(the_rest_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
