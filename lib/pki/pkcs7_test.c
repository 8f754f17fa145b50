#include "pki/pkcs7.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/arena.h"
#include "pki/csr_make.h"
#include "pki/evp.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(PKCS7, PKCS7_free);

static struct arena arena;
static EVP_PKEY *key;

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    key = csr_make_key("P-256");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    csr_make_key_free(key);
    arena_free(&arena);
    return 0;
}

static struct bytes certificate(long serial)
{
    AUTO(X509) cert = X509_new();
    unsigned char *der = NULL;
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    ASN1_TIME_set_string(X509_getm_notBefore(cert), "240301102030Z");
    ASN1_TIME_set_string(X509_getm_notAfter(cert), "250301102030Z");
    X509_set_pubkey(cert, key);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    int size = i2d_X509(cert, &der);
    assert_true(size > 0);
    struct bytes out = { arena_copy(&arena, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    return out;
}

/* OpenSSL reads what was written, finds the certificates in order, and writes the same bytes. */
static void openssl_agrees(void **state)
{
    const struct bytes certificates[] = { certificate(900), certificate(7), certificate(80) };
    (void)state;
    for (size_t count = 0; count <= 3; count++) {
        struct text t;
        text_init(&t, &arena);
        pkcs7_bundle(&t, certificates, count);
        const unsigned char *at = (const unsigned char *)t.data;
        AUTO(PKCS7) p = d2i_PKCS7(NULL, &at, (long)t.length);
        assert_non_null(p);
        assert_ptr_equal(at, t.data + t.length);
        assert_true(PKCS7_type_is_signed(p));
        assert_int_equal(sk_X509_num(p->d.sign->cert), count);
        for (size_t i = 0; i < count; i++) {
            unsigned char *der = NULL;
            int size = i2d_X509(sk_X509_value(p->d.sign->cert, (int)i), &der);
            assert_int_equal(size, certificates[i].size);
            assert_memory_equal(der, certificates[i].data, certificates[i].size);
            OPENSSL_free(der);
        }
        unsigned char *again = NULL;
        int size = i2d_PKCS7(p, &again);
        assert_int_equal(size, t.length);
        assert_memory_equal(again, t.data, t.length);
        OPENSSL_free(again);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(openssl_agrees) };
    return cmocka_run_group_tests(tests, start, stop);
}
