/* csr_samples_test - what the tests of requests share: keys, and requests that are made of them. */
#ifndef PKI_CSR_SAMPLES_TEST_H
#define PKI_CSR_SAMPLES_TEST_H

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

#define SHARED           static __attribute__((unused))
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

SHARED const struct csr_rules today = { .sha1 = false }, earlier = { .sha1 = true };

SHARED struct evp_pkey_st *key_of(const char *kind)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (strcmp(keys[i].kind, kind) == 0)
            return keys[i].key = keys[i].key ? keys[i].key : csr_make_key(kind);
    fail();
    return NULL;
}

SHARED int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

SHARED int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

SHARED int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        csr_make_key_free(keys[i].key);
    return 0;
}

SHARED struct bytes unhex(const char *text)
{
    struct bytes out;

    assert_true(hex_read(&arena, text, &out));
    return out;
}

SHARED const char *const names[] = { "example.com", "www.example.com" };

SHARED struct bytes info_of(const char *kind)
{
    return csr_make_info(&arena, csr_make_spki(&arena, key_of(kind)), names, COUNT(names));
}

SHARED struct bytes good_csr(void)
{
    return csr_make(&arena, key_of("P-256"), names, COUNT(names));
}

SHARED void assert_refused(struct bytes der, const char *detail)
{
    struct csr csr;
    struct fault f = { 0 };

    if (csr_read(der, today, &csr, &f))
        fail_msg("accepted, though it %s", detail);
    assert_int_equal(f.code, FAULT_CSR);
    assert_string_equal(f.field, "certificate.csr");
    assert_string_equal(f.detail, detail);
}

SHARED struct bytes signed_by_p256(struct bytes info)
{
    return csr_make_signed(&arena, key_of("P-256"), info, DER_BYTES(ECDSA_WITH("\x02")), "SHA256",
                           -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

#endif
