/* The form of a request: cut, changed, with something behind it, in BER, with armour or without. */
#include "csr_samples_test.h"

#include "pki/pem.h"

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
    const struct CMUnitTest tests[] = {
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
