/* Keys that are certified no more. */
#include <sys/stat.h>

#include "fixture_test.h"

#include "pki/csr_make.h"
#include "pki/digest.h"
#include "pki/evp.h"
#include "pki/pem.h"

#define REASON                                                                                     \
    (const char *const[])                                                                          \
    {                                                                                              \
        "reason", "shown in a forum", NULL                                                         \
    }

static bool block(const char *what)
{
    return run_with(key_block_command, WORDS(what), REASON);
}

/* A request in a file, and the hash of its key. */
static const char *request_file(const char *name, const char **hash)
{
    EVP_PKEY *key = csr_make_key("P-256");
    struct bytes spki = csr_make_spki(&arena, key);
    uint8_t sha256[SHA256_SIZE];
    struct text t;
    text_init(&t, &arena);
    pem_write(&t, "CERTIFICATE REQUEST", csr_make(&arena, key, NULL, 0), "\n");
    csr_make_key_free(key);
    file_put(path_of(name), t.data);
    assert_int_equal(chmod(path_of(name), 0644), 0); /* as requests are */
    digest_sha256(spki, sha256);
    *hash = hex_lower(&arena, (struct bytes){ sha256, sizeof sha256 });
    return path_of(name);
}

static void a_key_is_blocked_by_what_it_came_in(void **state)
{
    (void)state;
    const char *hash;
    must(block(request_file("csr", &hash)));
    must_say(arena_format(&arena, "%s is certified no more\n", hash));
    assert_string_equal(
        answer("SELECT encode(spki_sha256, 'hex') || ' ' || reason FROM blocked_key"),
        arena_format(&arena, "%s shown in a forum", hash));
    assert_int_equal(
        number("SELECT count(*) FROM audit WHERE activity = 'key blocked' AND by_role = "
               "'chancery_cli' AND detail ->> 'reason' = 'shown in a forum'"),
        1);
}

static void a_key_is_blocked_by_its_hash(void **state)
{
    (void)state;
    const char *hash = answer("SELECT encode(sha256('key'), 'hex')");
    must(block(hash));
    must_say("is certified no more\n");
    must(block(answer("SELECT upper(encode(sha256('key'), 'hex'))")));
    must_say(arena_format(&arena, "%s was blocked already\n", hash));
    must(block(answer("SELECT regexp_replace(encode(sha256('key'), 'hex'), '(..)(?=.)', '\\1:', "
                      "'g')")));
    must_say("was blocked already\n");
    assert_int_equal(number("SELECT count(*) FROM blocked_key"), 1);
}

/* Who blocks a key must revoke what it has. */
static void its_valid_certificates_are_named(void **state)
{
    (void)state;
    execute("INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
            " spki_sha256, signature_hash, ca_id, dcv_scope, requester_id, created_at)"
            " SELECT n, n + 10, 1, 1, 'new_request', 'approved', 'TLS',"
            "        sha256(CASE WHEN n < 3 THEN 'key'::bytea ELSE 'other' END), 'sha256', 'CA',"
            "        'fqdn', 1, '2026-01-01' FROM generate_series(1, 3) n;"
            "INSERT INTO certificate (id, order_id, request_id, account_id, ca_id, serial,"
            " thumbprint, not_before, not_after, issued_at, der)"
            " SELECT n + 20, n + 10, n, 1, 'CA', decode(md5(n::text), 'hex'),"
            "        decode(repeat('00', 20), 'hex'), '2020-01-01',"
            "        CASE WHEN n = 2 THEN timestamptz '2020-02-01' ELSE '2999-01-01' END,"
            "        '2020-01-01', '' FROM generate_series(1, 3) n");
    must(block(answer("SELECT encode(sha256('key'), 'hex')")));
    must_say("certificate 21 of order 11 is valid until ");
    assert_null(strstr(output, "order 12"));
    assert_null(strstr(output, "order 13"));
}

/* What binds as one, and is none yet. */
static void its_precertificates_are_named(void **state)
{
    (void)state;
    execute("INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
            " spki_sha256, signature_hash, ca_id, dcv_scope, requester_id, created_at)"
            " SELECT n, n + 10, 1, 1, 'new_request', 'approved', 'TLS', sha256('key'), 'sha256',"
            "        'CA', 'fqdn', 1, '2026-01-01' FROM generate_series(1, 3) n;"
            "INSERT INTO issuance SELECT n, n, 1, 'CA', int8send(n), 0, (ARRAY['precert_signed',"
            " 'final_reserved', 'ghost'])[n], 1, 1, 1, '', '{}', '2020-01-01', '2999-01-01',"
            " '2020-01-01' FROM generate_series(1, 3) n");
    must(block(answer("SELECT encode(sha256('key'), 'hex')")));
    must_say("precertificate 0000000000000001 of order 11 has no certificate: it is revoked by ");
    must_say("precertificate 0000000000000002 of order 12 ");
    assert_null(strstr(output, "order 13"));
}

static void what_names_no_key_is_refused(void **state)
{
    (void)state;
    file_put(path_of("text"), "no key");
    must_fail(block(path_of("text")), "has no key, request or certificate in PEM");
    must_fail(block("0123"), "0123");
    must_fail(run_with(key_block_command, WORDS("0123"), NULL), "--reason must say");
    must_fail(
        run_with(key_block_command, WORDS("0123"), (const char *const[]){ "reason", "", NULL }),
        "--reason must say");
    assert_int_equal(number("SELECT count(*) FROM blocked_key"), 0);
}

static void the_latest_are_listed_first(void **state)
{
    (void)state;
    must(run_with(key_blocked_command, NULL, NULL));
    must_say("no key is blocked\n");
    execute("INSERT INTO blocked_key VALUES (sha256('a'), 'early', '2026-01-01'), (sha256('b'), "
            "'late', '2026-02-01')");
    must(run_with(key_blocked_command, NULL, NULL));
    must_say(answer("SELECT encode(sha256('a'), 'hex')"));
    assert_true(strstr(output, "late") < strstr(output, "early"));
    must(run_with(key_blocked_command, NULL, (const char *const[]){ "limit", "1", NULL }));
    assert_null(strstr(output, "early"));
    must_say("(the first 1; --limit shows more)");
    must_fail(run_with(key_blocked_command, NULL, (const char *const[]){ "limit", "0", NULL }),
              "--limit must be a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_key_is_blocked_by_what_it_came_in), FRESH(a_key_is_blocked_by_its_hash),
        FRESH(its_valid_certificates_are_named),    FRESH(its_precertificates_are_named),
        FRESH(what_names_no_key_is_refused),        FRESH(the_latest_are_listed_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
