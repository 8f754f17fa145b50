#include "pki/sct.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/precertificate.h"
#include "pki/precertificate_rig.h"
#include "pki/sct_make.h"

AUTO_FREE(CTLOG_STORE, CTLOG_STORE_free);
AUTO_FREE(CT_POLICY_EVAL_CTX, CT_POLICY_EVAL_CTX_free);
AUTO_FREE(SCT, SCT_free);

static const uint64_t spring = UINT64_C(1709287200123); /* 2024-03-01 */
static struct fault f;

static struct bytes spki_of_key(EVP_PKEY *key)
{
    return csr_make_spki(&arena, key);
}

static struct sct_promise promise_of(struct bytes logged)
{
    return (struct sct_promise){ spring, { NULL, 0 }, logged, spki_of_key(issuer_key) };
}

/* ---- OpenSSL as the judge of what a certificate carries */

/* It reads logs from a file only. */
static void list_log(CTLOG_STORE *store, EVP_PKEY *log)
{
    char path[] = "/tmp/chancery-test-logs.XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    dprintf(fd, "enabled_logs = a\n[a]\ndescription = a\nkey = %s\n",
            base64_write(&arena, spki_of_key(log)));
    assert_true(CTLOG_STORE_load_file(store, path));
    close(fd);
    unlink(path);
}

static bool openssl_believes(struct bytes final, EVP_PKEY *log)
{
    AUTO(X509) cert = certificate_around(final);
    AUTO(CTLOG_STORE) store = CTLOG_STORE_new();
    AUTO(CT_POLICY_EVAL_CTX) policy = CT_POLICY_EVAL_CTX_new();
    STACK_OF(SCT) *scts = X509_get_ext_d2i(cert, NID_ct_precert_scts, NULL, NULL);

    assert_non_null(scts);
    assert_int_equal(sk_SCT_num(scts), 1);
    list_log(store, log);
    CT_POLICY_EVAL_CTX_set1_cert(policy, cert);
    CT_POLICY_EVAL_CTX_set1_issuer(policy, issuer);
    CT_POLICY_EVAL_CTX_set_shared_CTLOG_STORE(policy, store);
    CT_POLICY_EVAL_CTX_set_time(policy, spring + 1000);
    bool believed = SCT_validate(sk_SCT_value(scts, 0), policy) == 1;
    SCT_LIST_free(scts);
    return believed;
}

/* What OpenSSL says of the certificate and what we say of the timestamp is the same. */
static bool both_believe(struct bytes poisoned, struct bytes serialized, EVP_PKEY *log)
{
    struct bytes logged, final, list = sct_list_write(&serialized, 1, &arena);
    struct sct s;
    bool ours;

    f = (struct fault){ 0 };
    assert_true(precertificate_logged(poisoned, &arena, &logged, &f));
    assert_true(precertificate_final(poisoned, list, &arena, &final, &f));
    assert_true(sct_read(serialized, &s, &f, "x"));
    ours = sct_verify(&s, spki_of_key(log), logged, spki_of_key(issuer_key), &f);
    assert_int_equal(openssl_believes(final, log), ours);
    assert_int_equal(f.code, ours ? FAULT_NONE : FAULT_INVALID);
    return ours;
}

static void try_key(const char *kind)
{
    AUTO(EVP_PKEY) log = csr_make_key(kind);
    AUTO(EVP_PKEY) other = csr_make_key(kind);
    struct bytes poisoned = tbs_make(true), logged;

    assert_true(precertificate_logged(poisoned, &arena, &logged, &f));
    struct sct_promise promise = promise_of(logged);
    assert_true(both_believe(poisoned, sct_make(&arena, log, &promise), log));
    assert_false(both_believe(poisoned, sct_make(&arena, log, &promise), other));
    assert_false(both_believe(tbs_make(true), sct_make(&arena, log, &promise), log));
    promise.extensions = DER_BYTES("leaf index");
    assert_true(both_believe(poisoned, sct_make(&arena, log, &promise), log));
    promise.issuer_spki = spki_of_key(other);
    assert_false(both_believe(poisoned, sct_make(&arena, log, &promise), log));
    promise.issuer_spki = spki_of_key(issuer_key);
    promise.tbs = poisoned; /* with the poison still in it */
    assert_false(both_believe(poisoned, sct_make(&arena, log, &promise), log));
}

static void a_p256_log_is_believed_as_openssl_does(void **state)
{
    (void)state;
    try_key("P-256");
}

static void an_rsa_log_is_believed_as_openssl_does(void **state)
{
    (void)state;
    try_key("2048");
}

/* Whichever byte is another. */
static void no_byte_of_a_timestamp_may_differ(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct sct_promise promise = promise_of(DER_BYTES("tbs"));
    promise.extensions = DER_BYTES("\x01\x02");
    struct bytes good = sct_make(&arena, log, &promise), key = spki_of_key(log);
    uint8_t *copy = arena_copy(&arena, good.data, good.size);
    struct sct s;

    (void)state;
    for (size_t i = 0; i < good.size; i++) {
        copy[i] ^= 1;
        assert_false(sct_read((struct bytes){ copy, good.size }, &s, &f, "x") &&
                     sct_verify(&s, key, promise.tbs, promise.issuer_spki, &f));
        copy[i] ^= 1;
    }
    assert_true(sct_read((struct bytes){ copy, good.size }, &s, &f, "x"));
    assert_true(sct_verify(&s, key, promise.tbs, promise.issuer_spki, &f));
}

static void a_log_has_p256_or_rsa(void **state)
{
    static const struct {
        const char *kind;
        bool taken;
    } kinds[] = { { "P-256", true },   { "2048", true },   { "3072", true },
                  { "1024", false },   { "P-384", false }, { "secp256k1", false },
                  { "Ed25519", false } };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        AUTO(EVP_PKEY) log = csr_make_key(kinds[i].kind);
        struct fault fault = { 0 };
        assert_int_equal(sct_log_key_check(spki_of_key(log), &fault, "key"), kinds[i].taken);
        assert_int_equal(fault.code, kinds[i].taken ? FAULT_NONE : FAULT_INVALID);
        assert_string_equal(fault.field, kinds[i].taken ? "" : "key");
    }
}

/* ---- as bytes */

static void a_timestamp_is_read_as_openssl_reads_it(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct sct_promise promise = promise_of(DER_BYTES("tbs"));
    promise.extensions = DER_BYTES("\x00\x01\x02");
    struct bytes serialized = sct_make(&arena, log, &promise);
    const unsigned char *at = serialized.data;
    AUTO(SCT) theirs = o2i_SCT(NULL, &at, serialized.size);
    unsigned char *field;
    struct sct s;

    (void)state;
    assert_non_null(theirs);
    assert_true(sct_read(serialized, &s, &f, "x"));
    assert_true(s.timestamp_ms == spring && SCT_get_timestamp(theirs) == spring);
    assert_int_equal(SCT_get0_log_id(theirs, &field), s.log_id.size);
    assert_memory_equal(field, s.log_id.data, s.log_id.size);
    assert_int_equal(SCT_get0_extensions(theirs, &field), s.extensions.size);
    assert_memory_equal(field, s.extensions.data, s.extensions.size);
    assert_int_equal(SCT_get0_signature(theirs, &field), s.signature.size - 4);
    assert_memory_equal(field, s.signature.data + 4, s.signature.size - 4);
    assert_true(bytes_equal(sct_write(&s, &arena), serialized));
}

static void what_is_no_timestamp_is_refused(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct sct_promise promise = promise_of(DER_BYTES("tbs"));
    struct bytes good = sct_make(&arena, log, &promise);
    uint8_t *longer = arena_alloc(&arena, SCT_SIZE_MAX + 1);
    struct sct s;

    (void)state;
    for (size_t size = 0; size < good.size; size++) {
        struct bytes cut = { arena_copy(&arena, good.data, size), size };
        assert_false(sct_read(cut, &s, &f, "x"));
    }
    memcpy(longer, good.data, good.size);
    assert_false(sct_read((struct bytes){ longer, good.size + 1 }, &s, &f, "x"));
    assert_string_equal(f.detail, "is a malformed timestamp");
    assert_false(sct_read((struct bytes){ longer, SCT_SIZE_MAX + 1 }, &s, &f, "x"));
    assert_string_equal(f.detail, "is a timestamp of more than 1024 bytes");
    longer[0] = 1;
    assert_false(sct_read((struct bytes){ longer, good.size }, &s, &f, "x"));
    assert_string_equal(f.detail, "is a timestamp of a version that is not v1");
    assert_string_equal(f.field, "x");
    assert_int_equal(f.code, FAULT_INVALID);
}

static void a_list_is_read_as_it_was_written(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct bytes made[SCTS_MAX + 1], read[SCTS_MAX], list;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i <= SCTS_MAX; i++) {
        struct sct_promise promise = promise_of(DER_BYTES("tbs"));
        promise.timestamp_ms += i;
        made[i] = sct_make(&arena, log, &promise);
    }
    for (size_t n = 1; n <= SCTS_MAX; n++) {
        list = sct_list_write(made, n, &arena);
        assert_true(sct_list_read(list, read, &count, &f, "x"));
        assert_int_equal(count, n);
        for (size_t i = 0; i < n; i++)
            assert_true(bytes_equal(read[i], made[i]));
    }
    for (size_t size = 0; size < list.size; size++)
        assert_false(sct_list_read((struct bytes){ list.data, size }, read, &count, &f, "x"));
}

static void what_is_no_list_is_refused(void **state)
{
    static const struct {
        const char *what;
        struct bytes value;
    } rows[] = {
        { "nothing", { (const uint8_t *)"", 0 } },
        { "no vector", { (const uint8_t *)"\x04\x00", 2 } },
        { "none", { (const uint8_t *)"\x04\x02\x00\x00", 4 } },
        { "one of no byte", { (const uint8_t *)"\x04\x04\x00\x02\x00\x00", 6 } },
        { "not to its end", { (const uint8_t *)"\x04\x05\x00\x02\x00\x00\x00", 7 } },
        { "something after", { (const uint8_t *)"\x04\x02\x00\x00\x00", 5 } },
    };
    struct bytes read[SCTS_MAX];
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fault fault = { 0 };
        if (sct_list_read(rows[i].value, read, &count, &fault, "list"))
            fail_msg("%s is read as a list", rows[i].what);
        assert_int_equal(fault.code, FAULT_INVALID);
        assert_string_equal(fault.field, "list");
    }
}

static void too_many_are_no_list(void **state)
{
    uint8_t bytes[2 + 2 + 2 * (SCTS_MAX + 1)] = { 0x04, 2 + 2 * (SCTS_MAX + 1), 0,
                                                  2 * (SCTS_MAX + 1) };
    struct bytes read[SCTS_MAX];
    size_t count;

    (void)state;
    assert_false(sct_list_read((struct bytes){ bytes, sizeof bytes }, read, &count, &f, "x"));
    assert_string_equal(f.detail, "is no list of 1 to 16 timestamps");
}

/* ---- as a log answers */

static const char *answer_of(const struct sct *s, const char *version, const char *more)
{
    return arena_format(&arena,
                        "{\"sct_version\":%s,\"id\":\"%s\",\"timestamp\":%llu,\"extensions\":\"%"
                        "s\",\"signature\":\"%s\"%s}",
                        version, base64_write(&arena, s->log_id),
                        (unsigned long long)s->timestamp_ms, base64_write(&arena, s->extensions),
                        base64_write(&arena, s->signature), more);
}

static void an_answer_is_the_timestamp(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("2048");
    struct sct_promise promise = promise_of(DER_BYTES("tbs"));
    promise.extensions = DER_BYTES("\x00\x00\x05leaf!");
    struct bytes serialized = sct_make(&arena, log, &promise);
    struct sct s, read;

    (void)state;
    assert_true(sct_read(serialized, &s, &f, "x"));
    assert_true(sct_answer_read(BYTES_OF(answer_of(&s, "0", ",\"more\":[1]")), &arena, &read, &f));
    assert_true(bytes_equal(sct_write(&read, &arena), serialized));
}

static void what_is_no_answer_is_refused(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct sct_promise promise = promise_of(DER_BYTES("tbs"));
    struct sct good, s, read;

    (void)state;
    assert_true(sct_read(sct_make(&arena, log, &promise), &good, &f, "x"));
    struct sct id = good, extensions = good, signature = good, none = good;
    id.log_id.size--;
    extensions.extensions = (struct bytes){ arena_alloc(&arena, 1025), 1025 };
    signature.signature.size--;
    none.signature.size = 0;
    const struct {
        const char *json, *field, *detail;
    } rows[] = {
        { "", "", "" },
        { "[]", "", "" },
        { "{}", "sct_version", "is required" },
        { "<html>", "", "" },
        { answer_of(&good, "1", ""), "sct_version", "is not that of v1" },
        { answer_of(&good, "\"v1\"", ""), "sct_version", "" },
        { answer_of(&good, "0", ",\"id\":\"\""), "", "" },
        { answer_of(&id, "0", ""), "id", "is not of 32 bytes" },
        { answer_of(&extensions, "0", ""), "extensions", "are more than 1024 bytes" },
        { answer_of(&signature, "0", ""), "signature", "is a malformed timestamp" },
        { answer_of(&none, "0", ""), "signature", "is a malformed timestamp" },
        { "{\"sct_version\":0,\"id\":\"\",\"timestamp\":-1,\"extensions\":\"\",\"signature\":\"\"}",
          "timestamp", "" },
        { "{\"sct_version\":0,\"id\":\"?\",\"timestamp\":1,\"extensions\":\"\",\"signature\":\"\"}",
          "id", "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fault fault = { 0 };
        if (sct_answer_read(BYTES_OF(rows[i].json), &arena, &s, &fault))
            fail_msg("%s is an answer", rows[i].json);
        assert_int_equal(fault.code, FAULT_INVALID);
        assert_string_equal(fault.field, rows[i].field);
        if (*rows[i].detail)
            assert_string_equal(fault.detail, rows[i].detail);
    }
    assert_true(sct_answer_read(BYTES_OF(answer_of(&good, "0", "")), &arena, &read, &f));
}

static void a_long_answer_is_not_read(void **state)
{
    AUTO(EVP_PKEY) log = csr_make_key("P-256");
    struct sct_promise promise = promise_of(DER_BYTES("tbs"));
    struct sct s, read;
    const char *blanks;

    (void)state;
    assert_true(sct_read(sct_make(&arena, log, &promise), &s, &f, "x"));
    blanks = arena_format(&arena, "%-8193s", answer_of(&s, "0", ""));
    assert_true(
        sct_answer_read((struct bytes){ (const uint8_t *)blanks, 8192 }, &arena, &read, &f));
    assert_false(
        sct_answer_read((struct bytes){ (const uint8_t *)blanks, 8193 }, &arena, &read, &f));
    assert_string_equal(f.detail, "the answer has more than 8192 bytes");
}

static void the_time_is_in_microseconds_and_ends_somewhere(void **state)
{
    static const struct {
        uint64_t ms;
        int64_t us;
    } rows[] = { { 0, 0 },
                 { 1709287200123, 1709287200123000 },
                 { INT64_MAX / 1000, INT64_MAX / 1000 * 1000 },
                 { INT64_MAX / 1000 + 1, INT64_MAX },
                 { UINT64_MAX, INT64_MAX } };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(sct_time(&(struct sct){ .timestamp_ms = rows[i].ms }).us == rows[i].us);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(a_p256_log_is_believed_as_openssl_does),
        TEST(an_rsa_log_is_believed_as_openssl_does),
        TEST(no_byte_of_a_timestamp_may_differ),
        TEST(a_log_has_p256_or_rsa),
        TEST(a_timestamp_is_read_as_openssl_reads_it),
        TEST(what_is_no_timestamp_is_refused),
        TEST(a_list_is_read_as_it_was_written),
        TEST(what_is_no_list_is_refused),
        TEST(too_many_are_no_list),
        TEST(an_answer_is_the_timestamp),
        TEST(what_is_no_answer_is_refused),
        TEST(a_long_answer_is_not_read),
        TEST(the_time_is_in_microseconds_and_ends_somewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
