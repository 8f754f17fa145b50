#include "pki/certificate.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <openssl/x509v3.h>
#include <string.h>

#include "pki/csr_make.h"
#include "pki/der.h"
#include "pki/evp.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(X509_EXTENSION, X509_EXTENSION_free);

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

static void add_constraints(X509 *cert)
{
    AUTO(X509_EXTENSION)
    ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

    assert_true(X509_add_ext(cert, ext, -1));
}

/* What OpenSSL makes of it: the other opinion that ours is compared with. */
static struct bytes make(long version, const char *serial, const char *common_name)
{
    AUTO(X509) cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    BIGNUM *number = NULL;
    unsigned char *der = NULL;
    struct bytes out;

    X509_set_version(cert, version);
    BN_hex2bn(&number, serial);
    BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Chancery", -1, -1,
                               0);
    if (common_name)
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
                                   -1, -1, 0);
    X509_set_issuer_name(cert, name);
    ASN1_TIME_set_string(X509_getm_notBefore(cert), "240301102030Z");
    ASN1_TIME_set_string(X509_getm_notAfter(cert), "20500101000000Z");
    X509_set_pubkey(cert, key);
    if (version == X509_VERSION_3)
        add_constraints(cert);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    out.size = (size_t)i2d_X509(cert, &der);
    out.data = arena_copy(&arena, der, out.size);
    OPENSSL_free(der);
    return out;
}

static void a_certificate_is_read_as_openssl_made_it(void **state)
{
    struct bytes der = make(X509_VERSION_3, "00f1", "Test CA"), value;
    char text[INSTANT_TEXT_SIZE];
    struct certificate c;
    struct fault f = { 0 };
    bool critical = false;

    (void)state;
    assert_true(certificate_read(der, &c, &f, "x"));
    assert_string_equal(certificate_common_name(&arena, &c), "Test CA");
    assert_string_equal(certificate_serial(&arena, &c), "F1");
    assert_string_equal(instant_text(c.not_before, text), "2024-03-01T10:20:30+00:00");
    assert_string_equal(instant_text(c.not_after, text), "2050-01-01T00:00:00+00:00");
    assert_true(bytes_equal(c.issuer, c.subject));
    assert_true(bytes_equal(c.spki, csr_make_spki(&arena, key)));
    assert_true(certificate_extension(&c, DER_BYTES("\x55\x1d\x13"), &value, &critical));
    assert_true(critical);
    assert_true(bytes_equal(value, DER_BYTES("\x30\x03\x01\x01\xff")));
    assert_false(certificate_extension(&c, DER_BYTES("\x55\x1d\x11"), &value, &critical));
}

static void thumbprint_and_key_id_are_openssl_s(void **state)
{
    struct bytes der = make(X509_VERSION_3, "0102030405060708", NULL);
    const unsigned char *p = der.data;
    AUTO(X509) cert = d2i_X509(NULL, &p, (long)der.size);
    uint8_t want[SHA1_SIZE], got[SHA1_SIZE];
    struct certificate c;
    struct fault f = { 0 };

    (void)state;
    assert_true(certificate_read(der, &c, &f, "x"));
    assert_true(X509_digest(cert, EVP_sha1(), want, NULL));
    assert_string_equal(certificate_thumbprint(&arena, &c),
                        hex_upper(&arena, (struct bytes){ want, sizeof want }));
    assert_true(X509_pubkey_digest(cert, EVP_sha1(), want, NULL));
    certificate_key_id(&c, got);
    assert_memory_equal(got, want, sizeof got);
    assert_string_equal(certificate_common_name(&arena, &c), "");
    assert_string_equal(certificate_serial(&arena, &c), "0102030405060708");
}

static void a_root_of_version_1_is_read(void **state)
{
    struct certificate c;
    struct bytes value;
    struct fault f = { 0 };
    bool critical;

    (void)state;
    assert_true(certificate_read(make(X509_VERSION_1, "7f", "Old Root"), &c, &f, "x"));
    assert_string_equal(certificate_serial(&arena, &c), "7F");
    assert_false(certificate_extension(&c, DER_BYTES("\x55\x1d\x13"), &value, &critical));
}

static void what_is_cut_or_longer_is_refused(void **state)
{
    struct bytes der = make(X509_VERSION_3, "01", "Test CA");
    uint8_t *longer = arena_alloc(&arena, der.size + 1);
    struct certificate c;
    struct fault f = { 0 };

    (void)state;
    for (size_t size = 0; size < der.size; size++) {
        struct bytes cut = { arena_copy(&arena, der.data, size), size };
        assert_false(certificate_read(cut, &c, &f, "x"));
    }
    memcpy(longer, der.data, der.size);
    assert_false(certificate_read((struct bytes){ longer, der.size + 1 }, &c, &f, "x"));
    assert_int_equal(f.code, FAULT_INVALID);
    assert_string_equal(f.field, "x");
}

/* Version 2, a negative serial, and an inner algorithm that is not the outer one. */
static void what_rfc_5280_forbids_is_refused(void **state)
{
    struct bytes der = make(X509_VERSION_3, "01", "Test CA");
    /* a0 03 02 01 02 02 01 01 30 0a 06 08 2a 86 48 ce 3d 04 03 02 */
    const uint8_t *version = memmem(der.data, der.size, "\xa0\x03\x02\x01\x02", 5);
    static const struct {
        ptrdiff_t at;
        uint8_t from, to;
    } changes[] = { { 4, 0x02, 0x01 }, { 7, 0x01, 0x81 }, { 19, 0x02, 0x03 } };
    struct certificate c;
    struct fault f = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        uint8_t *copy = arena_copy(&arena, der.data, der.size);
        uint8_t *at = copy + (version - der.data) + changes[i].at;
        assert_int_equal(*at, changes[i].from);
        *at = changes[i].to;
        assert_false(certificate_read((struct bytes){ copy, der.size }, &c, &f, "x"));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_certificate_is_read_as_openssl_made_it),
        TEST(thumbprint_and_key_id_are_openssl_s),
        TEST(a_root_of_version_1_is_read),
        TEST(what_is_cut_or_longer_is_refused),
        TEST(what_rfc_5280_forbids_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
