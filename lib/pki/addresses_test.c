#include "pki/addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "pki/csr_make.h"
#include "pki/evp.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(X509_EXTENSION, X509_EXTENSION_free);

static struct arena arena;

static void extend(X509 *cert, int nid, const char *value)
{
    AUTO(X509_EXTENSION) ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(ext);
    assert_true(X509_add_ext(cert, ext, -1));
}

/* As OpenSSL makes it, with these extensions where they are not NULL. */
static struct bytes certificate_of(const char *access, const char *crl)
{
    AUTO(X509) cert = X509_new();
    EVP_PKEY *key = csr_make_key("P-256");
    unsigned char *der = NULL;
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    ASN1_TIME_set_string(X509_getm_notBefore(cert), "240301102030Z");
    ASN1_TIME_set_string(X509_getm_notAfter(cert), "20500101000000Z");
    X509_set_pubkey(cert, key);
    extend(cert, NID_basic_constraints, "critical,CA:TRUE");
    if (access)
        extend(cert, NID_info_access, access);
    if (crl)
        extend(cert, NID_crl_distribution_points, crl);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    int size = i2d_X509(cert, &der);
    struct bytes out = { arena_copy(&arena, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    csr_make_key_free(key);
    return out;
}

static struct addresses addresses_of(struct bytes der)
{
    struct certificate c;
    struct addresses out;
    struct fault f = { 0 };
    assert_true(certificate_read(der, &c, &f, "x"));
    certificate_addresses(&arena, &c, &out);
    return out;
}

static void all_addresses_are_found(void **state)
{
    (void)state;
    struct addresses all = addresses_of(certificate_of(
        "OCSP;URI:http://ocsp.acme.de/,caIssuers;URI:http://pki.acme.de/ca.crt,OCSP;email:a@b.de",
        "URI:http://crl.acme.de/1.crl,URI:http://crl.acme.de/2.crl"));
    assert_int_equal(all.count, 4);
    assert_string_equal(all.urls[0], "http://ocsp.acme.de/");
    assert_string_equal(all.urls[1], "http://pki.acme.de/ca.crt");
    assert_string_equal(all.urls[2], "http://crl.acme.de/1.crl");
    assert_string_equal(all.urls[3], "http://crl.acme.de/2.crl");
}

static void a_root_has_none(void **state)
{
    (void)state;
    assert_int_equal(addresses_of(certificate_of(NULL, NULL)).count, 0);
}

static void no_more_than_there_is_room_for(void **state)
{
    (void)state;
    struct text list;
    text_init(&list, &arena);
    for (int i = 0; i < ADDRESSES_MAX + 3; i++)
        text_format(&list, "%sURI:http://crl.acme.de/", i ? "," : "");
    assert_int_equal(addresses_of(certificate_of(NULL, list.data)).count, ADDRESSES_MAX);
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
        cmocka_unit_test(all_addresses_are_found),
        cmocka_unit_test(a_root_has_none),
        cmocka_unit_test(no_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
