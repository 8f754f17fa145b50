#include "pki/precertificate.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "pki/precertificate_rig.h"
#include "pki/sct.h"
#include "pki/sct_make.h"

static struct fault f;

static struct bytes poisoned_of(struct bytes tbs)
{
    struct bytes out;

    assert_true(precertificate_poison(tbs, &arena, &out, &f));
    return out;
}

/* A list with one timestamp: whose does not matter here. */
static struct bytes some_list(void)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct sct_promise promise = { .timestamp_ms = 1, .tbs = DER_BYTES("tbs") };
    struct bytes sct = sct_make(&arena, log, &promise);

    return sct_list_write(&sct, 1, &arena);
}

static void poison_is_written_as_openssl_writes_it(void **state)
{
    struct bytes theirs = tbs_make(true), bare, again;

    (void)state;
    assert_true(precertificate_logged(theirs, &arena, &bare, &f));
    again = poisoned_of(bare);
    assert_int_equal(again.size, theirs.size);
    assert_memory_equal(again.data, theirs.data, theirs.size);
}

static void what_is_logged_is_what_was_poisoned(void **state)
{
    struct bytes tbs = tbs_make(false), logged;

    (void)state;
    assert_true(precertificate_logged(poisoned_of(tbs), &arena, &logged, &f));
    assert_true(bytes_equal(logged, tbs));
}

/* OpenSSL finds the list where the poison was, and nothing else has moved. */
static void timestamps_take_the_place_of_the_poison(void **state)
{
    struct bytes list = some_list(), poisoned = poisoned_of(tbs_make(false)), final;
    X509_EXTENSION *ext;

    (void)state;
    assert_true(precertificate_final(poisoned, list, &arena, &final, &f));
    AUTO(X509) before = certificate_around(poisoned);
    AUTO(X509) cert = certificate_around(final);
    assert_non_null(before);
    assert_non_null(cert);
    assert_int_equal(X509_get_ext_by_NID(before, NID_ct_precert_poison, -1), 3);
    assert_int_equal(X509_get_ext_by_NID(cert, NID_ct_precert_scts, -1), 3);
    assert_int_equal(X509_get_ext_count(cert), 4);
    ext = X509_get_ext(cert, 3);
    assert_false(X509_EXTENSION_get_critical(ext));
    assert_int_equal(ASN1_STRING_length(X509_EXTENSION_get_data(ext)), list.size);
    assert_memory_equal(ASN1_STRING_get0_data(X509_EXTENSION_get_data(ext)), list.data, list.size);
}

/* Lists of several kilobytes: lengths of two bytes become three. */
static void lengths_grow_with_the_list(void **state)
{
    struct bytes big = { arena_alloc(&arena, 70000), 70000 }, final;

    (void)state;
    assert_true(precertificate_final(poisoned_of(tbs_make(false)), big, &arena, &final, &f));
    AUTO(X509) cert = certificate_around(final);
    assert_non_null(cert);
    assert_int_equal(X509_get_ext_by_NID(cert, NID_ct_precert_scts, -1), 3);
}

static void poison_in_the_middle_is_found(void **state)
{
    struct bytes logged;

    (void)state;
    AUTO(EVP_PKEY) key = csr_make_key("P-256");
    AUTO(X509) cert = certificate_of("x", key);
    AUTO(X509) bare = certificate_of("x", key);
    add_extension(cert, NID_key_usage, "digitalSignature");
    add_extension(cert, NID_ct_precert_poison, "critical,NULL");
    add_extension(cert, NID_ext_key_usage, "serverAuth");
    add_extension(bare, NID_key_usage, "digitalSignature");
    add_extension(bare, NID_ext_key_usage, "serverAuth");
    assert_true(precertificate_logged(tbs_of(cert), &arena, &logged, &f));
    assert_true(bytes_equal(logged, tbs_of(bare)));
}

/* ---- what is refused */

static bool refused(bool done)
{
    bool internal = f.code == FAULT_INTERNAL;

    f = (struct fault){ 0 };
    return !done && internal;
}

static struct bytes with_extensions(const int *nids, const char *const *values)
{
    AUTO(EVP_PKEY) key = csr_make_key("P-256");
    AUTO(X509) cert = certificate_of("x", key);

    for (; *nids; nids++, values++)
        add_extension(cert, *nids, *values);
    return tbs_of(cert);
}

#define WITH(nids, values)                                                                         \
    with_extensions((const int[]){ nids, 0 }, (const char *const[]){ values, NULL })
#define AND ,

static void what_has_no_or_another_poison_is_refused(void **state)
{
    struct bytes out, list = some_list(), final;
    const struct bytes bad[] = {
        tbs_make(false),
        WITH(NID_key_usage AND NID_ct_precert_poison, "keyAgreement" AND "NULL"), /* not critical */
        WITH(NID_ct_precert_poison, "critical,NULL"),                             /* nothing else */
        WITH(NID_key_usage AND NID_ct_precert_poison AND NID_ct_precert_poison,
             "keyAgreement" AND "critical,NULL" AND "critical,NULL"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_true(refused(precertificate_logged(bad[i], &arena, &out, &f)));
    assert_true(refused(precertificate_poison(tbs_make(true), &arena, &out, &f)));
    assert_true(precertificate_final(tbs_make(true), list, &arena, &final, &f));
    assert_true(refused(precertificate_poison(final, &arena, &out, &f)));
    assert_true(refused(precertificate_logged(final, &arena, &out, &f)));
}

static void what_is_cut_is_refused(void **state)
{
    struct bytes whole = tbs_make(true), out, list = some_list(), final;

    (void)state;
    assert_true(precertificate_final(whole, list, &arena, &final, &f));
    for (size_t size = 0; size < whole.size; size++) {
        struct bytes cut = { arena_copy(&arena, whole.data, size), size };
        assert_true(refused(precertificate_poison(cut, &arena, &out, &f)));
        assert_true(refused(precertificate_logged(cut, &arena, &out, &f)));
        assert_true(refused(precertificate_final(cut, list, &arena, &out, &f)));
        assert_true(refused(precertificate_matches(cut, final, &f)));
    }
}

/* ---- do they belong to each other? */

static void a_certificate_matches_its_own_precertificate(void **state)
{
    struct bytes poisoned = poisoned_of(tbs_make(false)), final, other = tbs_make(true);

    (void)state;
    assert_true(precertificate_final(poisoned, some_list(), &arena, &final, &f));
    assert_true(precertificate_matches(poisoned, final, &f));
    assert_true(refused(precertificate_matches(other, final, &f))); /* of another key */
    assert_true(refused(precertificate_matches(poisoned, poisoned, &f)));
    assert_true(refused(precertificate_matches(final, final, &f)));
    assert_true(refused(precertificate_matches(final, poisoned, &f)));
}

/* Whichever byte is another: but those of the timestamps, which the list itself is asked of. */
static void no_byte_may_differ(void **state)
{
    struct bytes poisoned = poisoned_of(tbs_make(false)), list = some_list(), final;
    size_t scts, read, alike = 0;
    struct bytes each[SCTS_MAX];
    uint8_t *copy;

    (void)state;
    assert_true(precertificate_final(poisoned, list, &arena, &final, &f));
    assert_true(sct_list_read(list, each, &read, &f, "x"));
    scts = final.size - each[0].size;
    copy = arena_copy(&arena, final.data, final.size);
    for (size_t i = 0; i < final.size; i++) {
        copy[i] ^= 1;
        alike += precertificate_matches(poisoned, (struct bytes){ copy, final.size }, &f);
        if (i < scts)
            assert_int_equal(alike, 0);
        copy[i] ^= 1;
    }
    assert_true(alike > 0);
}

static void a_list_must_be_one(void **state)
{
    struct bytes poisoned = poisoned_of(tbs_make(false)), final;

    (void)state;
    assert_true(precertificate_final(poisoned, DER_BYTES("\x04\x02\x00\x00"), &arena, &final, &f));
    assert_true(refused(precertificate_matches(poisoned, final, &f)));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(poison_is_written_as_openssl_writes_it),
        TEST(what_is_logged_is_what_was_poisoned),
        TEST(timestamps_take_the_place_of_the_poison),
        TEST(lengths_grow_with_the_list),
        TEST(poison_in_the_middle_is_found),
        TEST(what_has_no_or_another_poison_is_refused),
        TEST(what_is_cut_is_refused),
        TEST(a_certificate_matches_its_own_precertificate),
        TEST(no_byte_may_differ),
        TEST(a_list_must_be_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
